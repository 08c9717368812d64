"""The image of the command line: it starts, keeps what it writes on its volume alone, and is nobody special."""

from __future__ import annotations

import json
from collections.abc import Iterator

import docker
import pytest
from docker.models.images import Image
from docker.models.volumes import Volume

from integration_tests.image.building import Build, build_target
from integration_tests.image.container import STRICT
from integration_tests.image.traces import traces_of_the_index
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient, built: Build) -> Image:
    return build_target(engine, "cli")


@pytest.fixture
def volume(engine: docker.DockerClient) -> Iterator[Volume]:
    made = engine.volumes.create()
    yield made
    made.remove(force=True)


def test_it_says_what_it_can_do_when_nothing_is_asked_of_it(engine: docker.DockerClient, image: Image) -> None:
    said = engine.containers.run(image, remove=True, **STRICT).decode()

    assert said.startswith("usage: pinterest-audiences")


def test_it_has_the_connector_and_no_sandbox_no_build_tool_and_no_pip(
    engine: docker.DockerClient, image: Image
) -> None:
    listed = engine.containers.run(
        image, ["-1", "/opt/connector/bin"], entrypoint=["ls"], remove=True, **STRICT
    ).decode()

    assert {"destination-pinterest", "pinterest-audiences"} <= set(listed.split())
    assert {"pinterest-sandbox", "pip"} & set(listed.split()) == set()


def test_it_is_nobody_special_by_number_and_owns_its_volume(
    engine: docker.DockerClient, image: Image, volume: Volume
) -> None:
    script = "id -u; touch /state/written && ls /state"
    said = engine.containers.run(
        image,
        ["-c", script],
        entrypoint=["sh"],
        remove=True,
        volumes={volume.name: {"bind": "/state", "mode": "rw"}},
        **STRICT,
    ).decode()

    assert image.attrs["Config"]["User"] == "1000:1000"
    assert said.split() == ["1000", "written"]


@pytest.mark.usefixtures("_loopback")
def test_a_run_leaves_its_history_on_the_volume_for_the_next_one(
    engine: docker.DockerClient, image: Image, volume: Volume, sandbox: RunningSandbox
) -> None:
    environment = {
        "PINTEREST_ACCESS_TOKEN": sandbox.new_token(),
        "PINTEREST_AD_ACCOUNT_ID": AD_ACCOUNT_ID,
        "PINTEREST_API_BASE_URL": sandbox.api_base_url,
    }

    def run(*arguments: str) -> str:
        said: bytes = engine.containers.run(
            image,
            list(arguments),
            remove=True,
            environment=environment,
            volumes={volume.name: {"bind": "/state", "mode": "rw"}},
            tmpfs={"/tmp": ""},
            **STRICT,
        )
        return said.decode()

    listing = json.loads(run("audiences", "--json"))
    run("create", "From a container", "--json")
    run("observe", "--json")

    assert listing["status"] == "succeeded"
    assert "From a container" in run("history")


def test_no_trace_of_the_package_index_is_in_its_history_or_its_settings(built: Build, image: Image) -> None:
    said = json.dumps([image.history(), image.attrs])

    assert [trace for trace in traces_of_the_index(built.index_arguments) if trace in said] == []
