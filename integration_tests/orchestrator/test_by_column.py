"""One table keeps many audiences, in each host: rows join, move and leave, and states wait for all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from integration_tests.airbyte_messages import address
from integration_tests.orchestrator.airbyte_platform import CURRENT_PLATFORM, CUSTOM_CONNECTOR
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.jobs import Connection
from integration_tests.orchestrator.orchestrator import Destination
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.orchestrator.source import ScriptedSource, scripted
from integration_tests.orchestrator.streams import Stream
from integration_tests.orchestrator.watched_audiences import people
from integration_tests.sandbox_process import RunningSandbox

HOSTS: dict[str, Host] = {"platform": CURRENT_PLATFORM, "custom connector": CUSTOM_CONNECTOR, "PyAirbyte": PYAIRBYTE}


@pytest.mark.parametrize("host", HOSTS)
def test_rows_join_move_and_leave_the_audiences_that_they_name(
    connector: Callable[..., Destination], pinterest: RunningSandbox, tmp_path: Path, host: str
) -> None:
    table = Stream(
        f"segments of the {host}", columns=("email", "segment"), sync_mode="full_refresh",
        destination_sync_mode="overwrite",
    )  # fmt: skip
    log = Stream(
        f"changes of the {host}", columns=("id", "email", "segment", "_ab_cdc_deleted_at"), primary_key=("id",)
    )
    one, two = f"one, {host}", f"two, {host}"

    def replaced(*rows: tuple[int, str]) -> list[object]:
        return [table.record(email=address(number), segment=segment) for number, segment in rows]

    def changed(key: int, number: int | None, segment: object, deleted_at: str | None = None) -> object:
        email = None if number is None else address(number)
        return log.record(id=key, email=email, segment=segment, _ab_cdc_deleted_at=deleted_at)

    def synced(rows: list[object], changes: list[object], cursor: int) -> ScriptedSource:
        ends = [log.state(f'{{"cursor":{cursor}}}'), log.status("COMPLETE")]
        return scripted(*rows, table.status("COMPLETE"), *changes, *ends)

    store = {"store_type": "local", "store_key": "a key of the store", "path": str(tmp_path)}
    destination = connector(
        membership_store=store, audience_name=f"{{segment}}, {host}", max_removal_percent=100, batch_size=4
    )
    connection = Connection(HOSTS[host], destination, [table, log])
    first = synced(
        replaced((1, "one"), (2, "one"), (3, "two")),
        [changed(1, 11, ["one", "two"]), changed(2, 12, "one"), changed(3, 13, "two")],
        1,
    )
    second = synced(
        replaced((1, "one"), (2, "two"), (4, "two")),
        [changed(1, 11, ["two"]), changed(2, None, None, "2026-11-22T10:00:00Z"), changed(3, 14, "one")],
        2,
    )
    for source, members in ((first, ({1, 2, 11, 12}, {3, 11, 13})), (second, ({1, 14}, {2, 4, 11}))):
        verdict = connection.job(source).attempt().succeeded()
        assert verdict.acknowledged == verdict.sent
        found = tuple(frozenset(pinterest.members_of(name)) for name in (one, two))
        assert found == tuple(people(numbers) for numbers in members)
