"""What is left of a run: nothing in the container, no secret in what the engine tells of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from docker.models.containers import Container

from integration_tests.airbyte_messages import address, digests, record, sha256, state, stream
from integration_tests.connector_process import Connector, Connectors
from integration_tests.image.container import Containers, container_of
from integration_tests.sandbox_process import RunningSandbox


def check(connector: Connectors, containers: Containers, token: str) -> Connector:
    return containers.start(*connector.check_arguments(credentials=signed_in(token)), read_only=False)


def write(connector: Connectors, containers: Containers, token: str) -> Connector:
    arguments = connector.write_arguments(stream("customers"), credentials=signed_in(token))
    sync = containers.start(*arguments, read_only=False)
    return sync.feed(record("customers", email=address(1)), state(1, "customers"))


def signed_in(token: str) -> dict[str, str]:
    return {"auth_method": "access_token", "access_token": token}


def written_by(container: Container) -> set[str]:
    """The paths that the run has added, changed or removed; the engine adds those of the mounted files."""
    mounted = [PurePosixPath(mount["Destination"]) for mount in container.attrs["Mounts"]]
    of_the_engine = {str(path) for file in mounted for path in (file, *file.parents)}
    return {change["Path"] for change in container.diff() or []} - of_the_engine


@pytest.mark.parametrize("run", [check, write])
def test_a_run_leaves_no_file_and_no_secret(
    connector: Connectors,
    containers: Containers,
    sandbox: RunningSandbox,
    run: Callable[[Connectors, Containers, str], Connector],
) -> None:
    token = sandbox.new_token()
    ran = run(connector, containers, token)
    ran.finish().succeeded()
    container = container_of(ran)
    told = container.logs().decode() + json.dumps(container.attrs)

    assert "customers" in told or "SUCCEEDED" in told
    assert [secret for secret in (token, address(1), sha256(address(1))) if secret in told] == []
    assert written_by(container) == set()
    if run is write:
        assert sandbox.members_of("customers") == digests(address(1))
