from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from destination_pinterest.delivery.intake import RowIntake
from destination_pinterest.delivery.lane_factory import make_lanes

from destination_pinterest.config import read_config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.errors import ProtocolError
from destination_pinterest.protocol.catalog import StreamKey, parse_catalog
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.audience_plan import EPOCH_S
from destination_pinterest.routing.plan import plan_streams
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import Shop, person

DEDUPED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
DELETED = "2026-11-22T10:00:00Z"
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}
COLUMNS = ("id", "email", "op", "_ab_cdc_deleted_at")


def row(email: str | None, stream: str = "users", **data: Any) -> bytes:
    data = {"email": None if email is None else f"{email}@example.com", **data}
    return json.dumps({"type": "RECORD", "record": {"stream": stream, "data": data}}).encode() + b"\n"


def state(number: int, stream: str = "users") -> bytes:
    content = {"stream_descriptor": {"name": stream}, "stream_state": {"page": number}}
    return json.dumps({"type": "STATE", "state": {"id": number, "type": "STREAM", "stream": content}}).encode() + b"\n"


@dataclass
class Desk:
    """An intake, and what is behind it."""

    intake: RowIntake
    lane: AudienceLane
    ledger: CheckpointLedger
    completeness: Completeness

    def take(self, *lines: bytes) -> dict[str, int]:
        """What was rejected, by reason."""
        self.intake.take(b"".join(lines))
        return dict(self.lane.tally.not_synced)

    def asked(self) -> tuple[set[str], set[str]]:
        """Who would be added and who removed if the input ended now."""
        assert self.lane.memory is not None
        changes = self.lane.memory.settle(self.lane.target, lambda _: True, is_end=True)
        if changes is None:
            return set(), set()
        sent: dict[Operation, set[str]] = {Operation.ADD: set(), Operation.REMOVE: set()}
        for delivery in self.lane.memory.deliveries(changes, 9, 0):
            sent[delivery.operation] |= set(delivery.identifiers)
        self.rows = self.lane.memory.commit(changes, self.lane.target)
        return sent[Operation.ADD], sent[Operation.REMOVE]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for book in shop.opened:
        book.close()


@pytest.fixture
def make(shop: Shop, raw_config: dict[str, Any], clock: Any) -> Callable[..., Desk]:
    """A desk for one stream, with a membership store unless told otherwise."""

    def make(*, remembers: bool = True, configured: dict[str, Any] | None = None, **settings: Any) -> Desk:
        described = {"name": "users", "json_schema": {"properties": {column: {} for column in COLUMNS}}}
        streams = [{"stream": described, **(DEDUPED if configured is None else configured)}]
        plans = parse_catalog(json.dumps({"streams": streams}).encode())
        store = {"store_type": "local", "path": str(shop.root), "store_key": "a key that is not used here"}
        config = read_config({**raw_config, **({"membership_store": store} if remembers else {}), **settings})
        (way,) = plan_streams(plans, config)
        (lane,) = make_lanes([way], config, clock.system).values()
        lane.target.list_id = "77"
        if lane.memory is not None:
            lane.memory.open(shop.open(), lane.target)
        decoder = MessageDecoder(way.columns)
        ledger, completeness = CheckpointLedger(), Completeness([], trust_end_markers=True)
        route = StreamRoute(way, config, decoder, lane, ledger.tally(way.stream.key))
        return Desk(
            RowIntake(decoder, {(None, "users"): route}, ledger, completeness, clock.clock), lane, ledger, completeness
        )

    return make


Make = Callable[..., Desk]


def people(names: str) -> set[str]:
    return {person(name) for name in names}


def test_remembered_rows_are_noted_and_held_from_the_first_one_on(make: Make, clock: Any) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=2), state(1), row("c", id=3))
    assert (desk.intake.position, desk.lane.first_position, desk.lane.tally.entered) == (3, 0, 3)
    assert desk.lane.memory is not None
    assert desk.lane.memory.due_s == clock.clock() + EPOCH_S
    assert desk.ledger.release(0) == []
    assert desk.asked() == (people("abc"), set())
    assert (desk.rows, desk.lane.batch.first_position) == (3, None)


