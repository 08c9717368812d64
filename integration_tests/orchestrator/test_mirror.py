"""Audiences that a membership store remembers, in each host: only the difference is sent, and a death costs nothing.

A sync that was killed leaves its lease, which the next one watches for a minute before it goes on. So syncs of several
audiences are killed, each at another moment, and then one sync makes up for all of them.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.connector_process import Connectors
from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_COUNTS_JOBS,
    Platform,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.interruption import kill, terminate
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.source import KeptStates, ScriptedSource, Source, scripted
from integration_tests.orchestrator.streams import SourceMessage, Stream
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.orchestrator.watched_audiences import People, audience_with, people, struck
from integration_tests.s3_server import S3Server
from integration_tests.sandbox_process import RunningSandbox

# Each host with the kind of place that the store is in.
HOSTS: dict[str, tuple[Host, str]] = {
    "platform": (CURRENT_PLATFORM, "folder"),
    "custom connector": (CUSTOM_CONNECTOR, "bucket"),
    "PyAirbyte": (PYAIRBYTE, "folder"),
}
STORE_KEY = "canary-key-of-the-store"
OTHERS = people([100])
DELETED = "2026-11-22T10:00:00Z"
BEFORE, AFTER, LATER = range(1, 9), range(3, 12), range(4, 12)
# How long a request takes that a process is killed under; the sandbox acts on it all the same.
SLOW_S = 0.8

Connector = Callable[..., Destination]
MakeStore = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def new_store(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> MakeStore:
    """Settings of an empty store."""

    def make(place: str) -> dict[str, Any]:
        if place == "bucket":
            return {"store_type": "s3", "store_key": STORE_KEY, **s3.access(s3.new_bucket())}
        return {"store_type": "local", "store_key": STORE_KEY, "path": str(tmp_path_factory.mktemp("store"))}

    return make


def overwritten(name: str) -> Stream:
    return Stream(name, sync_mode="full_refresh", destination_sync_mode="overwrite")


def table_of(stream: Stream, numbers: range) -> ScriptedSource:
    return scripted(*(stream.record(email=address(number)) for number in numbers), stream.status("COMPLETE"))


def writes_of(pinterest: RunningSandbox) -> list[tuple[str, int]]:
    """What was sent to customer lists so far: the operation, and how many identifiers."""
    return [(request["operation"], request["identifiers"]) for request in pinterest.seen("customer_lists/update")]


def members_of(pinterest: RunningSandbox, stream: Stream) -> People:
    return frozenset(pinterest.members_of(stream.name))


# --- three syncs in each host -----------------------------------------------------------------------------------------


@dataclass
class Story:
    """What one host saw of a table that is replaced and of a database's log, in three syncs."""

    host: str
    pinterest: RunningSandbox
    verdicts: list[Verdict] = field(default_factory=list)
    members: list[tuple[People, People]] = field(default_factory=list)
    writes: list[list[tuple[str, int]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = overwritten(f"mirrored table of the {self.host}")
        self.log = Stream(
            f"mirrored log of the {self.host}", columns=("id", "email", "_ab_cdc_deleted_at"), primary_key=("id",)
        )

    def run(self, destination: Destination) -> Story:
        for stream in (self.table, self.log):
            audience_with(self.pinterest, stream.name, OTHERS)
        connection = Connection(HOSTS[self.host][0], destination, [self.table, self.log])
        log = self.log
        born = [log.record(id=key, email=address(key), _ab_cdc_deleted_at=None) for key in (1, 2, 3)]
        changes = [
            log.record(id=1, email=address(20), _ab_cdc_deleted_at=None),
            log.record(id=2, email=None, _ab_cdc_deleted_at=DELETED),
        ]
        for rows, numbers, cursor in ((born, BEFORE, 1), ([], BEFORE, 1), (changes, AFTER, 2)):
            before = len(writes_of(self.pinterest))
            messages: list[SourceMessage] = [*table_of(self.table, numbers).script, *rows]
            source = scripted(*messages, log.state(f'{{"cursor":{cursor}}}'), log.status("COMPLETE"))
            self.verdicts.append(connection.job(source).attempt().succeeded())
            self.members.append((members_of(self.pinterest, self.table), members_of(self.pinterest, log)))
            self.writes.append(sorted(writes_of(self.pinterest)[before:]))
        return self


@pytest.fixture(scope="session")
def story(connector: Connector, pinterest: RunningSandbox, new_store: MakeStore) -> Callable[[str], Story]:
    """A host's story, run when it is first asked for."""
    return cache(
        lambda host: Story(host, pinterest).run(connector(membership_store=new_store(HOSTS[host][1]), batch_size=4))
    )


@pytest.mark.parametrize("host", HOSTS)
def test_the_audience_is_the_table_and_whoever_others_added(story: Callable[[str], Story], host: str) -> None:
    told = story(host)
    assert told.members == [
        (people(BEFORE) | OTHERS, people([1, 2, 3]) | OTHERS),
        (people(BEFORE) | OTHERS, people([1, 2, 3]) | OTHERS),
        (people(AFTER) | OTHERS, people([20, 3]) | OTHERS),
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_an_unchanged_table_costs_no_write_and_a_changed_one_its_difference(
    story: Callable[[str], Story], host: str
) -> None:
    # At most four at a time: the table and the log each for itself.
    assert story(host).writes == [
        [("ADD", 3), ("ADD", 4), ("ADD", 4)],
        [],
        [("ADD", 1), ("ADD", 3), ("REMOVE", 2), ("REMOVE", 2)],
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_every_state_comes_back(story: Callable[[str], Story], host: str) -> None:
    told = story(host)
    assert all(verdict.acknowledged == verdict.sent for verdict in told.verdicts)
    assert told.log.state('{"cursor":2}') in [sent.state for sent in told.verdicts[2].acknowledged]


@pytest.mark.parametrize("host", HOSTS)
def test_neither_the_key_of_the_store_nor_anybodys_address_is_in_the_log(
    story: Callable[[str], Story], host: str
) -> None:
    for verdict in story(host).verdicts:
        assert STORE_KEY not in str(verdict.messages)
        assert "example.com" not in "\n".join(verdict.logs).replace("pinterest.example.com", "")


def test_a_check_reaches_the_store(
    pinterest: RunningSandbox, new_store: MakeStore, s3: S3Server, tmp_path: Path
) -> None:
    store = new_store("bucket")
    connectors = Connectors(tmp_path / "check", pinterest.api_base_url)
    try:
        found = connectors.check(membership_store=store).connection_status
        assert found["status"] == "SUCCEEDED"
        assert f"remembered in s3://{store['s3_bucket_name']}/connections/pinterest/" in found["message"]
        assert s3.content(store["s3_bucket_name"]) == {}
    finally:
        connectors.stop()


@pytest.mark.parametrize("host", [CURRENT_PLATFORM, PLATFORM_THAT_COUNTS_JOBS])
def test_a_later_attempt_that_reads_the_whole_table_makes_the_audience_the_table(
    connector: Connector, pinterest: RunningSandbox, new_store: MakeStore, host: Platform
) -> None:
    """The first attempt had sent everything when its host lost it, and people have left the table since."""
    stream = overwritten(f"a table that is read again where counts_attempts is {host.counts_attempts}")
    connection = Connection(host, connector(membership_store=new_store("folder")), [stream])
    job = connection.job(table_of(stream, range(1, 101)))
    first = job.attempt().succeeded()
    assert first.acknowledged == first.sent
    job.attempt(source=table_of(stream, range(1, 91))).succeeded()
    assert members_of(pinterest, stream) == people(range(1, 91))


# --- deaths -----------------------------------------------------------------------------------------------------------


class HeldSource:
    """Says more than a pipe takes, so that somebody must read it, and does not end before it may."""

    exit_code = 0

    def __init__(self, stream: Stream, source: ScriptedSource) -> None:
        self._stream = stream
        self._source = source
        self.is_read = threading.Event()
        self.may_end = threading.Event()

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """See `Source.read`."""
        yield from self._source.read(kept)
        yield self._stream.record(email=address(BEFORE[0]), notes="x" * 1_000_000)
        self.is_read.set()
        assert self.may_end.wait(110)


# When a sync dies. After `after` requests the fault holds it there.
MOMENTS: dict[str, tuple[dict[str, object], int] | None] = {
    "before anything was written down": None,
    "before the first request": ({"kind": "status", "status": 503}, 0),
    "in mid-sending": ({"kind": "latency", "seconds": 30}, 2),
    "after the last request": ({"kind": "latency", "seconds": SLOW_S}, 2),
}


@dataclass
class Aftermath:
    """What each death left, what the next sync made of it, and what became of two syncs at once."""

    killed: dict[str, Verdict]
    left: dict[str, People]
    next: Verdict
    members: dict[str, People]
    first: Verdict
    second: Verdict
    members_at_the_second: People


@pytest.fixture(scope="session")
def synced_once(
    connector: Connector, pinterest: RunningSandbox, new_store: MakeStore
) -> tuple[Destination, dict[str, Stream]]:
    """A destination, and streams whose audiences it made their tables; one for each death, and one more."""
    destination = connector(membership_store=new_store("bucket"), batch_size=2)
    streams = {name: overwritten(f"a table of a sync that dies {name}") for name in (*MOMENTS, "politely")}
    for stream in streams.values():
        audience_with(pinterest, stream.name, OTHERS)
    source = tables_of(streams.values(), BEFORE)
    Connection(CUSTOM_CONNECTOR, destination, list(streams.values())).job(source).attempt().succeeded()
    return destination, streams


def tables_of(streams: Iterable[Stream], numbers: range) -> ScriptedSource:
    return scripted(*(message for stream in streams for message in table_of(stream, numbers).script))


@pytest.fixture(scope="session")
def aftermath(pinterest: RunningSandbox, synced_once: tuple[Destination, dict[str, Stream]]) -> Aftermath:
    destination, streams = synced_once
    killed, left = {}, {}
    for moment, fault in MOMENTS.items():
        interruption = kill(after_records=len(AFTER))
        if fault is not None:
            pinterest.fault(fault[0], endpoint="customer_lists/update", after=fault[1])
            interruption = kill(when=struck(pinterest), after_end=True)
        job = Connection(CUSTOM_CONNECTOR, destination, [streams[moment]]).job(table_of(streams[moment], AFTER))
        killed[moment] = job.attempt(interruption=interruption).correct()
        if fault is not None:
            time.sleep(SLOW_S * 1.5)
            pinterest.clear_faults()
        left[moment] = members_of(pinterest, streams[moment])
    dead, living = [streams[moment] for moment in MOMENTS], streams["politely"]
    first = HeldSource(living, table_of(living, BEFORE))
    with ThreadPoolExecutor(2) as threads:
        following = threads.submit(sync_of(destination, *dead), tables_of(dead, LATER))
        beside = threads.submit(sync_of(destination, living), first)
        assert first.is_read.wait(60)
        second = sync_of(destination, living)(table_of(living, LATER))
        members_at_the_second = members_of(pinterest, living)
        first.may_end.set()
    members = {moment: members_of(pinterest, streams[moment]) for moment in MOMENTS}
    return Aftermath(killed, left, following.result(), members, beside.result(), second, members_at_the_second)


def sync_of(destination: Destination, *streams: Stream) -> Callable[[Source], Verdict]:
    return lambda source: Connection(CUSTOM_CONNECTOR, destination, streams).job(source).attempt()


def test_a_sync_dies_with_its_difference_unsent_or_sent_in_part_or_in_whole(aftermath: Aftermath) -> None:
    for killed in aftermath.killed.values():
        assert (killed.exit_code, killed.acknowledged) == (-signal.SIGKILL, ())
    left = {moment: members - OTHERS for moment, members in aftermath.left.items()}
    assert left["before anything was written down"] == left["before the first request"] == people(BEFORE)
    assert people(BEFORE) & people(AFTER) < left["in mid-sending"] < people(BEFORE) | people(AFTER)
    assert left["in mid-sending"] not in (people(BEFORE), people(AFTER))
    assert left["after the last request"] == people(AFTER)


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_a_death_the_next_sync_makes_the_audience_the_table_exactly(aftermath: Aftermath, moment: str) -> None:
    aftermath.next.succeeded()
    assert aftermath.members[moment] == people(LATER) | OTHERS


def test_of_two_syncs_at_once_the_second_fails_for_now_and_changes_nothing(aftermath: Aftermath) -> None:
    second = aftermath.second.correct()
    assert (second.status, second.failure_type, second.acknowledged) == ("failed", "transient_error", ())
    assert "Another sync is at work on the audience" in second.message
    assert aftermath.members_at_the_second == people(BEFORE) | OTHERS
    aftermath.first.succeeded()


def test_a_sync_that_is_told_to_end_in_mid_sending_ends_in_time_and_gives_its_book_back(
    pinterest: RunningSandbox, synced_once: tuple[Destination, dict[str, Stream]]
) -> None:
    destination, streams = synced_once
    stream = streams["politely"]
    job = Connection(CUSTOM_CONNECTOR, destination, [stream]).job(table_of(stream, AFTER))
    pinterest.fault({"kind": "latency", "seconds": 30}, endpoint="customer_lists/update")
    ended = job.attempt(interruption=terminate(when=struck(pinterest), after_end=True)).correct()
    assert (ended.exit_code, ended.acknowledged) == (-signal.SIGTERM, ())
    assert ended.seconds_to_end < 10
    pinterest.clear_faults()
    began = time.monotonic()
    job.attempt(source=table_of(stream, LATER)).succeeded()
    assert time.monotonic() - began < 19  # Nobody's lease was waited for.
    assert members_of(pinterest, stream) == people(LATER) | OTHERS
