"""Rows that take people out: marked as deleted, by an operation column, or because of the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import Record, SourceMessage, Stream
from integration_tests.orchestrator.verdict import Counted
from integration_tests.orchestrator.watched_audiences import People, audience_with, generations_of, people
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox

Connector = Callable[..., Destination]
OLD = people(range(1, 9))
DELETED = "2026-11-22T10:00:00Z"
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}


def change_log(stream: Stream) -> list[Record]:
    """Deletions of a database's log, which come and go: 1 leaves, 2 comes back, 9 comes and leaves, 10 stays."""
    changes = [(1, True), (2, True), (9, False), (2, False), (10, True), (9, True), (10, False)]
    return [
        stream.record(email=address(number), _ab_cdc_deleted_at=DELETED if is_gone else None)
        for number, is_gone in changes
    ]


def operations(stream: Stream) -> list[Record]:
    """The same by a column; one row's operation is not known, and one has none."""
    changes = [(1, "D"), (2, "delete"), (9, "insert"), (2, "U"), (10, "d"), (9, "D"), (10, None), (3, "archive")]
    return [stream.record(email=address(number), op=operation) for number, operation in changes]


def with_states(*streams: Iterable[Record]) -> ScriptedSource:
    """Their rows in turn, two at a time, with a state after each two."""
    script: list[SourceMessage] = []
    waiting = [list(rows) for rows in streams]
    while any(waiting):
        for rows in filter(None, waiting):
            taken, rows[:] = rows[:2], rows[2:]
            stream = Stream(taken[0].stream.name)
            script += [*taken, stream.state(f'{{"left":{len(rows)}}}')]
    return scripted(*script)


def members_of(pinterest: RunningSandbox, stream: Stream) -> People:
    return frozenset(pinterest.members_of(stream.name))


def two_streams(name: str) -> tuple[Stream, Stream]:
    return (
        Stream(f"log of {name}", columns=("email", "_ab_cdc_deleted_at")),
        Stream(f"operations of {name}", columns=("email", "op")),
    )


def synced(
    pinterest: RunningSandbox, host: Host, destination: Destination, streams: tuple[Stream, Stream], **job: Any
) -> tuple[People, People, Counted]:
    """Who is in the two audiences after a sync of the changes, and what was counted of the second stream."""
    log, by_operation = streams
    for stream in streams:
        audience_with(pinterest, stream.name, OLD)
    source = with_states(change_log(log), operations(by_operation))
    verdict = Connection(host, destination, streams).job(source, **job).attempt().succeeded()
    return members_of(pinterest, log), members_of(pinterest, by_operation), verdict.counted[by_operation.descriptor]


def test_people_leave_and_come_back_in_the_order_of_the_rows(connector: Connector, pinterest: RunningSandbox) -> None:
    left = OLD - people([1]) | people([10])
    destination = connector(**BY_OPERATION, batch_size=2)
    assert synced(pinterest, PYAIRBYTE, destination, two_streams("PyAirbyte")) == (left, left, Counted(7, 1))


@pytest.mark.parametrize("host", [CUSTOM_CONNECTOR, PYAIRBYTE], ids=["custom connector", "PyAirbyte"])
def test_people_leave_whatever_the_case_of_the_deletion_column(
    connector: Connector, pinterest: RunningSandbox, host: Host
) -> None:
    """In upper case, as Snowflake hands columns back, beside a stream that has it in lower case."""
    upper, lower = (
        Stream(f"log in {case} case of {host}", columns=("email", column))
        for case, column in (("upper", "_AB_CDC_DELETED_AT"), ("lower", "_ab_cdc_deleted_at"))
    )
    for stream in (upper, lower):
        audience_with(pinterest, stream.name, OLD)
    in_upper = [
        upper.record(email=record.data["email"], _AB_CDC_DELETED_AT=record.data["_ab_cdc_deleted_at"])
        for record in change_log(upper)
    ]
    connection = Connection(host, connector(batch_size=2), [upper, lower])
    connection.job(with_states(in_upper, change_log(lower))).attempt().succeeded()
    left = OLD - people([1]) | people([10])
    assert (members_of(pinterest, upper), members_of(pinterest, lower)) == (left, left)


