from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from destination_pinterest.delivery.lane_factory import make_lanes

from destination_pinterest.config import Config, read_config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.routing.replacement import why_not_replaced

STORE = {"store_type": "local", "path": "/data", "store_key": "a key that is not used here"}
OVERWRITTEN = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
UPDATED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}


def stream(name: str, *, is_resumable: bool = False, **configured: Any) -> dict[str, Any]:
    schema = {"properties": {"email": {}, "idfa": {}} if name == "phones" else {"email": {}}}
    return {"stream": {"name": name, "json_schema": schema, "is_resumable": is_resumable}, **configured}


@pytest.fixture
def make(raw_config: dict[str, Any], clock: Any) -> Callable[..., tuple[list[AudienceLane], list[StreamPlan], Config]]:
    def make(*streams: dict[str, Any], **settings: Any) -> tuple[list[AudienceLane], list[StreamPlan], Config]:
        config = read_config({**raw_config, **settings})
        ways = plan_streams(parse_catalog(json.dumps({"streams": streams}).encode()), config)
        return list(make_lanes(ways, config, clock.system).values()), ways, config

    return make


Make = Callable[..., tuple[list[AudienceLane], list[StreamPlan], Config]]


def test_streams_of_one_name_share_a_lane_and_bring_what_each_of_them_identifies(make: Make) -> None:
    lanes, _, _ = make(stream("users"), stream("phones"), audience_name="people")
    (lane,) = lanes
    assert [str(key) for key in lane.streams] == ["users", "phones"]
    assert {kind.value for kind in lane.target.identifiers} == {"EMAIL", "IDFA"}
    assert [one.target.name for one in make(stream("users"), stream("phones"))[0]] == ["users", "phones"]


def test_streams_that_were_pointed_at_one_audience_share_a_lane_whatever_it_was_called(
    make: Make, raw_config: Any
) -> None:
    account = raw_config["ad_account_id"]
    chosen = [stream(name, destination_object_name=f"{name} ({account}/77)") for name in ("users", "phones")]
    (lane,) = make(*chosen)[0]
    assert (lane.target.chosen_id, len(lane.streams)) == ("77", 2)


def test_without_a_store_a_table_is_replaced_by_a_generation_and_nothing_is_remembered(make: Make) -> None:
    (lane,), ways, config = make(stream("users", **OVERWRITTEN))
    assert lane.memory is None
    assert lane.target.generation is not None
    assert why_not_replaced(ways, config) is None


def test_with_a_store_a_table_is_mirrored_in_its_own_list(make: Make) -> None:
    (lane,), ways, config = make(stream("users", **OVERWRITTEN), membership_store=STORE)
    assert lane.memory is not None
    assert lane.memory.is_replaced
    assert lane.target.generation is None
    assert why_not_replaced(ways, config) is None


def test_only_with_a_store_streams_of_one_audience_do_not_hinder_each_other(make: Make) -> None:
    streams = [stream("users", **OVERWRITTEN), stream("orders", **UPDATED)]
    _, ways, config = make(*streams, audience_name="people")
    assert 'the stream "orders" leads to the same audience' in (why_not_replaced(ways, config) or "")
    (lane,), ways, config = make(*streams, audience_name="people", membership_store=STORE)
    assert why_not_replaced(ways, config) is None
    assert lane.memory is not None
    assert lane.memory.is_replaced


def test_a_table_that_may_be_a_rest_is_not_replaced_with_a_store_either(make: Make) -> None:
    (lane,), ways, config = make(stream("users", is_resumable=True, **OVERWRITTEN), membership_store=STORE)
    assert "can be resumed in its middle" in (why_not_replaced(ways, config) or "")
    assert lane.memory is not None
    assert not lane.memory.is_replaced


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_other_modes_than_mirror_remember_and_replace_nothing(make: Make, mode: str) -> None:
    (lane,), ways, config = make(stream("users", **OVERWRITTEN), membership_store=STORE, mode=mode)
    assert (lane.memory, lane.target.generation) == (None, None)
    said = why_not_replaced(ways, config)  # A table that takes out is not added to either.
    assert said is None if mode == "remove" else "(mode) is additive" in (said or "")


def test_where_nobody_asks_for_a_replacement_none_is_missed(make: Make) -> None:
    _, ways, config = make(stream("users", **UPDATED))
    assert why_not_replaced(ways, config) is None


def test_the_window_follows_the_tier(make: Make) -> None:
    windows = []
    for tier in ("trial", "standard", "none"):
        ((lane,), _, _) = make(stream("users"), access_tier=tier)
        lane.target.list_id = "77"
        lane.measured(0.5)
        windows.append(lane.window)
    assert windows == [2, 5, 8]
