"""Runs that take a minute of waiting: begun before the first test, so that they are over when their test comes."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from integration_tests.airbyte_messages import address, config, record, state, stream
from integration_tests.connector_process import Connector, Connectors
from integration_tests.sandbox_process import RunningSandbox

ROWS_OF_A_MINUTE = 450


@pytest.fixture(scope="session")
def standard_sandbox() -> Iterator[RunningSandbox]:
    """A sandbox with Standard quota for the one run that uses it up."""
    sandbox = RunningSandbox("--tier", "standard", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="session")
def long_connectors(standard_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connectors]:
    connectors = Connectors(tmp_path_factory.mktemp("long"), standard_sandbox.api_base_url)
    yield connectors
    connectors.stop()


@pytest.fixture(scope="session")
def sync_of_more_than_a_minute(long_connectors: Connectors) -> Connector:
    """More requests than a minute of Standard quota permits: one for each row."""
    sync = long_connectors.write(stream("customers"), access_tier="standard", batch_size=1)
    rows = [record("customers", email=address(number)) for number in range(ROWS_OF_A_MINUTE)]
    return sync.feed(*rows, state(1, "customers")).close()


@pytest.fixture(scope="session")
def check_of_a_dead_server(long_connectors: Connectors) -> Iterator[Connector]:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Nobody listens, and nobody else can take the port.
        settings = config(f"http://127.0.0.1:{deaf.getsockname()[1]}/v5")
        yield long_connectors.start("check", "--config", long_connectors.given(settings)).close()


@pytest.fixture(scope="session", autouse=True)
def _begin_long_runs(request: pytest.FixtureRequest) -> None:
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    for name in ("sync_of_more_than_a_minute", "check_of_a_dead_server"):
        if name in wanted:
            request.getfixturevalue(name)
