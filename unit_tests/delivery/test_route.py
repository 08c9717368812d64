from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.routing.plan import plan_stream
from destination_pinterest.vocabulary import Operation

MakeRoute = Callable[..., tuple[StreamRoute, MessageDecoder]]


@pytest.fixture
def make_route(raw_config: dict[str, Any], make_lane: Callable[..., AudienceLane]) -> MakeRoute:
    """A route of a stream with these columns, and the decoder that it reads rows by."""

    def make(*columns: str, written: str = "append", **settings: Any) -> tuple[StreamRoute, MessageDecoder]:
        config: Config = read_config({**raw_config, **settings})
        stream = ConfiguredStream(StreamKey(None, "users"), columns, "full_refresh", written)
        plan = plan_stream(stream, config)
        decoder = MessageDecoder(plan.columns)
        return StreamRoute(plan, config, decoder, make_lane(), StreamTally()), decoder

    return make


def test_a_stream_that_can_only_add_decides_nothing_and_is_read_by_its_only_column(make_route: MakeRoute) -> None:
    one, _ = make_route("email")
    assert one.decide is None
    assert one.read_only_column is not None
    two, _ = make_route("email", "gaid")
    assert (two.decide, two.read_only_column) == (None, None)


@pytest.mark.parametrize("settings", [{"mode": "remove"}, {}])
def test_rows_that_all_remove_are_decided_about_without_a_column(
    make_route: MakeRoute, settings: dict[str, Any]
) -> None:
    route, _ = make_route("email", written="append" if settings else "soft_delete", **settings)
    assert route.decide is not None
    assert route.decide({"op": "add"}) is Operation.REMOVE
    assert route.read_only_column is None


def test_a_row_is_decided_about_by_the_values_that_the_decoder_reads(make_route: MakeRoute) -> None:
    route, decoder = make_route("email", "op", "_AB_CDC_DELETED_AT", operation_column={"column": "op"})
    rows = [{"op": "delete"}, {"op": "insert"}, {"_AB_CDC_DELETED_AT": "2026-11-22"}, {"_ab_cdc_deleted_at": "2026"}]
    lines = [json.dumps({"type": "RECORD", "record": {"stream": "users", "data": row}}).encode() for row in rows]
    assert route.decide is not None
    decided = [route.decide(message.record.data) for message in decoder.decode(b"\n".join(lines) + b"\n")]
    assert decided == [Operation.REMOVE, Operation.ADD, Operation.REMOVE, Operation.REMOVE]
