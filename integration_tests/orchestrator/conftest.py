"""Destinations for the orchestrator to drive: the one that echoes, and this project's own against a sandbox."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import config
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.sandbox_process import RunningSandbox, without_buffer_setting
from integration_tests.warm_start import WarmProcess

ECHO = Path(__file__).with_name("echo_destination.py")


@pytest.fixture
def echo(tmp_path: Path) -> Callable[[str], Destination]:
    """A destination that does nothing but return states, with the fault that is named."""
    return lambda fault="none": Destination((sys.executable, "-I", str(ECHO), fault), {}, tmp_path / "given")


@pytest.fixture(scope="session")
def pinterest() -> Iterator[RunningSandbox]:
    """One sandbox for all tests here, never reset: each test has audiences of its own names."""
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def connector(pinterest: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Destination]:
    """This project's connector, with the settings that are named."""

    def make(**settings: Any) -> Destination:
        folder = tmp_path_factory.mktemp("connector")
        files = {"HOME": str(folder), "TMPDIR": str(folder)}
        return Destination((), config(pinterest.api_base_url, **settings), folder / "given", files, _start_warm)

    return make


def _start_warm(arguments: Sequence[str], environment: Mapping[str, str]) -> WarmProcess:
    return WarmProcess(arguments, {**without_buffer_setting(), **environment}, Path.cwd())