def test_in_the_mode_additive_nobody_leaves(connector: Connector, pinterest: RunningSandbox) -> None:
    destination = connector(**BY_OPERATION, mode="additive")
    stays = OLD | people([9, 10])
    streams = two_streams("additive")
    host = PLATFORM_THAT_RESUMES_FULL_REFRESHES
    assert synced(pinterest, host, destination, streams, refreshed=streams) == (stays, stays, Counted(7, 1))


def test_a_suppression_table_takes_people_out_and_one_who_leaves_it_changes_nothing(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    """Also where a full refresh asks for the audience to be replaced."""
    log, by_operation = two_streams("suppression")
    table = Stream("suppressed", sync_mode="full_refresh", destination_sync_mode="overwrite")
    streams = [log, by_operation, table]
    for stream in streams:
        audience_with(pinterest, stream.name, OLD)
    source = scripted(
        *with_states(change_log(log), operations(by_operation)).script,
        *(table.record(email=address(number)) for number in (1, 2, 20)),
    )
    connection = Connection(CUSTOM_CONNECTOR, connector(**BY_OPERATION, mode="remove"), streams)
    verdict = connection.job(source).attempt().succeeded()
    assert [members_of(pinterest, stream) for stream in streams] == [
        OLD - people([2]),
        OLD - people([2]),
        OLD - people([1, 2]),
    ]
    assert verdict.warnings == []
    assert generations_of(pinterest, table.name) == []


def test_people_who_are_forgotten_everywhere_leave_other_audiences_and_no_sync_adds_them(
    connector: Connector, pinterest: RunningSandbox, tmp_path: Path
) -> None:
    store = {"store_type": "local", "path": str(tmp_path), "store_key": "a key of these tests"}
    elsewhere = audience_with(pinterest, "elsewhere", OLD)
    assert elsewhere
    forgotten = Stream("forgotten")
    everywhere = {"remove_from": "everywhere", "everywhere_includes": ["other_lists"], "suppression_store": store}
    rows = [forgotten.record(email=address(number)) for number in (1, 2, 20)]
    source = scripted(*rows, forgotten.state('{"page":1}'))
    connection = Connection(CURRENT_PLATFORM, connector(mode="remove", **everywhere), [forgotten])
    verdict = connection.job(source).attempt().succeeded()
    assert verdict.warnings == []
    assert frozenset(pinterest.members_of("elsewhere")) == OLD - people([1, 2])
    added = Stream("elsewhere")
    source = scripted(*(added.record(email=address(number)) for number in (1, 9)), added.state('{"page":1}'))
    Connection(CURRENT_PLATFORM, connector(suppression_store=store), [added]).job(source).attempt().succeeded()
    assert members_of(pinterest, added) == (OLD - people([1, 2])) | people([9])


def test_soft_delete_takes_people_out_of_the_chosen_audience_and_a_refresh_replaces_by_who_is_left(
    connector: Connector, pinterest: RunningSandbox
) -> None:
    log, by_operation = two_streams("data activation")
    chosen_id = audience_with(pinterest, "chosen to lose people", OLD)
    leavers = Stream(
        "leavers",
        sync_mode="full_refresh",
        destination_sync_mode="soft_delete",
        destination_object_name=f"its name then ({AD_ACCOUNT_ID}/{chosen_id})",
    )
    log = replace(log, destination_object_name="pinterest_audience")
    for stream in (log, by_operation):
        audience_with(pinterest, stream.name, OLD)
    rows = [*change_log(log), *(log.record(email=address(number)) for number in range(3, 9))]
    source = scripted(
        *with_states(rows, operations(by_operation)).script,
        *(leavers.record(email=address(number)) for number in (3, 4, 30)),
    )
    connection = Connection(CURRENT_PLATFORM, connector(batch_size=2), [log, by_operation, leavers])
    verdict = connection.job(source, refreshed=[log]).attempt().succeeded()
    assert frozenset(pinterest.members_of("chosen to lose people")) == OLD - people([3, 4])
    assert members_of(pinterest, log) == people([2, 10, *range(3, 9)])
    # The settings name no operation column here, so every row adds.
    assert members_of(pinterest, by_operation) == OLD | people([9, 10])
    assert verdict.counted[leavers.descriptor] == Counted(3, 0)
