from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import SyncModeError
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.audience_plan import (
    AudiencePlan,
    plan_audiences,
    refused_audiences,
    uses_membership_store,
)
from destination_pinterest.routing.plan import plan_streams

STORE = {"store_type": "local", "path": "/data", "store_key": "a key that is not used here"}
REPLACED = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
UPDATED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
# Asks to be replaced, but is read incrementally and so is never the whole table.
NEVER_WHOLE = {"sync_mode": "incremental", "destination_sync_mode": "overwrite"}

Planned = Callable[..., list[AudiencePlan]]


@pytest.fixture
def planned(raw_config: dict[str, Any]) -> Planned:
    """The audiences of streams, given by name and mode; all lead to one unless the settings say otherwise."""

    def plan(streams: dict[str, dict[str, Any]], **settings: Any) -> list[AudiencePlan]:
        schema = {"properties": {"email": {}}}
        configured = [{"stream": {"name": name, "json_schema": schema}, **how} for name, how in streams.items()]
        config = read_config({**raw_config, "audience_name": "VIP", **settings})
        return plan_audiences(plan_streams(parse_catalog(json.dumps({"streams": configured}).encode()), config), config)

    return plan


@pytest.mark.parametrize(
    ("streams", "settings", "keeping", "replaced", "is_explained"),
    [
        ({"a": UPDATED}, {}, "append", "", False),
        ({"a": REPLACED}, {}, "swap", "a", False),
        ({"a": REPLACED, "b": REPLACED}, {}, "swap", "ab", False),
        ({"a": REPLACED, "b": UPDATED}, {}, "append", "", True),
        ({"a": NEVER_WHOLE}, {}, "append", "", True),
        ({"a": REPLACED}, {"mode": "additive"}, "append", "", True),
        ({"a": REPLACED}, {"mode": "remove"}, "append", "", False),
        ({"a": UPDATED}, {"membership_store": STORE}, "mirror", "", False),
        ({"a": REPLACED, "b": UPDATED}, {"membership_store": STORE}, "mirror", "a", False),
        ({"a": REPLACED, "b": NEVER_WHOLE}, {"membership_store": STORE}, "mirror", "a", True),
        ({"a": REPLACED}, {"membership_store": STORE, "mode": "additive"}, "append", "", True),
        ({"a": REPLACED}, {"membership_store": STORE, "mode": "remove"}, "append", "", False),
    ],
)
def test_an_audience_is_kept_as_its_streams_and_the_settings_allow(
    planned: Planned,
    streams: dict[str, dict[str, Any]],
    settings: dict[str, Any],
    keeping: str,
    replaced: str,
    is_explained: bool,
) -> None:
    (audience,) = planned(streams, **settings)
    assert (audience.keeping, [plan.stream.key.name for plan in audience.replaced]) == (keeping, list(replaced))
    assert (audience.why_not_replaced is not None) is is_explained


def test_streams_that_lead_to_one_audience_share_its_plan(planned: Planned) -> None:
    assert [len(audience.plans) for audience in planned({"a": UPDATED, "b": REPLACED})] == [2]
    apart = planned({"a": UPDATED, "b": REPLACED}, audience_name="{stream}")
    assert [(audience.name, audience.keeping) for audience in apart] == [("a", "append"), ("b", "swap")]


@pytest.mark.parametrize(("mode", "expected"), [("mirror", True), ("additive", False), ("remove", False)])
def test_only_a_mirror_uses_membership_store(raw_config: dict[str, Any], mode: str, expected: bool) -> None:
    assert uses_membership_store(read_config({**raw_config, "membership_store": STORE, "mode": mode})) is expected
    assert not uses_membership_store(read_config({**raw_config, "mode": mode}))


def test_an_audience_of_which_a_stream_can_not_be_planned_is_refused_with_all_of_its_streams(
    raw_config: dict[str, Any],
) -> None:
    configured = [{"stream": {"name": name, "namespace": to}} for name, to in (("a", "X"), ("b", "X"), ("c", "Y"))]
    streams = parse_catalog(json.dumps({"streams": configured}).encode())
    failure = SyncModeError(Code.SYNC_MODE_UNKNOWN, "x")
    config = read_config({**raw_config, "audience_name": "{namespace}"})
    (refused,) = refused_audiences(streams, config, {streams[1].key: failure})
    assert (refused.name, refused.streams, refused.failure) == ("X", streams[:2], failure)


def test_a_stream_that_leads_nowhere_is_refused_under_its_own_name(raw_config: dict[str, Any]) -> None:
    configured = [{"stream": {"name": name, "namespace": to}} for name, to in (("a", ""), ("b", "Y"))]
    streams = parse_catalog(json.dumps({"streams": configured}).encode())
    failure = SyncModeError(Code.SYNC_MODE_UNKNOWN, "x")
    config = read_config({**raw_config, "audience_name": "{namespace}"})
    (refused,) = refused_audiences(streams, config, {streams[0].key: failure})
    assert (refused.name, refused.streams) == (str(streams[0].key), streams[:1])
