from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.mirror import MirroredStreams, MirrorStrategy
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.sink import LaneSink
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.membership.shop import LIST, Shop, person
from unit_tests.support.rig import new_count

ADD, REMOVE = Operation.ADD, Operation.REMOVE
DEDUPED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
APPENDED = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}
LEAVERS = {**DEDUPED, "destination_sync_mode": "soft_delete"}
DELETED = "2026-11-22T10:00:00Z"
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}
EPOCH_S = 60.0


def row(email: str | None, **data: Any) -> dict[str, Any]:
    return {"email": None if email is None else f"{email}@example.com", **data}


@dataclass
class Desk:
    """A route, and what is behind it."""

    plan: StreamPlan
    decoder: MessageDecoder
    strategy: SyncStrategy
    route: StreamRoute
    tally: StreamTally
    position: int = 0
    now_s: float = field(default=100.0)

    def take(self, *rows: dict[str, Any]) -> dict[str, int]:
        """What was not synced so far, by reason."""
        lines = [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}) for data in rows]
        read = [message.record.data for message in self.decoder.decode("\n".join([*lines, ""]).encode())]
        self.route.take(RowRun(self.plan.stream.key, read, self.position), self.now_s)
        self.position += len(rows)
        return dict(self.strategy.lane.tally.not_synced)

    def sent(self) -> tuple[set[str], set[str]]:
        """Who is added and who removed if the input ends now, and Pinterest accepts all of it."""
        came: dict[Operation, set[str]] = {ADD: set(), REMOVE: set()}
        lane = self.strategy.lane
        self.strategy.drain()
        for delivery in iter(lane.start_next, None):
            came[delivery.operation] |= delivery.identifiers.keys()
            lane.ack(delivery, len(delivery.identifiers))
        for deliveries in self.strategy.settle(lambda _: True, is_end=True):
            for delivery in deliveries:
                came[delivery.operation] |= delivery.identifiers.keys()
        return came[ADD], came[REMOVE]

    @property
    def synced(self) -> int:
        return self.strategy.lane.tally.synced


MakeDesk = Callable[..., Desk]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for ledger in shop.opened:
        ledger.close()


@pytest.fixture
def make(
    shop: Shop,
    raw_config: dict[str, Any],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> MakeDesk:
    """A desk for one stream of these columns, with a membership store unless told otherwise."""
    creator = make_creator(make_client())

    def make(*columns: str, remembers: bool = True, configured: dict[str, Any] | None = None, **settings: Any) -> Desk:
        properties = {column: {} for column in columns or ("id", "email", "op", "_ab_cdc_deleted_at")}
        described = {"name": "users", "json_schema": {"properties": properties}}
        streams = [{"stream": described, **(DEDUPED if configured is None else configured)}]
        store = {"store_type": "local", "path": str(shop.root), "store_key": "a key that is not used here"}
        config = read_config({**raw_config, **({"membership_store": store} if remembers else {}), **settings})
        (plan,) = plan_streams(parse_catalog(json.dumps({"streams": streams}).encode()), config)
        target = AudienceTarget("users", frozenset({Identifier.EMAIL}), list_id=LIST)
        lane = AudienceLane(target, (plan.stream.key,), 6.7, new_count(target))
        decoder, tally = MessageDecoder(plan.columns), StreamTally()
        strategy: SyncStrategy = AppendStrategy(lane, MembershipBatch(100), 5.0, creator)
        if remembers:
            safeguards = Safeguards(100, allow_empty=True)
            mirrored = MirroredStreams((plan.stream,), ())
            mirror = MirrorStrategy(
                lane,
                mirrored,
                creator,
                safeguards,
                rows=RowSupport("auto", date(2026, 11, 27)),
                max_identifiers=lambda: 9,
                epoch_s=EPOCH_S,
            )
            mirror.open(shop.open())
            strategy = mirror
        sink = LaneSink(strategy, plan, config.advertising_id_case)
        return Desk(plan, decoder, strategy, StreamRoute(plan, config, decoder, sink, tally), tally)

    return make


def people(names: str) -> set[str]:
    return {person(name) for name in names}


# --- rows that are sent as they come ----------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [("email",), ("email", "gaid")])
def test_a_stream_that_can_only_add_comes_to_the_same_whether_it_is_read_by_its_only_column_or_row_by_row(
    make: MakeDesk, columns: tuple[str, ...]
) -> None:
    desk = make(*columns, remembers=False, configured=APPENDED)
    counted = desk.take(
        row("a"), row(None), row("b", op="delete", _ab_cdc_deleted_at=DELETED), {"email": "nobody"}, row("a"),
        {"email": 7}, {"email": ["c@example.com", "d@example.com", "nobody"]},
    )  # fmt: skip
    assert counted["no_identity"] == 1
    assert sum(counted.values()) == desk.tally.rejected == desk.strategy.lane.tally.not_synced.total()
    added, removed = desk.sent()
    assert added == people("abcd")
    assert removed == set()
    assert desk.synced + desk.tally.rejected == desk.strategy.lane.tally.entered == 7


def test_values_of_several_people_in_the_only_column_are_taken_with_their_row(make: MakeDesk) -> None:
    desk = make("email", remembers=False, configured=APPENDED)
    assert desk.take({"email": ["a@example.com", "b@example.com"]}, row("c")) == {}
    assert desk.sent() == (people("abc"), set())
    assert desk.synced == 2


@pytest.mark.parametrize(("configured", "settings"), [(APPENDED, {"mode": "remove"}), (LEAVERS, {})])
def test_rows_that_all_remove_are_decided_about_without_a_column(
    make: MakeDesk, configured: dict[str, Any], settings: dict[str, Any]
) -> None:
    desk = make("email", "op", remembers=False, configured={**configured, "primary_key": []}, **settings)
    assert desk.take(row("a", op="add")) == {}
    assert desk.sent() == (set(), people("a"))


def test_a_row_is_decided_about_by_the_values_that_the_decoder_reads(make: MakeDesk) -> None:
    desk = make("email", "op", "_AB_CDC_DELETED_AT", remembers=False, configured=APPENDED, **BY_OPERATION)
    desk.take(
        row("a", op="delete"),
        row("b", op="insert"),
        row("c", _AB_CDC_DELETED_AT="2026-11-22"),
        row("d", _ab_cdc_deleted_at="2026"),
    )
    assert desk.sent() == (people("b"), people("acd"))


def test_rows_are_held_from_the_first_of_their_run_on(make: MakeDesk) -> None:
    desk = make("email", remembers=False, configured=APPENDED)
    desk.take(row("a"))
    desk.take(row("b"), row("c"))
    assert (desk.strategy.watermark, desk.strategy.due_s) == (0, desk.now_s + 5.0)
    desk.sent()
    assert desk.strategy.watermark is None


# --- rows that are compared with the membership store -----------------------------------------------------------------


def test_remembered_rows_are_recorded_and_held_from_the_first_one_on(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=2))
    desk.take(row("c", id=3))
    assert (desk.strategy.watermark, desk.strategy.lane.tally.entered) == (0, 3)
    assert desk.strategy.settle_due_s == desk.now_s + EPOCH_S
    assert desk.synced == 0
    assert desk.sent() == (people("abc"), set())
    assert (desk.synced, desk.strategy.watermark) == (3, None)


