"""Fixtures for everything that runs the connector against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.connector_process import Connectors
from integration_tests.sandbox_process import RunningSandbox


@pytest.fixture(scope="session", autouse=True)
def _home_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Neither read nor written is what the developer's own runs have left: profiles and the history."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[RunningSandbox]:
    """One sandbox for all tests that do not ask for a special one: no quota, instant matching, bodies kept."""
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--keep-bodies", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> RunningSandbox:
    """The sandbox as new."""
    shared_sandbox.reset()
    return shared_sandbox


@pytest.fixture
def connector(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Connectors]:
    """Starts connectors against the sandbox."""
    connectors = Connectors(tmp_path, sandbox.api_base_url)
    yield connectors
    connectors.stop()


@pytest.fixture
def cold_connector(sandbox: RunningSandbox, tmp_path: Path) -> Iterator[Connectors]:
    """Starts connectors as a platform does, for what a start or an end has a part in."""
    connectors = Connectors(tmp_path, sandbox.api_base_url, cold=True)
    yield connectors
    connectors.stop()
