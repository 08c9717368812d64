"""Which customer list a sync takes for the one that an earlier attempt or job left, and which it leaves alone.

One connection is refreshed: its first attempt is cancelled, the second one ends against the guard, and between these
and the next ordinary job people and other connections change what is at Pinterest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, PLATFORM_THAT_RESUMES_FULL_REFRESHES
from integration_tests.orchestrator.interruption import cancel
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.source import scripted
from integration_tests.orchestrator.streams import SourceMessage, Stream
from integration_tests.orchestrator.verdict import Verdict
from integration_tests.orchestrator.watched_audiences import (
    People,
    audience_with,
    generations_of,
    left_over_of,
    list_of,
    people,
    reported_left_over,
)
from integration_tests.sandbox_process import AD_ACCOUNT_ID, AUDIENCES, RunningSandbox

Connector = Callable[..., Destination]
OLD = people(range(1, 9))


def rows(stream: Stream, first: int, last: int) -> list[SourceMessage]:
    """Persons of these numbers, with a state after each second one and after the last."""
    script: list[SourceMessage] = []
    for number in range(first, last + 1):
        script.append(stream.record(email=address(number)))
        if number % 2 == 0 or number == last:
            script.append(stream.state(f'{{"cursor":{number}}}'))
    return script


def members_of(pinterest: RunningSandbox, name: str) -> People:
    return frozenset(pinterest.members_of(name))


@dataclass(frozen=True)
class Refresh:
    """What became of the streams after the second attempt, and after the next job.

    `replaced` are the lists that audiences were made of before.
    """

    broken: Verdict
    refused: Verdict
    next_job: Verdict
    refreshed: dict[str, People]
    later: dict[str, People]
    replaced: dict[str, str]


REFUSED, RENAMED, LATE = (Stream(name) for name in ("refused by the guard", "renamed afterwards", "created late"))


def _resumable(name: str, namespace: str | None = None) -> Stream:
    """A table whose attempts go on from each other, if its audience is its own."""
    return Stream(name, namespace, sync_mode="full_refresh", destination_sync_mode="overwrite", is_resumable=True)


OTHERS, CHOSEN = _resumable("of two connections"), _resumable("goes to a chosen audience")
SHARED = tuple(_resumable("shared by two", namespace) for namespace in ("eu", "us"))
NEW_NAME_OF_CHOSEN = "chosen, renamed between two attempts"
NAMES = [stream.name for stream in (REFUSED, RENAMED, LATE, OTHERS, SHARED[0])]


@pytest.fixture(scope="module")
def refresh(connector: Connector, pinterest: RunningSandbox) -> Refresh:
    ids = {name: audience_with(pinterest, name, OLD) for name in NAMES}
    chosen_id = audience_with(pinterest, "chosen", OLD)
    replaced = {name: list_of(pinterest, name) for name in (*NAMES, "chosen")}
    chosen = replace(CHOSEN, destination_object_name=f"chosen ({AD_ACCOUNT_ID}/{chosen_id})")
    streams = [REFUSED, RENAMED, LATE, OTHERS, chosen, *SHARED]
    connection = Connection(PLATFORM_THAT_RESUMES_FULL_REFRESHES, connector(batch_size=2), streams)
    # Another connection, which counts generations of its own, was given up in the middle of a refresh.
    pinterest.new_list(",".join(sorted(people([1, 2, 3, 4]))), f"{OTHERS.name} [generation 1, job 12]")

    begun = [*rows(chosen, 1, 4), *rows(SHARED[0], 1, 4)]
    rest = [*rows(OTHERS, 5, 12), *rows(REFUSED, 5, 7), *rows(RENAMED, 5, 12), *rows(LATE, 1, 12)]
    job = connection.job(scripted(*begun), refreshed=[REFUSED, RENAMED, LATE])
    broken = job.attempt(interruption=cancel(after_records=8)).correct()

    _rename(pinterest, chosen_id, NEW_NAME_OF_CHOSEN)
    # Pinterest may finish what a killed attempt asked it to create after the next one has looked for it.
    pinterest.new_list(",".join(sorted(people([1, 2]))), f"{LATE.name} [generation 1, job 41]")
    both = [*rows(SHARED[0], 3, 6), *rows(SHARED[1], 7, 10)]
    refused = job.attempt(source=scripted(*rows(chosen, 1, 10), *rest, *both)).correct()
    refreshed = {name: members_of(pinterest, name) for name in (*NAMES, NEW_NAME_OF_CHOSEN)}

    _rename(pinterest, ids[RENAMED.name], f"{RENAMED.name} by hand")
    (live,) = (found for found in generations_of(pinterest, LATE.name) if "started" in found["name"])
    pinterest.new_list(",".join(sorted(people([1, 2]))), live["name"])
    later = [*rows(REFUSED, 5, 10), *rows(RENAMED, 5, 14), *rows(LATE, 1, 20)]
    next_job = connection.job(scripted(*later)).attempt().succeeded()
    return Refresh(
        broken, refused, next_job, refreshed, {name: members_of(pinterest, name) for name in NAMES}, replaced
    )


def _rename(pinterest: RunningSandbox, audience_id: str, name: str) -> None:
    content = {"name": name, "operation_type": "UPDATE"}
    reply = pinterest.call("PATCH", f"{AUDIENCES}/{audience_id}", content)
    assert reply.status_code == 200, reply.text


def test_the_job_after_a_refresh_that_the_guard_refused_reads_everything_again_and_adds(
    refresh: Refresh, pinterest: RunningSandbox
) -> None:
    """No state of the refresh came back, so nobody is lost with the list that it filled."""
    assert refresh.refused.failure_type == "config_error"
    assert "max_removal_percent" in refresh.refused.message
    returned = [sent.state for sent in refresh.refused.acknowledged]
    assert not any(REFUSED.state(f'{{"cursor":{number}}}') in returned for number in (6, 7))
    assert refresh.refreshed[REFUSED.name] == OLD
    assert refresh.later[REFUSED.name] == OLD | people(range(5, 11))
    left_over = left_over_of(pinterest, REFUSED.name)
    assert len(left_over) == 1
    assert reported_left_over(refresh.next_job, REFUSED.name) == left_over


def test_audiences_that_could_be_replaced_were_in_spite_of_one_that_could_not(refresh: Refresh) -> None:
    assert refresh.refreshed[RENAMED.name] == people(range(5, 13))
    assert refresh.refreshed[LATE.name] == people(range(1, 13))
    assert reported_left_over(refresh.refused, RENAMED.name) == {refresh.replaced[RENAMED.name]}


def test_a_list_that_a_killed_attempt_created_late_replaces_nothing(
    refresh: Refresh, pinterest: RunningSandbox
) -> None:
    """Neither one of the refresh's own name nor one of the name of the list in use. Both are reported."""
    assert refresh.later[LATE.name] == people(range(1, 21))
    left_over = left_over_of(pinterest, LATE.name)
    assert len(left_over) == 2
    assert reported_left_over(refresh.next_job, LATE.name) == left_over


