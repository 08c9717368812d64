"""What is kept between attempts and between jobs, and where a resumed source goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.interruption import cancel, kill, states_returned
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.process import StartedProcess, start_executable
from integration_tests.orchestrator.pyairbyte import PyAirbyte
from integration_tests.orchestrator.source import KeptStates, ScriptedSource, scripted
from integration_tests.orchestrator.streams import GlobalState, Stream

Echo = Callable[[str], Destination]
LOG = Stream("log")
TABLE = Stream("table", sync_mode="full_refresh", destination_sync_mode="overwrite")
RESUMABLE = Stream("table", sync_mode="full_refresh", destination_sync_mode="overwrite_dedup", is_resumable=True)


def rows_and_states(stream: Stream, count: int) -> ScriptedSource:
    """A state after each row."""
    messages = [
        (stream.record(email=f"{n}@example.com"), stream.state(f'{{"cursor":{n}}}')) for n in range(1, count + 1)
    ]
    return scripted(*(message for pair in messages for message in pair))


def catalogs(folder: Path) -> list[str]:
    """The ids of every attempt so far: generation, minimum, sync."""
    files = [json.loads(path.read_text()) for path in sorted(folder.iterdir(), key=lambda path: int(path.stem))]
    streams = [content["streams"][0] for content in files if "streams" in content]
    return [f"{s['generation_id']} {s['minimum_generation_id']} {s['sync_id']}" for s in streams]


@pytest.mark.parametrize("interrupt", [cancel, kill])
def test_the_next_attempt_brings_what_came_after_the_last_state_that_returned(
    echo: Echo, interrupt: Callable[..., object]
) -> None:
    connection = Connection(CURRENT_PLATFORM, echo("none"), [LOG])
    job = connection.job(rows_and_states(LOG, 9))
    first = job.attempt(interruption=interrupt(after_records=4, when=states_returned(3))).correct()
    assert (first.status, first.records_sent, first.acknowledged_ids) == ("cancelled", {LOG.descriptor: 4}, [1, 2, 3])
    assert connection.states == KeptStates({LOG.descriptor: '{"cursor":3}'})
    second = job.attempt().succeeded()
    assert (second.records_sent, second.acknowledged_ids) == ({LOG.descriptor: 6}, [1, 2, 3, 4, 5, 6])
    assert connection.job(scripted()).attempt().succeeded().sent == ()
    assert connection.states == KeptStates({LOG.descriptor: '{"cursor":9}'})


def test_an_interruption_by_a_state_stops_a_source_in_the_middle(echo: Echo) -> None:
    job = Connection(CURRENT_PLATFORM, echo("none"), [LOG]).job(rows_and_states(LOG, 20_000))
    verdict = job.attempt(interruption=kill(when=states_returned(5))).correct()
    assert 5 <= len(verdict.acknowledged) <= verdict.records_sent[LOG.descriptor] < 20_000


def test_a_global_state_is_where_all_streams_go_on(echo: Echo) -> None:
    other = Stream("other")
    first, second = (GlobalState(f'{{"shared_state":{{"lsn":{n}}},"stream_states":[]}}') for n in (1, 2))
    script = [LOG.record(n=1), first, other.record(n=2), second, LOG.record(n=3)]
    connection = Connection(CURRENT_PLATFORM, echo("none"), [LOG, other])
    job = connection.job(scripted(*script))
    failing = scripted(*script[:2], exit_code=1)
    assert job.attempt(source=failing).correct().status == "failed"
    assert connection.states.all_streams == first.content
    assert job.attempt().succeeded().records_sent == {other.descriptor: 1, LOG.descriptor: 1}


def test_incremental_streams_stay_in_their_generation_and_full_refreshes_begin_one(echo: Echo, tmp_path: Path) -> None:
    connection = Connection(CURRENT_PLATFORM, echo("none"), [LOG])
    connection.job(rows_and_states(LOG, 1)).attempt().succeeded()
    refresh = connection.job(rows_and_states(LOG, 2), refreshed=[LOG])
    refresh.attempt(interruption=kill(after_records=1, when=states_returned(0)))
    refresh.attempt().succeeded()
    connection.job(scripted(), refreshed=[LOG], truncates=False).attempt().succeeded()
    connection.job(scripted()).attempt().succeeded()
    assert catalogs(tmp_path / "given") == ["0 0 41", "1 1 42", "1 1 42", "2 0 43", "2 0 44"]


@pytest.mark.parametrize(
    ("host", "stream", "ids", "rows"),
    [
        (CURRENT_PLATFORM, TABLE, ["1 1 41", "2 2 41", "3 3 42"], 3),
        (CURRENT_PLATFORM, RESUMABLE, ["1 1 41", "2 2 41", "3 3 42"], 3),
        (PLATFORM_THAT_RESUMES_FULL_REFRESHES, TABLE, ["1 1 41", "2 2 41", "3 3 42"], 3),
        (PLATFORM_THAT_RESUMES_FULL_REFRESHES, RESUMABLE, ["1 1 41", "1 1 41", "2 2 42"], 2),
    ],
)
def test_a_later_attempt_goes_on_with_a_full_refresh_only_where_stream_and_host_can(
    echo: Echo, tmp_path: Path, host: object, stream: Stream, ids: list[str], rows: int
) -> None:
    connection = Connection(host, echo("none"), [stream])
    job = connection.job(rows_and_states(stream, 3))
    job.attempt(interruption=kill(after_records=2, when=states_returned(1)))
    assert job.attempt().succeeded().records_sent == {stream.descriptor: rows}
    assert connection.job(job.source).attempt().succeeded().records_sent == {stream.descriptor: 3}
    assert catalogs(tmp_path / "given") == ids


@pytest.mark.parametrize(("host", "numbers"), [(CURRENT_PLATFORM, ["0", "1", "0"]), (PyAirbyte(), [None] * 3)])
def test_the_platform_says_which_attempt_of_a_job_it_is(echo: Echo, host: Host, numbers: list[str | None]) -> None:
    found: list[str | None] = []

    def start(arguments: Sequence[str], environment: Mapping[str, str]) -> StartedProcess:
        found.append(environment.get("WORKER_JOB_ATTEMPT"))
        return start_executable(arguments, environment)

    connection = Connection(host, replace(echo("none"), starts=start), [LOG])
    job = connection.job(rows_and_states(LOG, 2))
    job.attempt(interruption=kill(after_records=1, when=states_returned(0)))
    job.attempt().succeeded()
    connection.job(scripted()).attempt().succeeded()
    assert found == numbers


def test_a_clear_forgets_the_states_of_its_streams_and_leaves_the_others_alone(echo: Echo, tmp_path: Path) -> None:
    connection = Connection(CURRENT_PLATFORM, echo("none"), [LOG, TABLE])
    source = scripted(*rows_and_states(LOG, 1).script, TABLE.record(email="a"), TABLE.state('{"page":1}'))
    connection.job(source).attempt().succeeded()
    verdict = connection.clear(LOG).attempt().succeeded()
    assert [state.state for state in verdict.acknowledged] == [LOG.state(None)]
    assert connection.states == KeptStates({TABLE.descriptor: '{"page":1}'})
    assert catalogs(tmp_path / "given") == ["0 0 41", "1 1 42"]


def test_a_custom_connector_knows_of_no_ids_and_no_completion(echo: Echo, tmp_path: Path) -> None:
    connection = Connection(CUSTOM_CONNECTOR, echo("none"), [TABLE])
    verdict = connection.job(scripted(TABLE.record(email="a"))).attempt().succeeded()
    assert [state.state for state in verdict.acknowledged] == [TABLE.state("{}")]
    (configured,) = json.loads((tmp_path / "given" / "1.json").read_text())["streams"]
    assert configured["destination_sync_mode"] == "overwrite"
    assert [key for key in configured if key.endswith("_id")] == []