def test_the_last_row_of_a_key_counts(make: Make) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=1), row("c", id=2), row(None, id=2, _ab_cdc_deleted_at=DELETED))
    assert desk.asked() == (people("b"), set())


def test_a_deletion_that_names_its_person_takes_that_person_out_whoever_brought_it_in(make: Make) -> None:
    desk = make()
    desk.take(row("x", id=1, _ab_cdc_deleted_at=DELETED))
    assert desk.asked() == (set(), people("x"))


def test_a_deletion_by_key_alone_is_noted_and_counts_as_synced(make: Make) -> None:
    desk = make()
    assert desk.take(row("a", id=1)) == {}
    desk.asked()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {}
    assert desk.asked() == (set(), people("a"))
    assert desk.rows == 1


@pytest.mark.parametrize(
    "more",
    [{"remembers": False}, {"configured": {**DEDUPED, "primary_key": []}}, {"configured": {}}],
)
def test_a_deletion_without_a_person_is_counted_where_its_key_says_nothing(make: Make, more: dict[str, Any]) -> None:
    desk = make(**more)
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"no_identity_in_deletion": 1}


@pytest.mark.parametrize(("email", "reason"), [(None, "no_identity"), ("not an address", "invalid_email")])
def test_a_row_that_names_nobody_any_more_lets_its_person_go_and_is_rejected(
    make: Make, email: str | None, reason: str
) -> None:
    desk = make()
    desk.take(row("a", id=1))
    desk.asked()
    (counted,) = desk.take(row(email, id=1)).values()
    assert counted == 1
    assert desk.asked() == (set(), people("a"))
    assert desk.rows == 0


def test_rows_without_a_value_in_their_key_are_not_taken_for_one_another(make: Make) -> None:
    desk = make()
    desk.take(row("a"), row("b", id=None))
    assert desk.asked() == (people("ab"), set())


def test_a_deletion_that_is_not_wanted_is_settled_and_changes_nothing(make: Make) -> None:
    desk = make(deletes="keep")
    desk.take(row("a", id=1))
    desk.asked()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"deletion_kept": 1}
    assert desk.asked() == (set(), set())


def test_an_operation_that_is_not_known_is_rejected_and_noted_nowhere(make: Make) -> None:
    desk = make(**BY_OPERATION)
    (counted,) = desk.take(row("a", id=1, op="archive"), row(None, id=2, op="archive")).values()
    assert counted == 2
    assert desk.asked() == (set(), set())


def test_leavers_are_withdrawn_whatever_their_key_and_need_an_identity(make: Make) -> None:
    desk = make(configured={**DEDUPED, "destination_sync_mode": "soft_delete"})
    counted = desk.take(row("a", id=1), row("b", id=1), row(None, id=2))
    assert counted == {"no_identity_in_deletion": 1}
    assert desk.asked() == (set(), people("ab"))
    assert desk.rows == 2


def test_a_record_of_no_stream_that_was_configured_is_a_fault_of_the_platform(make: Make) -> None:
    desk = make()
    with pytest.raises(ProtocolError, match='stream "orders" came'):
        desk.take(row("a", "orders"))
    with pytest.raises(ProtocolError, match="has no record in it"):
        desk.take(b'{"type":"RECORD"}\n')


def test_a_row_after_a_proof_takes_it_back(make: Make) -> None:
    desk = make()
    status = {"stream_descriptor": {"name": "users"}, "status": "COMPLETE"}
    desk.take(json.dumps({"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": status}}).encode())
    assert desk.completeness.is_complete(StreamKey(None, "users"))
    desk.take(row("a", id=1))
    assert not desk.completeness.is_complete(StreamKey(None, "users"))
