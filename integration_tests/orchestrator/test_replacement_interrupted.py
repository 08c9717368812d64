"""Replacements that break: the audience is the old or the new one, and the next attempts make it the table.

A killed attempt's states are kept, and the next attempt's source goes on from them, as the platform does it. So a state
that came back too early shows as somebody who is missing in the end.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.interruption import Interruption, kill, terminate
from integration_tests.orchestrator.jobs import Connection, Job
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE, PYAIRBYTE_WITHOUT_CACHE
from integration_tests.orchestrator.sent import SentState
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import SourceMessage, Stream
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.orchestrator.watched_audiences import (
    People,
    Watch,
    audience_with,
    generations_of,
    left_over_of,
    people,
    reported_left_over,
    struck,
)
from integration_tests.sandbox_process import RunningSandbox

Connector = Callable[..., Destination]
OLD, TABLE = people(range(1, 9)), people(range(5, 17))
# How often a sync is killed at moments that chance chooses, and with which seed. Each kill takes some three seconds.
KILLS = int(os.environ.get("REPLACEMENT_KILLS", "0"))
SEED = int(os.environ.get("REPLACEMENT_SEED", "11"))
# How long a switch takes that is met under way: longer than a busy machine needs to kill a process meanwhile. And how
# long until its effect shows, if it has one.
SWITCH_S = 2.0
SWITCHED_S = SWITCH_S + 1.0


@dataclass(frozen=True)
class Way:
    """A host, and a stream whose replacement it asks for."""

    host: Host
    sync_mode: str = "full_refresh"
    is_resumable: bool = False

    @property
    def is_resumed(self) -> bool:
        """Whether a later attempt goes on with the list and the states of the one before it."""
        return self.is_resumable and self.host.resumes_full_refreshes

    @property
    def goes_on_once_switched(self) -> bool:
        """Whether later attempts add to the list that an earlier one put in place: its states may have come back."""
        return self.sync_mode == "incremental"

    @property
    def last(self) -> int:
        """The last row of the attempt that finishes; where all were sent before, it brings no more."""
        return 16 if self.is_resumed else 17

    def stream(self, name: str) -> Stream:
        mode = "overwrite" if self.sync_mode == "full_refresh" else "append_dedup"
        return Stream(name, sync_mode=self.sync_mode, destination_sync_mode=mode, is_resumable=self.is_resumable)

    def connection(self, destination: Destination, stream: Stream) -> Connection:
        return Connection(self.host, destination, [stream])

    def job(self, connection: Connection) -> Job:
        (stream,) = connection.streams
        return connection.job(table_of(stream), refreshed=[] if stream.is_full_refresh else [stream])


RESUMED = Way(PLATFORM_THAT_RESUMES_FULL_REFRESHES, is_resumable=True)
BY_IMAGE = Way(CUSTOM_CONNECTOR)
STARTED_ANEW = {
    "overwrite in a custom connector": BY_IMAGE,
    "overwrite on a platform": Way(CURRENT_PLATFORM),
    "refresh on a platform": Way(CURRENT_PLATFORM, "incremental"),
    "overwrite in PyAirbyte": Way(PYAIRBYTE),
    "overwrite in PyAirbyte without cache": Way(PYAIRBYTE_WITHOUT_CACHE),
}
MORE_IS_WANTED = pytest.mark.skipif(
    not KILLS, reason="Takes long: set REPLACEMENT_KILLS to the number of random kills."
)
# The critical moments, by the names of `Moments`; in each run of the tests those that differ most.
MOMENTS: tuple[str, ...] = ("in_mid_fill", "after_the_switch")
if KILLS:
    MOMENTS = ("before_the_new_list", "in_mid_fill", "before_the_switch", "during_the_switch", "after_the_switch")


def table_of(stream: Stream, last: int = 16) -> ScriptedSource:
    """The table, with a state after every second row and the source's own word on its end."""
    script: list[SourceMessage] = []
    for number in range(5, last + 1):
        script.append(stream.record(email=address(number)))
        if number % 2 == 0 or number == last:
            script.append(stream.state(f'{{"cursor":{number}}}'))
    if stream.is_full_refresh:
        script.append(stream.state('{"__ab_full_refresh_sync_complete":true}'))
    return scripted(*script, stream.status("COMPLETE"))