def test_the_last_row_of_a_key_counts(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a", id=1), row("b", id=1), row("c", id=2), row(None, id=2, _ab_cdc_deleted_at=DELETED))
    assert desk.sent() == (people("b"), set())


def test_a_deletion_that_names_its_person_takes_that_person_out_whoever_brought_it_in(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("x", id=1, _ab_cdc_deleted_at=DELETED))
    assert desk.sent() == (set(), people("x"))


def test_a_deletion_by_key_alone_is_recorded_and_counts_as_synced(make: MakeDesk) -> None:
    desk = make()
    assert desk.take(row("a", id=1)) == {}
    desk.sent()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {}
    assert desk.sent() == (set(), people("a"))
    assert (desk.synced, desk.tally.rejected) == (2, 0)


@pytest.mark.parametrize(
    "more",
    [{"remembers": False}, {"configured": {**DEDUPED, "primary_key": []}}, {"configured": {}}],
)
def test_a_deletion_without_a_person_is_counted_where_its_key_says_nothing(
    make: MakeDesk, more: dict[str, Any]
) -> None:
    desk = make(**more)
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"no_identity_in_deletion": 1}
    assert desk.tally.rejected == 1


@pytest.mark.parametrize(("email", "reason"), [(None, "no_identity"), ("not an address", "invalid_email")])
def test_a_row_that_names_nobody_any_more_lets_its_person_go_and_is_rejected(
    make: MakeDesk, email: str | None, reason: str
) -> None:
    desk = make()
    desk.take(row("a", id=1))
    desk.sent()
    assert desk.take(row(email, id=1)) == {reason: 1}
    assert desk.sent() == (set(), people("a"))
    assert (desk.synced, desk.tally.rejected) == (1, 1)


def test_rows_without_a_value_in_their_key_are_not_taken_for_one_another(make: MakeDesk) -> None:
    desk = make()
    desk.take(row("a"), row("b", id=None))
    assert desk.sent() == (people("ab"), set())


def test_a_deletion_that_is_not_wanted_is_settled_and_changes_nothing(make: MakeDesk) -> None:
    desk = make(deletes="keep")
    desk.take(row("a", id=1))
    desk.sent()
    assert desk.take(row(None, id=1, _ab_cdc_deleted_at=DELETED)) == {"deletion_kept": 1}
    assert desk.sent() == (set(), set())
    assert desk.tally.rejected == 0


def test_an_operation_that_is_not_known_is_rejected_and_recorded_nowhere(make: MakeDesk) -> None:
    desk = make(**BY_OPERATION)
    counted = desk.take(row("a", id=1, op="archive"), row(None, id=2, op="archive"))
    assert counted == {"unknown_operation": 2}
    assert desk.sent() == (set(), set())


def test_leavers_are_withdrawn_whatever_their_key_and_need_an_identity(make: MakeDesk) -> None:
    desk = make(configured=LEAVERS)
    counted = desk.take(row("a", id=1), row("b", id=1), row(None, id=2))
    assert counted == {"no_identity_in_deletion": 1}
    assert desk.sent() == (set(), people("ab"))
    assert desk.synced == 2
