from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.config import read_config
from destination_pinterest.delivery.append import AppendStrategy, MembershipBatch
from destination_pinterest.delivery.by_account import AccountSinks
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.sink import LaneSink
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import RemovalGuardError
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.plan import plan_streams


def test_a_row_of_an_account_that_was_given_up_is_errored_once_whatever_audiences_it_names(
    raw_config: dict[str, Any],
    make_lane: Callable[..., AudienceLane],
    make_client: Callable[..., PinterestClient],
    make_creator: Callable[[PinterestClient], AudienceCreator],
) -> None:
    config = read_config(raw_config)
    catalog = {"streams": [{"stream": {"name": "users", "json_schema": {"properties": {"email": {}}}}}]}
    (plan,) = plan_streams(parse_catalog(json.dumps(catalog).encode()), config)
    creator = make_creator(make_client())
    lanes = {account: make_lane() for account in ("1", "2")}
    sinks = AccountSinks(
        {
            account: LaneSink(
                AppendStrategy(lane, MembershipBatch(100), 5.0, creator), plan, config.advertising_id_case
            )
            for account, lane in lanes.items()
        }
    )
    lanes["2"].give_up(RemovalGuardError(Code.REMOVAL_ABOVE_LIMIT, "Too many would leave."))
    sinks.without(lanes["2"])

    row = sinks.to("2")
    row.enter(1)
    row.named(("VIP", "Gold")).enter(1)

    assert (lanes["2"].tally.entered, lanes["2"].tally.errored) == (1, 1)
