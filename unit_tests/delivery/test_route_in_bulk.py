"""Rows that are taken column by column come to exactly what they come to one by one."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import read_config
from destination_pinterest.dead_letters.announced import Announcements
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.fan_out import FanOut
from destination_pinterest.delivery.intake import ONE_IN, ROWS_IN_FULL
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.mirror import MirroredStreams, MirrorStrategy, Rhythm
from destination_pinterest.delivery.precedence import precedence_of
from destination_pinterest.delivery.route import Refusals, StreamRoute
from destination_pinterest.delivery.row_support import RowSupport
from destination_pinterest.delivery.sink import LaneSink
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.plan import plan_streams
from destination_pinterest.vocabulary import Identifier
from unit_tests.membership.shop import LIST, Shop
from unit_tests.support.examples import examples
from unit_tests.support.rig import new_count

COLUMNS = ("email", "other_email", "maid", "lr_id", "op", "_ab_cdc_deleted_at", "consent")
KINDS = {"email": "EMAIL", "other_email": "EMAIL", "maid": "MAID", "lr_id": "LR_ID"}
DEVICE = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
VALUES = st.sampled_from(
    [
        *("ada@example.com", "Ada@Example.com ", "grace@example.com", "grace@example.com", "linus@example.com"),
        *("ada@example.com;grace@example.com", "nobody", "", " ", None, 7, True, ["ada@example.com", None, "nobody"]),
        *(DEVICE, DEVICE.upper(), f" {DEVICE}", "00000000-0000-0000-0000-000000000000", "XY1", "XY2", "__unchanged__"),
        *("a" * 64, "A" * 64, "0" * 64, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "a\nb"),
    ]
)
OPERATIONS = st.sampled_from(["add", "ADD", "remove", None, "", "?", True, 1, 0, 1.0, ["add"], {"a": 1}])
DELETIONS = st.sampled_from([None, None, None, "2026-11-22", "", "0", False])
ROWS = st.lists(
    st.fixed_dictionaries(
        dict.fromkeys(KINDS, VALUES),
        optional={"op": OPERATIONS, "_ab_cdc_deleted_at": DELETIONS, "consent": st.sampled_from(["yes", "no", None])},
    ),
    max_size=14,
)
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}
SETTINGS: list[dict[str, Any]] = [
    {},
    BY_OPERATION,
    {**BY_OPERATION, "mode": "additive"},
    {**BY_OPERATION, "used_for": "exclusion"},
    {"consent_column": {"column": "consent", "permits": ["yes"]}},
    {"operation_column": {"mode": "removes_if_set", "column": "op"}, "deletes": "keep"},
    {"advertising_id_case": "upper"},
]
FORMATS = ("auto", "sha256")


@dataclass
class Rig:
    """A route to one audience, or to the same in two ad accounts, and what it has announced."""

    route: StreamRoute
    decoder: MessageDecoder
    lanes: list[AudienceLane]
    strategies: list[AppendStrategy]
    tally: StreamTally
    log: list[str]

    def take(self, runs: list[list[dict[str, Any]]]) -> list[Any]:
        """All that comes of the rows."""
        position = 0
        for number, rows in enumerate(runs):
            lines = [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}) for data in rows]
            read = [message.record.data for message in self.decoder.decode("\n".join([*lines, ""]).encode())]
            self.route.take(RowRun(self.route.plan.stream.key, read, position), float(number))
            position += len(rows)
        return [self.log, self.tally.rejected, *map(self._outcome, self.lanes, self.strategies)]

    def _outcome(self, lane: AudienceLane, strategy: AppendStrategy) -> list[Any]:
        waits = (strategy.watermark, strategy.due_s)
        strategy.drain()
        queue = [(one.operation, list(one.identifiers), one.rows, one.first_position) for one in lane._queue]
        (quality,) = lane.qualities.values()
        headcount = lane.count.headcount
        judged = (quality.entered, quality.blank, quality.refused, quality.held_from)
        return [
            waits,
            queue,
            {name: getattr(lane.tally, name) for name in lane.tally.__slots__},
            judged,
            lane.count.intake,
            headcount.members,
            headcount.people,
        ]


MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig(
    raw_config: dict[str, Any],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> MakeRig:
    creator = make_creator(make_client())

    def make(more: dict[str, Any], columns: list[str], *, accounts: int, is_in_bulk: bool, value_format: str) -> Rig:
        identities = [
            {"column": column, "identifier": KINDS[column], "format": value_format if column != "lr_id" else "auto"}
            for column in columns
        ]
        config = read_config({**raw_config, **more, "identity_columns": identities})
        described = {"name": "users", "json_schema": {"properties": {column: {} for column in COLUMNS}}}
        catalog = {"streams": [{"stream": described, "sync_mode": "full_refresh", "destination_sync_mode": "append"}]}
        (plan,) = plan_streams(parse_catalog(json.dumps(catalog).encode()), config)
        target = AudienceTarget("users", frozenset(Identifier(KINDS[column]) for column in columns))
        lanes = [AudienceLane(target, (plan.stream.key,), 6.7, new_count(target)) for _ in range(accounts)]
        precedences = [precedence_of([plan], config) for _ in lanes]
        strategies = [
            AppendStrategy(lane, MembershipBatch(4), 5.0, creator, precedence=precedence)
            for lane, precedence in zip(lanes, precedences, strict=True)
        ]
        decoder, tally, log = (
            MessageDecoder([*plan.columns, *Announcements.columns(plan.stream)]),
            StreamTally(),
            list[str](),
        )
        sinks = [LaneSink(strategy, plan, config.advertising_id_case) for strategy in strategies]
        announced = Announcements(lambda _, line: log.append(line), include_values=True).rows_of(
            plan.stream, tuple(columns), decoder
        )
        route = StreamRoute(
            plan,
            config,
            decoder,
            sinks[0] if accounts == 1 else FanOut(sinks),
            tally,
            refusals=Refusals(announced=announced),
        )
        if not is_in_bulk:
            route._read_columns = route._read_only_column = None
        return Rig(route, decoder, lanes, strategies, tally, log)

    return make


@dataclass
class KeyedRig:
    """A route to an audience with a store of its own."""

    route: StreamRoute
    decoder: MessageDecoder
    strategy: MirrorStrategy
    tally: StreamTally

    def outcome(self, runs: list[list[dict[str, Any]]]) -> list[Any]:
        """What is sent for the rows, and what was counted; each run is an epoch that the next one builds on."""
        lane, position, outcomes = self.strategy.lane, 0, list[Any]()
        for rows in runs:
            lines = [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": data}}) for data in rows]
            read = [message.record.data for message in self.decoder.decode("\n".join([*lines, ""]).encode())]
            self.route.take(RowRun(self.route.plan.stream.key, read, position), 1.0)
            position += len(rows)
            for deliveries in self.strategy.settle(lambda _: True, is_end=True):
                outcomes += [(one.operation, sorted(one.identifiers)) for one in deliveries]
            counts = {name: getattr(lane.tally, name) for name in lane.tally.__slots__}
            (quality,) = lane.qualities.values()
            judged = (quality.entered, quality.blank, quality.refused)
            outcomes += [deepcopy(counts), judged, lane.count.intake, self.strategy.members, self.tally.rejected]
        self.strategy.close()
        return outcomes


MakeKeyed = Callable[..., KeyedRig]


@pytest.fixture
def make_keyed(
    tmp_path: Path,
    raw_config: dict[str, Any],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> MakeKeyed:
    creator = make_creator(make_client())
    numbers = count()

    def make(more: dict[str, Any], *, is_in_bulk: bool) -> KeyedRig:
        root = tmp_path / f"store-{next(numbers)}"
        root.mkdir()
        store = {"store_type": "local", "path": str(root), "store_key": "a key that is not used here"}
        config = read_config({**raw_config, "membership_store": store, "max_rejected_percent": 100, **more})
        columns = ("id", "email", "op", "_ab_cdc_deleted_at")
        described = {"name": "users", "json_schema": {"properties": {column: {} for column in columns}}}
        configured = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
        catalog = {"streams": [{"stream": described, **configured}]}
        (plan,) = plan_streams(parse_catalog(json.dumps(catalog).encode()), config)
        target = AudienceTarget("users", frozenset({Identifier.EMAIL}), list_id=LIST, live=CustomerList(id=LIST))
        lane = AudienceLane(target, (plan.stream.key,), 6.7, new_count(target))
        decoder = MessageDecoder(plan.columns, told_apart=["email"])
        percent = config.max_addition_percent if config.used_for == "exclusion" else None
        strategy = MirrorStrategy(
            lane,
            MirroredStreams((plan.stream,), ()),
            creator,
            Safeguards(100, allow_empty=True, max_addition_percent=percent),
            rows=RowSupport("auto", date(2026, 11, 27)),
            max_identifiers=lambda: 9,
            rhythm=Rhythm(60.0),
        )
        strategy.open(Shop(root).open())
        tally = StreamTally()
        route = StreamRoute(plan, config, decoder, LaneSink(strategy, plan, config.advertising_id_case), tally)
        assert route._remembers_in_bulk
        route._remembers_in_bulk = is_in_bulk
        return KeyedRig(route, decoder, strategy, tally)

    return make


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(ROWS, max_size=3),
    st.sampled_from(SETTINGS),
    st.lists(st.sampled_from(list(KINDS)), min_size=1, unique=True),
    st.integers(1, 2),
    st.sampled_from(FORMATS),
)
@example([[{"email": DEVICE, "op": op} for op in (True, 1, "true", 1.0, "1")]], BY_OPERATION, ["email"], 1, "auto")
def test_rows_in_bulk_come_to_what_they_come_to_one_by_one(
    make_rig: MakeRig,
    runs: list[list[dict[str, Any]]],
    more: dict[str, Any],
    columns: list[str],
    accounts: int,
    value_format: str,
) -> None:
    in_bulk, one_by_one = (
        make_rig(more, columns, accounts=accounts, is_in_bulk=is_in_bulk, value_format=value_format).take(runs)
        for is_in_bulk in (True, False)
    )
    assert in_bulk == one_by_one


def test_of_rows_in_bulk_the_same_are_looked_at_for_their_kinds_as_one_by_one(make_rig: MakeRig) -> None:
    rows = [
        {"email": None if number % 5 else f"p{number}@example.com", "lr_id": f"XY{number}" if number % 3 else None}
        for number in range(ROWS_IN_FULL + 7 * ONE_IN)
    ]
    runs = [rows[:900], rows[900:2_003], rows[2_003:2_004], rows[2_004:]]
    outcomes = [
        make_rig({}, ["email", "lr_id"], accounts=1, is_in_bulk=is_in_bulk, value_format="auto").take(runs)
        for is_in_bulk in (True, False)
    ]
    assert outcomes[0] == outcomes[1]


KEYED_ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from([1, 2, 3, "1", 1.0, None, 2**70, "a"]),
            "email": VALUES,
            "op": OPERATIONS,
            "_ab_cdc_deleted_at": DELETIONS,
        },
    ),
    max_size=8,
)


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(KEYED_ROWS, min_size=1, max_size=3),
    st.sampled_from([{}, BY_OPERATION, {**BY_OPERATION, "used_for": "exclusion"}]),
)
@example([[{"id": key, "email": "ada@example.com"} for key in (1, 2, 1.0)], [{"id": 1, "email": "nobody"}]], {})
@example([[{"id": 1, "email": "ada@example.com"}, {"id": 1}, {"id": 2, "email": "ada@example.com"}]], BY_OPERATION)
def test_remembered_rows_in_bulk_come_to_what_they_come_to_one_by_one(
    make_keyed: MakeKeyed, runs: list[list[dict[str, Any]]], more: dict[str, Any]
) -> None:
    in_bulk, one_by_one = (make_keyed(more, is_in_bulk=is_in_bulk).outcome(runs) for is_in_bulk in (True, False))
    assert in_bulk == one_by_one
