"""One build for all tests here, and containers of it; skipped with the reason where no engine answers."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest
from docker.errors import ContainerError

from integration_tests.image.building import Build, build
from integration_tests.image.container import STRICT, Containers
from integration_tests.image.engine import MissingError, base_image, base_image_name, connect, engine_address
from integration_tests.image.layers import LayerEntry, layer_entries
from integration_tests.image.traces import traces_of_the_index
from integration_tests.sandbox_process import RunningSandbox

FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """What was measured: it says more than the generous bounds of the tests."""
    for figure in config.stash[FIGURES]:
        terminalreporter.write_line(f"image: {figure}")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[str]:
    """Sentences for the end of the output."""
    return request.config.stash[FIGURES]


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    try:
        client = connect(engine_address())
    except MissingError as missing:
        pytest.skip(str(missing))
    yield client
    client.close()


@pytest.fixture(scope="session")
def built(engine: docker.DockerClient, request: pytest.FixtureRequest) -> Build:
    try:
        base = base_image(engine, base_image_name())
    except MissingError as missing:
        pytest.skip(str(missing))
    made = build(engine, base)
    megabytes = (made.image.attrs["Size"] - base.attrs["Size"]) / 1e6
    request.config.stash[FIGURES] += [
        f"built in {made.duration_s:.0f} s by Docker {engine.version()['Version']} on {base_image_name()}",
        f"{megabytes:.0f} MB beyond its base, {made.image.attrs['Size'] / 1e6:.0f} MB in all",
    ]
    return made


@pytest.fixture(scope="session")
def added(built: Build, tmp_path_factory: pytest.TempPathFactory) -> list[LayerEntry]:
    """Every entry of every layer beyond the base, searched for what would give away the package index."""
    traces = traces_of_the_index(built.index_arguments)
    return list(layer_entries(built.image, built.base, tmp_path_factory.mktemp("image"), traces))


@pytest.fixture(scope="session")
def _loopback(engine: docker.DockerClient, built: Build, shared_sandbox: RunningSandbox) -> None:
    """Engines in a virtual machine or on another one have a loopback of their own, where no sandbox listens."""
    port = shared_sandbox.url.rpartition(":")[2]
    code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=5).close()"
    try:
        engine.containers.run(built.image, ["-c", code], entrypoint=["python"], remove=True, **STRICT)
    except ContainerError:
        pytest.skip(f"containers of the Docker engine at {engine_address()} do not reach this machine's 127.0.0.1")


@pytest.fixture
def containers(engine: docker.DockerClient, built: Build, _loopback: None) -> Iterator[Containers]:
    """Starts containers of the image, which reach the sandbox."""
    started = Containers(engine, built.image)
    yield started
    started.stop()
