from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.assembly import SyncParts, SyncRequest, assemble
from destination_pinterest.config import read_config
from destination_pinterest.delivery.append import AppendStrategy
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.mirror import MirrorStrategy
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.swap import SwapStrategy
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.rig import ClockPause, Script

STORE = {"store_type": "local", "path": "/data", "store_key": "a key that is not used here"}
OVERWRITTEN = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
UPDATED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}

Make = Callable[..., SyncParts]


def stream(name: str, *, is_resumable: bool = False, **configured: Any) -> dict[str, Any]:
    columns = ("email", "idfa") if name == "phones" else ("email",)
    schema = {"properties": {column: {} for column in columns}}
    return {"stream": {"name": name, "json_schema": schema, "is_resumable": is_resumable}, **configured}


@pytest.fixture
def make(raw_config: dict[str, Any], messages: MessageWriter, pinterest: FakePinterest, clock: Clock) -> Make:
    """A sync of these streams, put together."""

    def make(*streams: dict[str, Any], **settings: Any) -> SyncParts:
        raw = {**raw_config, **settings}
        configured = parse_catalog(json.dumps({"streams": streams}).encode())
        request = SyncRequest(
            read_config(raw),
            PlatformConfig(raw, messages),
            configured,
            Script(clock),
            messages,
            pinterest.open_wire,
        )
        parts = assemble(request, clock.system, pause=ClockPause(clock))
        assert pinterest.asked == []
        return parts

    return make


def lanes(parts: SyncParts) -> list[AudienceLane]:
    return [strategy.lane for strategy in parts.strategies]


def only(parts: SyncParts) -> SyncStrategy:
    (strategy,) = parts.strategies
    return strategy


def why_not_replaced(parts: SyncParts) -> str:
    (audience,) = parts.audiences
    return audience.why_not_replaced or ""


def test_streams_of_one_name_share_a_lane_and_bring_what_each_of_them_identifies(make: Make) -> None:
    lane = only(make(stream("users"), stream("phones"), audience_name="people")).lane
    assert [str(key) for key in lane.streams] == ["users", "phones"]
    assert {kind.value for kind in lane.target.identifiers} == {"EMAIL", "IDFA"}
    assert [one.target.name for one in lanes(make(stream("users"), stream("phones")))] == ["users", "phones"]


def test_streams_that_were_pointed_at_one_audience_share_a_lane_whatever_it_was_called(
    make: Make, raw_config: dict[str, Any]
) -> None:
    account = raw_config["ad_account_id"]
    chosen = [stream(name, destination_object_name=f"{name} ({account}/77)") for name in ("users", "phones")]
    lane = only(make(*chosen)).lane
    assert (lane.target.chosen_id, len(lane.streams)) == ("77", 2)


def test_without_a_store_a_table_is_replaced_by_a_shadow_list_and_nothing_is_remembered(make: Make) -> None:
    parts = make(stream("users", **OVERWRITTEN))
    assert isinstance(only(parts), SwapStrategy)
    assert only(parts).lane.target.shadow is not None
    assert parts.mirrors == []
    assert why_not_replaced(parts) == ""


def test_with_a_store_a_table_is_mirrored_in_its_own_list(make: Make) -> None:
    parts = make(stream("users", **OVERWRITTEN), membership_store=STORE)
    (mirror,) = parts.mirrors
    assert mirror.replaces
    assert mirror.lane.target.shadow is None
    assert why_not_replaced(parts) == ""


def test_only_with_a_store_streams_of_one_audience_do_not_hinder_each_other(make: Make) -> None:
    streams = [stream("users", **OVERWRITTEN), stream("orders", **UPDATED)]
    parts = make(*streams, audience_name="people")
    assert 'the stream "orders" leads to the same audience' in why_not_replaced(parts)
    assert isinstance(only(parts), AppendStrategy)
    parts = make(*streams, audience_name="people", membership_store=STORE)
    assert why_not_replaced(parts) == ""
    (mirror,) = parts.mirrors
    assert mirror.replaces


def test_a_table_that_may_be_a_rest_is_not_replaced_with_a_store_either(make: Make) -> None:
    parts = make(stream("users", is_resumable=True, **OVERWRITTEN), membership_store=STORE)
    assert "can be resumed in its middle" in why_not_replaced(parts)
    (mirror,) = parts.mirrors
    assert not mirror.replaces


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_other_modes_than_mirror_remember_and_replace_nothing(make: Make, mode: str) -> None:
    parts = make(stream("users", **OVERWRITTEN), membership_store=STORE, mode=mode)
    strategy = only(parts)
    assert isinstance(strategy, AppendStrategy)
    assert strategy.lane.target.shadow is None
    said = why_not_replaced(parts)  # A table that takes out is not added to either.
    assert said == "" if mode == "remove" else "(mode) is additive" in said


def test_where_nobody_asks_for_a_replacement_none_is_missed(make: Make) -> None:
    parts = make(stream("users", **UPDATED))
    assert why_not_replaced(parts) == ""
    assert isinstance(only(parts), AppendStrategy)


def test_the_window_follows_the_tier(make: Make) -> None:
    windows = []
    for tier in ("trial", "standard", "auto", "none"):
        lane = only(make(stream("users"), access_tier=tier)).lane
        lane.list_created("77")
        lane.record_latency(0.5)
        windows.append(lane.window)
    assert windows == [2, 5, 5, 8]


def test_each_audience_has_its_strategy_in_the_order_of_their_first_streams(make: Make) -> None:
    streams = [stream("users", **UPDATED), stream("orders", **OVERWRITTEN), stream("phones", **UPDATED)]
    parts = make(*streams)
    assert [type(strategy) for strategy in parts.strategies] == [AppendStrategy, SwapStrategy, AppendStrategy]
    assert [audience.name for audience in parts.audiences] == [lane.target.name for lane in lanes(parts)]
    with_store = make(*streams, membership_store=STORE)
    assert [type(strategy) for strategy in with_store.strategies] == [MirrorStrategy] * 3


def test_rejected_rows_are_written_down_only_where_there_is_a_place_for_them(make: Make) -> None:
    assert make(stream("users")).dead_letters is None
