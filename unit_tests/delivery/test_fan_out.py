from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.config import read_config
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.fan_out import FanOut
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sink import LaneSink
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RemovalGuardError
from destination_pinterest.protocol.catalog import StreamKey, parse_catalog
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder, RowRun
from destination_pinterest.routing.plan import plan_streams

USERS = StreamKey(None, "users")
GUARD = RemovalGuardError(Code.REMOVAL_ABOVE_LIMIT, "Too many would leave.")


class Shop:
    """One stream whose rows go to several lanes."""

    def __init__(self, raw: dict[str, Any], lanes: list[AudienceLane], creator: AudienceCreator, *columns: str) -> None:
        config = read_config(raw)
        properties = {column: {} for column in columns}
        catalog = {"streams": [{"stream": {"name": "users", "json_schema": {"properties": properties}}}]}
        (plan,) = plan_streams(parse_catalog(json.dumps(catalog).encode()), config)
        self.lanes = lanes
        self.strategies = [AppendStrategy(lane, MembershipBatch(100), 5.0, creator) for lane in lanes]
        self.tally = StreamTally()
        self._decoder = MessageDecoder(plan.columns)
        sink = FanOut([LaneSink(strategy, plan, config.advertising_id_case) for strategy in self.strategies])
        self.route: Any = StreamRoute(plan, config, self._decoder, sink, self.tally)
        self._position = 0

    def take(self, *rows: dict[str, Any]) -> None:
        lines = [{"type": "RECORD", "record": {"stream": "users", "data": row}} for row in rows]
        messages = self._decoder.decode(b"\n".join(json.dumps(line).encode() for line in lines))
        self.route.take(RowRun(USERS, [message.record.data for message in messages], self._position), 0.0)
        self._position += len(rows)

    def lose(self, number: int) -> None:
        self.strategies[number].drain()
        self.lanes[number].give_up(GUARD)
        self.route = self.route.without(self.lanes[number])

    def sent(self, number: int) -> int:
        """How many identifiers wait in a lane, or are in flight."""
        self.strategies[number].drain()
        return sum(len(delivery.identifiers) for delivery in iter(self.lanes[number].start_next, None))


@pytest.fixture
def make(
    raw_config: dict[str, Any],
    make_lane: Callable[..., AudienceLane],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> Callable[..., Shop]:
    def make(*columns: str, lanes: int = 3) -> Shop:
        return Shop(raw_config, [make_lane() for _ in range(lanes)], make_creator(make_client()), *columns)

    return make


@pytest.mark.parametrize("columns", [("email",), ("email", "idfa"), ("email", "_ab_cdc_deleted_at")])
def test_every_lane_gets_every_row_and_counts_it(make: Callable[..., Shop], columns: tuple[str, ...]) -> None:
    shop = make(*columns)
    shop.take({"email": "ada@example.com"}, {"email": "nobody"}, {"email": None})
    for number, lane in enumerate(shop.lanes):
        assert lane.tally.entered == 3
        assert lane.tally.not_synced == {"invalid_email": 1, "no_identity": 1}
        assert lane.count.intake.fill.rows == 3
        assert lane.qualities[USERS].refused == 1
        assert shop.sent(number) == 1
    assert shop.tally.rejected == 2


def test_what_is_refused_in_a_row_that_has_others_is_counted_in_every_lane(make: Callable[..., Shop]) -> None:
    shop = make("email", "idfa")
    shop.take({"email": "ada@example.com", "idfa": "none"})
    assert [lane.tally.identifiers_refused.total() for lane in shop.lanes] == [1, 1, 1]
    assert shop.tally.rejected == 0


def test_a_lane_that_fails_is_taken_out_alone_and_its_rows_are_errored(make: Callable[..., Shop]) -> None:
    shop = make("email")
    shop.take({"email": "ada@example.com"})
    shop.lose(1)
    shop.take({"email": "bob@example.com"}, {"email": "nobody"})
    assert [lane.tally.entered for lane in shop.lanes] == [3, 3, 3]
    assert [lane.tally.errored for lane in shop.lanes] == [0, 3, 0]
    assert [lane.tally.not_synced.total() for lane in shop.lanes] == [1, 0, 1]
    assert [shop.sent(0), shop.sent(2)] == [2, 2]


def test_once_all_lanes_have_failed_the_rows_are_errored_in_each(make: Callable[..., Shop]) -> None:
    shop = make("email", lanes=2)
    shop.lose(0)
    shop.lose(1)
    shop.lose(1)
    shop.take({"email": "ada@example.com"})
    assert [(lane.tally.entered, lane.tally.errored) for lane in shop.lanes] == [(1, 1), (1, 1)]


def test_the_last_lane_goes_on_as_if_it_were_alone(make: Callable[..., Shop]) -> None:
    shop = make("email", lanes=2)
    shop.lose(0)
    shop.take({"email": "ada@example.com"})
    assert shop.sent(1) == 1