@pytest.fixture
def faulty(pinterest: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox whose faults end with the test."""
    yield pinterest
    pinterest.clear_faults()
    pinterest.change(latency_ms=0)


@dataclass(frozen=True)
class Moments:
    """Moments of a replacement at which a process can be killed. A fault holds it there."""

    pinterest: RunningSandbox

    def before_the_new_list(self) -> Interruption:
        return self._met({"kind": "status", "status": 503}, "customer_lists/create")

    def in_mid_fill(self) -> Interruption:
        return self._met({"kind": "latency", "seconds": 0.3}, "customer_lists/update", 1)

    def before_the_switch(self) -> Interruption:
        return self._met({"kind": "status", "status": 503}, "audiences/update", after_end=True)

    def during_the_switch(self, of_audience: int = 1) -> Interruption:
        """Of the first audience of the sync, or of that number."""
        held = {"kind": "latency", "seconds": SWITCH_S}
        return self._met(held, "audiences/update", of_audience - 1, after_end=True)

    def after_the_switch(self) -> Interruption:
        """Its answer is lost, however often it is asked for; the last states would come after that."""
        return self._met({"kind": "reset_after"}, "audiences/update", after_end=True)

    def _met(
        self, action: dict[str, object], endpoint: str, after: int = 0, *, after_end: bool = False
    ) -> Interruption:
        self.pinterest.clear_faults()
        self.pinterest.fault(action, endpoint=endpoint, after=after)
        return kill(when=struck(self.pinterest), after_end=after_end)


def killed(job: Job, interruption: Interruption) -> Verdict:
    verdict = job.attempt(interruption=interruption).correct()
    assert (verdict.status, verdict.exit_code) == ("cancelled", -signal.SIGKILL), verdict.logs
    return verdict


def states_of(stream: Stream, verdict: Verdict) -> list[SentState]:
    """Those of the stream that came back."""
    return [sent for sent in verdict.acknowledged if getattr(sent.state, "stream", None) == stream.descriptor]


def members_of(pinterest: RunningSandbox, stream: Stream) -> People:
    return frozenset(pinterest.members_of(stream.name))


@pytest.mark.parametrize(
    "way",
    [pytest.param(name, marks=() if way is BY_IMAGE else MORE_IS_WANTED) for name, way in STARTED_ANEW.items()],
)
def test_attempts_that_start_anew_are_killed_and_the_audience_is_old_or_new_and_ends_exact(
    connector: Connector, faulty: RunningSandbox, way: str
) -> None:
    stream = STARTED_ANEW[way].stream(f"{way}, killed")
    audience_id = audience_with(faulty, stream.name, OLD)
    goes_on = STARTED_ANEW[way].goes_on_once_switched
    job = STARTED_ANEW[way].job(STARTED_ANEW[way].connection(connector(batch_size=2), stream))
    moments = Moments(faulty)
    # What has been switched is not switched again where later attempts add to it.
    names = [name for name in MOMENTS if not (goes_on and name == "after_the_switch")]
    with Watch(faulty, stream.name) as watch:
        for name in names:
            verdict = killed(job, getattr(moments, name)())
            # The list is lost with the attempt, so nothing may tell the source to go on behind its rows.
            assert verdict.acknowledged == (), name
            if name == "during_the_switch":
                time.sleep(SWITCHED_S)
            now = members_of(faulty, stream)
            assert now == TABLE if name == "after_the_switch" else now in (OLD, TABLE)
        faulty.clear_faults()
        if KILLS:  # As a container's end or PyAirbyte ends it.
            ended = job.attempt(interruption=terminate(after_records=8)).correct()
            assert (ended.exit_code, ended.acknowledged) == (-signal.SIGTERM, ())
        last = job.attempt(source=table_of(stream, STARTED_ANEW[way].last)).succeeded()
    table = people(range(5, STARTED_ANEW[way].last + 1))
    assert members_of(faulty, stream) == table
    assert watch.seen[stream.name] - {OLD, TABLE, table} == set()
    assert [found["id"] for found in faulty.audiences() if found["name"] == stream.name] == [audience_id]
    # One list for each attempt that came so far, and the report leaves none of the others out.
    lists = (len(names) if goes_on else len(job.attempts)) - names.count("before_the_new_list")
    assert len(generations_of(faulty, stream.name)) == lists
    assert reported_left_over(last, stream.name) == left_over_of(faulty, stream.name)


def test_attempts_that_go_on_are_killed_and_the_audience_is_old_or_new_and_ends_exact(
    connector: Connector, faulty: RunningSandbox
) -> None:
    """Beside a table that has become empty, which is permitted here: the list of nobody is gone on with as well."""
    emptied, stream = RESUMED.stream("emptied and killed"), RESUMED.stream("resumed and killed")
    for each in (emptied, stream):
        audience_with(faulty, each.name, OLD)
    destination = connector(batch_size=2, allow_empty_audience=True)
    job = Connection(RESUMED.host, destination, [emptied, stream]).job(
        scripted(emptied.state('{"__ab_full_refresh_sync_complete":true}'), *table_of(stream).script)
    )
    moments = Moments(faulty)
    with Watch(faulty, emptied.name, stream.name) as watch:
        if KILLS:
            before = killed(job, moments.before_the_new_list())
            assert not states_of(stream, before)
            assert generations_of(faulty, stream.name) == []
        filling = killed(job, moments.in_mid_fill())
        assert len(generations_of(faulty, stream.name)) == 1
        filled = killed(job, moments.before_the_switch())
        assert filled.records_sent.get(stream.descriptor, 0) == 12 - 2 * len(states_of(stream, filling))
        assert [members_of(faulty, each) for each in (emptied, stream)] == [OLD, OLD]
        killed(job, moments.during_the_switch(of_audience=2))
        time.sleep(SWITCHED_S)
        assert members_of(faulty, stream) in (OLD, TABLE)
        faulty.clear_faults()
        last = job.attempt().succeeded()
    assert members_of(faulty, stream) == TABLE
    assert members_of(faulty, emptied).isdisjoint(OLD)
    assert watch.seen[stream.name] == {OLD, TABLE}
    assert watch.seen[emptied.name] == {OLD, members_of(faulty, emptied)}
    for each in (emptied, stream):
        assert len(generations_of(faulty, each.name)) == 1
        assert reported_left_over(last, each.name) == left_over_of(faulty, each.name) == set()


@MORE_IS_WANTED
def test_a_replacement_that_is_killed_at_moments_of_chance_ends_exact(
    connector: Connector, faulty: RunningSandbox
) -> None:
    chance = random.Random(SEED)
    way = chance.choice([RESUMED, *STARTED_ANEW.values()])
    stream = way.stream(f"killed by chance {SEED}")
    audience_with(faulty, stream.name, OLD)
    connection = way.connection(connector(batch_size=2), stream)
    job = way.job(connection)
    faulty.change(latency_ms=30)
    with Watch(faulty, stream.name) as watch:
        for _ in range(KILLS):
            after_end = chance.random() < 0.7
            faulty.clear_faults()
            faulty.fault({"kind": "latency", "seconds": 0}, endpoint="*")
            moment = struck(faulty, chance.randrange(1, 14 if after_end else 9))
            verdict = job.attempt(interruption=kill(when=moment, after_end=after_end)).correct()
            if verdict.status == "succeeded":  # It was over before its moment came.
                job = way.job(connection)
        faulty.change(latency_ms=0)
        job.attempt(source=table_of(stream, way.last)).succeeded()
    table = people(range(5, way.last + 1))
    assert members_of(faulty, stream) == table
    assert watch.seen[stream.name] - {OLD, TABLE, table} == set()


@MORE_IS_WANTED
def test_what_a_killed_first_sync_left_becomes_no_audience(connector: Connector, faulty: RunningSandbox) -> None:
    stream = BY_IMAGE.stream("killed at its first sync")
    job = BY_IMAGE.job(BY_IMAGE.connection(connector(batch_size=2), stream))
    faulty.fault({"kind": "status", "status": 503}, endpoint="audiences/create")
    killed(job, kill(when=struck(faulty), after_end=True))
    assert stream.name not in {found["name"] for found in faulty.audiences()}
    faulty.clear_faults()
    last = job.attempt(source=table_of(stream, last=12)).succeeded()
    assert members_of(faulty, stream) == people(range(5, 13))
    left_over = left_over_of(faulty, stream.name)
    assert len(left_over) == 1
    assert reported_left_over(last, stream.name) == left_over
