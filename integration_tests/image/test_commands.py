"""Every command does in the image what it does as a process, with as little as a container may get."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, record, state, stream
from integration_tests.connector_process import Connector, Connectors, Outcome
from integration_tests.image.container import Containers, container_of, memory_peak_bytes
from integration_tests.sandbox_process import RunningSandbox

ROWS = 50_000
ROWS_OF_A_STATE = 1_000
CUSTOMERS = stream("customers", "email", "_ab_cdc_deleted_at")
# What a report counts whatever the machine's speed; how rows fall into requests depends on it.
COUNTED = ("entered", "synced", "not_synced", "pending", "errored")


def feed_rows(sync: Connector) -> Connector:
    """Every hundredth row holds no address, and every fiftieth takes out the person of the row before."""
    for start in range(0, ROWS, ROWS_OF_A_STATE):
        end = start + ROWS_OF_A_STATE
        sync.feed(*(row(number) for number in range(start, end)), state(end, "customers", cursor=end))
    return sync


def row(number: int) -> bytes:
    if number % 100 == 0:
        return record("customers", email="no address", _ab_cdc_deleted_at=None)
    if number % 50 == 7:
        return record("customers", email=address(number - 1), _ab_cdc_deleted_at="2026-11-22T00:00:00Z")
    return record("customers", email=address(number), _ab_cdc_deleted_at=None)


def who_is_left() -> set[str]:
    return digests(*(address(number) for number in range(ROWS) if number % 100 and number % 50 not in {6, 7}))


def counted(outcome: Outcome) -> dict[str, Any]:
    audience = outcome.audience("customers")
    return {name: audience[name] for name in COUNTED}


def without_request_id(message: str) -> str:
    text, _, request_id = message.partition(" (request id ")
    assert request_id
    return text


@pytest.mark.parametrize("command", ["spec", "check", "discover"])
def test_a_command_says_in_the_image_what_it_says_as_a_process(
    connector: Connectors, containers: Containers, command: str
) -> None:
    arguments = [command, *connector.check_arguments()[1:]] if command != "spec" else [command]

    process = connector.start(*arguments).finish().succeeded()
    image = containers.start(*arguments).finish().succeeded()

    assert process.lines
    assert [line.raw for line in image.lines] == [line.raw for line in process.lines]


def test_a_check_that_fails_says_why_in_the_image_too(connector: Connectors, containers: Containers) -> None:
    process = connector.check(ad_account_id="1").connection_status
    image = containers.start(*connector.check_arguments(ad_account_id="1")).finish().connection_status

    assert image["status"] == process["status"] == "FAILED"
    assert without_request_id(image["message"]) == without_request_id(process["message"])


def test_a_write_of_50000_rows_in_512_mb_does_what_it_does_as_a_process(
    connector: Connectors, containers: Containers, sandbox: RunningSandbox, figures: list[str]
) -> None:
    arguments = connector.write_arguments(CUSTOMERS)
    process = feed_rows(connector.start(*arguments)).finish().succeeded()
    members_by_process = sandbox.members_of("customers")
    sandbox.reset()

    began = time.monotonic()
    sync = feed_rows(containers.start(*arguments))
    sync.wait_for_state(ROWS)
    peak_bytes = memory_peak_bytes(sync)
    image = sync.finish().succeeded()
    figures.append(
        f"wrote {ROWS:,} rows in {time.monotonic() - began:.1f} s, start and end of the container included; "
        f"{peak_bytes / 1e6:.0f} MB of memory at most, files that were read included"
    )

    assert not container_of(sync).attrs["State"]["OOMKilled"]
    assert image.state_ids == list(range(ROWS_OF_A_STATE, ROWS + 1, ROWS_OF_A_STATE))
    assert image.states == process.states
    assert counted(image) == counted(process)
    assert counted(image)["not_synced"] == {"invalid_email": ROWS // 100}
    assert sandbox.members_of("customers") == members_by_process == who_is_left()


def test_a_write_starts_the_platforms_way(
    connector: Connectors, containers: Containers, sandbox: RunningSandbox
) -> None:
    arguments = connector.write_arguments(CUSTOMERS)
    files = tuple(argument for argument in arguments if Path(argument).is_absolute())
    # Source: airbyte-platform, ContainerCommandFactory.kt, which also redirects the three streams to pipes.
    command = f'eval "$AIRBYTE_ENTRYPOINT {shlex.join(arguments)}"'

    sync = containers.start("-c", command, entrypoint=["/bin/sh"], given=files)
    outcome = sync.feed(record("customers", email=address(1)), state(1, "customers")).finish().succeeded()

    assert outcome.state_ids == [1]
    assert sandbox.members_of("customers") == digests(address(1))


def test_sigterm_ends_a_write_within_a_few_seconds_and_shows_in_the_exit_code(
    connector: Connectors, containers: Containers, sandbox: RunningSandbox
) -> None:
    sync = containers.start(*connector.write_arguments(CUSTOMERS))
    sync.feed(record("customers", email=address(1)), state(1, "customers")).wait_for_state(1)

    asked_at = time.monotonic()
    container_of(sync).kill(signal="SIGTERM")
    sync.process.wait(60)
    took_s = time.monotonic() - asked_at
    outcome = sync.finish()

    assert took_s < 5
    assert (outcome.exit_code, outcome.errors, outcome.state_ids) == (143, [], [1])
    (customers,) = sandbox.customer_lists()
    assert sandbox.members(customers["id"]) == digests(address(1))