def test_what_another_connection_left_unfinished_replaces_nothing(refresh: Refresh, pinterest: RunningSandbox) -> None:
    assert refresh.refreshed[OTHERS.name] == people(range(5, 13))
    left_over = left_over_of(pinterest, OTHERS.name)
    assert len(left_over) == 1
    assert reported_left_over(refresh.refused, OTHERS.name) == left_over | {refresh.replaced[OTHERS.name]}


def test_an_audience_that_is_renamed_between_two_attempts_keeps_what_the_first_one_sent(
    refresh: Refresh, pinterest: RunningSandbox
) -> None:
    """States came back for rows that only the list of the old name holds."""
    assert [sent.state for sent in refresh.broken.acknowledged] == [
        CHOSEN.state('{"cursor":2}'),
        CHOSEN.state('{"cursor":4}'),
    ]
    assert refresh.refused.records_sent[CHOSEN.descriptor] == 6
    assert refresh.refreshed[NEW_NAME_OF_CHOSEN] == people(range(1, 11))
    assert reported_left_over(refresh.refused, NEW_NAME_OF_CHOSEN) == {refresh.replaced["chosen"]}
    assert len(generations_of(pinterest, "chosen")) == 1
    assert generations_of(pinterest, NEW_NAME_OF_CHOSEN) == []


def test_two_streams_of_one_audience_replace_it_by_what_they_hold_in_the_attempt_that_finishes(
    refresh: Refresh, pinterest: RunningSandbox
) -> None:
    """Also where the attempts of each would go on from each other if its audience were its own."""
    assert (refresh.broken.exit_code, refresh.broken.failure_type) == (1, "transient_error")
    assert refresh.refreshed[SHARED[0].name] == people(range(3, 11))
    left_over = left_over_of(pinterest, SHARED[0].name)
    assert len(left_over) == 1
    assert reported_left_over(refresh.refused, SHARED[0].name) == left_over | {refresh.replaced[SHARED[0].name]}


def test_a_list_that_was_replaced_becomes_no_audience_again(refresh: Refresh) -> None:
    """Its people have left; whoever renames the audience by hand does not want them back.

    The refresh's states of this stream came back, though the guard refused another, so only two rows are left to read.
    """
    assert refresh.later[RENAMED.name] == people([13, 14])


def test_the_first_job_of_an_installation_is_taken_for_pyairbytes_and_adds(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    """Its ids are 1, 1 and 1, as PyAirbyte's always are."""
    table = Stream("of the first job", sync_mode="full_refresh", destination_sync_mode="overwrite")
    audience_with(pinterest, table.name, OLD)
    connection = Connection(CURRENT_PLATFORM, connector(), [table], next_job_id=1)
    source = scripted(*(table.record(email=address(number)) for number in range(5, 13)))
    connection.job(source).attempt().succeeded()
    assert members_of(pinterest, table.name) == OLD | people(range(5, 13))
    assert generations_of(pinterest, table.name) == []


@pytest.mark.parametrize("allow_empty", [True, False])
def test_a_clear_also_empties_a_list_that_has_no_audience_yet(
    connector: Connector, pinterest: RunningSandbox, *, allow_empty: bool
) -> None:
    name = f"cleared before its audience{' and kept' if not allow_empty else ''}"
    stream = Stream(name, sync_mode="full_refresh", destination_sync_mode="append")
    connection = Connection(CURRENT_PLATFORM, connector(allow_empty_audience=allow_empty), [stream])
    pinterest.change(audience_floor="refuse")
    try:
        connection.job(scripted(*rows(stream, 1, 20))).attempt().succeeded()
        connection.clear(stream).attempt().succeeded()
    finally:
        pinterest.change(audience_floor="allow")
    assert name not in {audience["name"] for audience in pinterest.audiences()}
    connection.job(scripted(*rows(stream, 21, 25))).attempt().succeeded()
    everybody = people(range(1, 26))
    assert members_of(pinterest, name) & everybody == (people(range(21, 26)) if allow_empty else everybody)
