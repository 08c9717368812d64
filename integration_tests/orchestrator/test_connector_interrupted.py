"""This project's connector in syncs that break: what was returned holds, and the next attempt makes it whole."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, sha256
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.interruption import cancel, kill, states_returned, terminate
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.source import KeptStates, ScriptedSource, scripted
from integration_tests.orchestrator.streams import LegacyState, SourceMessage, Stream
from integration_tests.sandbox_process import RunningSandbox

Connector = Callable[..., Destination]
ROWS, ROWS_BETWEEN_STATES = 600, 50
# Of a sync that is told to end: the connector's own grace is five seconds.
SOON_S = 10.0


def changes() -> list[tuple[str, bool]]:
    """A log of changes: who, and whether they leave."""
    chance = random.Random(7)
    return [(address(chance.randrange(ROWS // 4)), chance.random() < 0.4) for _ in range(ROWS)]


def change_log(stream: Stream) -> ScriptedSource:
    script: list[SourceMessage] = []
    for number, (email, is_gone) in enumerate(changes(), start=1):
        script.append(stream.record(email=email, _ab_cdc_deleted_at="2026-11-22" if is_gone else None))
        if number % ROWS_BETWEEN_STATES == 0:
            script.append(stream.state(f'{{"cursor":{number}}}'))
    return scripted(*script)


def members_in_the_end() -> set[str]:
    members: set[str] = set()
    for email, is_gone in changes():
        (members.discard if is_gone else members.add)(sha256(email))
    return members


@pytest.fixture
def slow_pinterest(pinterest: RunningSandbox) -> Iterator[RunningSandbox]:
    """Slow enough that a sync can be met in the middle."""
    pinterest.change(latency_ms=40)
    yield pinterest
    pinterest.change(latency_ms=0)


def test_a_job_whose_attempts_are_cancelled_killed_terminated_and_failed_by_the_source_ends_exact(
    connector: Connector, slow_pinterest: RunningSandbox
) -> None:
    stream = Stream("log that breaks often", columns=("email", "_ab_cdc_deleted_at"))
    source = change_log(stream)
    failing = ScriptedSource(source.script[: source.script.index(stream.state('{"cursor":450}')) + 2], exit_code=1)
    job = Connection(CURRENT_PLATFORM, connector(batch_size=20), [stream]).job(source)
    broken: list[tuple[dict[str, Any], int]] = [
        ({"interruption": cancel(after_records=120)}, 0),
        ({"interruption": kill(after_records=170, when=states_returned(2))}, -signal.SIGKILL),
        ({"interruption": terminate(after_records=120)}, -signal.SIGTERM),
        ({"source": failing}, 0),
    ]
    for how, exit_code in broken:
        verdict = job.attempt(**how).correct()
        assert (verdict.exit_code, verdict.errors) == (exit_code, [])
        assert 2 <= len(verdict.acknowledged) <= 3
        assert verdict.status == ("failed" if "source" in how else "cancelled")
        assert verdict.seconds_to_end < SOON_S
    assert job.attempt().succeeded().acknowledged_ids == [1, 2, 3]
    assert sum(len(attempt.acknowledged) for attempt in job.attempts) == ROWS // ROWS_BETWEEN_STATES
    assert slow_pinterest.members_of(stream.name) == members_in_the_end()
    assert [found["name"] for found in slow_pinterest.customer_lists()].count(stream.name) == 1


def test_a_clear_does_not_empty_the_audience(connector: Connector, pinterest: RunningSandbox) -> None:
    streams = [Stream(name, destination_sync_mode="append") for name in ("cleared alone", "cleared later")]
    rows = [message for s in streams for message in (s.record(email=address(1)), s.state('{"cursor":1}'))]
    connection = Connection(CURRENT_PLATFORM, connector(), streams)
    connection.job(scripted(*rows)).attempt().succeeded()
    alone = connection.clear(streams[0]).attempt().correct()
    assert [sent.state for sent in alone.sent] == [streams[0].state(None)]
    for host in (CURRENT_PLATFORM, CUSTOM_CONNECTOR):
        connection.host = host
        everything = connection.clear(*streams).attempt().correct()
        assert [sent.state for sent in everything.sent] == [stream.state("{}") for stream in streams]
    assert [pinterest.members_of(stream.name) for stream in streams] == [digests(address(1))] * 2


@dataclass(frozen=True)
class PatientSource:
    """Says the rest only when something has come true."""

    first: ScriptedSource
    until: Callable[[], bool]
    rest: ScriptedSource
    exit_code: int = 0

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        yield from self.first.read(kept)
        give_up_at = time.monotonic() + 60
        while not self.until():
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        yield from self.rest.read(kept)


def test_a_record_of_a_stream_that_the_catalog_does_not_name_fails_with_no_state_past_it(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    known = Stream("known")
    stranger = replace(known, namespace="elsewhere")
    source = PatientSource(
        scripted(known.record(email=address(1)), known.state('{"cursor":1}')),
        lambda: any(found["name"] == known.name for found in pinterest.customer_lists()),
        scripted(
            known.record(email=address(2)),
            stranger.record(email="jane@example.com"),
            *(known.state('{"cursor":2}'), known.record(email=address(3)), known.state('{"cursor":3}')),
        ),
    )
    verdict = Connection(CURRENT_PLATFORM, connector(), [known]).job(source).attempt().correct()
    assert (verdict.status, verdict.exit_code, verdict.acknowledged_ids) == ("failed", 1, [1])
    assert '"elsewhere.known"' in verdict.message
    assert "jane" not in str(verdict.messages)


def test_a_legacy_state_is_refused_with_what_to_do(connector: Connector) -> None:
    stream = Stream("from an old source")
    source = scripted(stream.record(email=address(1)), LegacyState('{"cursor":1}'), stream.record(email=address(2)))
    verdict = Connection(CURRENT_PLATFORM, connector(), [stream]).job(source).attempt().correct()
    assert (verdict.status, verdict.exit_code, verdict.acknowledged) == ("failed", 1, ())
    assert "LEGACY" in verdict.message
    assert "Update the source connector" in verdict.message
