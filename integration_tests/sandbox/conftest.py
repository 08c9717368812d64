from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from integration_tests.sandbox_process import RunningSandbox


@pytest.fixture
def run() -> Iterator[Callable[..., RunningSandbox]]:
    """Starts sandboxes; they end with the test."""
    running: list[RunningSandbox] = []

    def run_one(*options: str) -> RunningSandbox:
        running.append(RunningSandbox(*options))
        return running[-1]

    yield run_one
    for sandbox in running:
        sandbox.stop()


@pytest.fixture
def sandbox(run: Callable[..., RunningSandbox]) -> RunningSandbox:
    return run()
