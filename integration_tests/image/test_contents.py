"""What the image holds, and what it says of itself."""

from __future__ import annotations

import json
import re
from pathlib import PurePosixPath

import docker
import yaml

from integration_tests.image.building import CANARY_INDEX, Build
from integration_tests.image.container import STRICT
from integration_tests.image.layers import LayerEntry
from integration_tests.image.traces import traces_of_the_index
from integration_tests.sandbox_process import ROOT

ENTRYPOINT = "/opt/connector/bin/destination-pinterest"
# Against a package that comes in unnoticed; the figure that was measured is printed at the end of the run.
MOST_BEYOND_THE_BASE_BYTES = 600_000_000
OF_NO_IMAGE = {
    "tests",
    "unit_tests",
    "integration_tests",
    "pinterest_sandbox",
    "pip",
    "setuptools",
    "wheel",
    "pytest",
    ".git",
    ".cache",
    "pinterest-audiences",
    "pinterest-sandbox",
    "gcc",
    "cc",
}


def test_nothing_is_added_to_the_base_but_the_connectors_own_folder(added: list[LayerEntry]) -> None:
    folders_on_the_way = {"/opt", "/airbyte"}

    outside = {entry.path for entry in added if not entry.path.startswith("/opt/connector")} - folders_on_the_way

    assert added
    assert outside == set()


def test_no_tests_no_sandbox_no_build_tool_and_no_cache_are_in_it(added: list[LayerEntry]) -> None:
    assert {entry.path for entry in added if OF_NO_IMAGE & set(PurePosixPath(entry.path).parts)} == set()


def test_its_packages_are_the_locked_ones_without_the_build_tool(added: list[LayerEntry]) -> None:
    lock = (ROOT / "requirements" / "production.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, flags=re.MULTILINE))
    information = r".*/site-packages/([^/]+)-([^/-]+)\.dist-info"
    found = [re.fullmatch(information, entry.path) for entry in added if entry.is_folder]
    installed = {(re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]) for match in found if match}

    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    own = (metadata["remoteRegistries"]["pypi"]["packageName"], metadata["dockerImageTag"])

    assert own in installed
    assert ("airbyte-cdk", dict(locked)["airbyte-cdk"]) in installed
    assert installed - {own} - locked == set()
    assert {name for name, _ in installed} & {"pip", "setuptools", "wheel"} == set()


def test_no_person_but_root_can_change_the_connector(added: list[LayerEntry]) -> None:
    assert {entry.path for entry in added if entry.is_open} == set()


def test_it_is_small(built: Build) -> None:
    assert 0 < built.image.attrs["Size"] - built.base.attrs["Size"] < MOST_BEYOND_THE_BASE_BYTES


def test_it_starts_the_connector_both_ways_and_as_nobody_special(engine: docker.DockerClient, built: Build) -> None:
    config = built.image.attrs["Config"]
    said_by_the_base = set(built.base.attrs["Config"]["Env"] or [])
    environment = dict(entry.split("=", 1) for entry in set(config["Env"]) - said_by_the_base)

    assert config["Entrypoint"] == [ENTRYPOINT]
    assert config["User"] == "airbyte"
    assert environment.pop("PATH").startswith("/opt/connector/bin:")
    assert environment == {
        "AIRBYTE_ENTRYPOINT": ENTRYPOINT,
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert int(engine.containers.run(built.image, ["-u"], entrypoint=["id"], remove=True, **STRICT)) > 0


def test_its_labels_are_the_names_of_metadata_yaml(built: Build) -> None:
    data = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    labels = built.image.labels

    assert labels["io.airbyte.name"] == data["dockerRepository"]
    assert labels["io.airbyte.version"] == data["dockerImageTag"]


def test_pip_was_told_of_the_index_by_arguments_that_the_build_took(built: Build) -> None:
    assert CANARY_INDEX in built.index_arguments["PIP_EXTRA_INDEX_URL"]
    assert "not consumed" not in built.log


def test_no_address_and_no_password_of_a_package_index_is_in_any_layer(added: list[LayerEntry]) -> None:
    assert {entry.path: entry.traces for entry in added if entry.traces} == {}


def test_no_address_and_no_password_of_a_package_index_is_in_the_history_or_the_settings(built: Build) -> None:
    said = json.dumps([built.image.history(), built.image.attrs])

    assert "/opt/connector" in said
    assert [trace for trace in traces_of_the_index(built.index_arguments) if trace in said] == []
