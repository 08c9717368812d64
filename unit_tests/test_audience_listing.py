from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.audience_listing import AudienceListing, ListedList, Listing
from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import LISTING_PREFIX
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.session import PlatformConfig, open_session
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.raises import raises

SECOND_GENERATION = "VIP [generation 2, job 12]"


@pytest.fixture
def look(
    messages: MessageWriter, clock: Clock, raw_config: dict[str, Any], pinterest: FakePinterest
) -> Callable[[], Listing]:
    """Looks at the account; nothing is tried twice."""
    session = open_session(
        read_config(raw_config),
        PlatformConfig(raw_config, messages),
        system=clock.system,
        observer=SilentObserver(),
        retry=RetryPolicy(retry_s=0.0),
        open_wire=pinterest.open_wire,
    )
    return AudienceListing(session.client).run


Look = Callable[[], Listing]


@pytest.mark.parametrize("mark", ["", "[dp1:m190,150,199,{0},261120]", "[dp1:m190,150,200,9,261120]"])
def test_the_match_is_unknown_where_nobody_counted_or_something_changed_since(
    look: Look, pinterest: FakePinterest, mark: str
) -> None:
    list_id = pinterest.add_list("VIP", num_uploaded_user_records=200)
    pinterest.add_audience("VIP", list_id, size=120, description=mark.format(list_id))
    (audience,) = look().audiences
    assert audience.match_estimate is None


def test_everything_that_pinterest_tells_of_an_audience_is_there(look: Look, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list(
        "Customers", status="PROCESSING", num_uploaded_user_records=250, num_removed_user_records=50, num_batches=3,
        created_time=1_700_000_000, updated_time=1_700_000_060,
        exceptions={"code": 2, "message": "Advertiser not found."},
    )  # fmt: skip
    audience_id = pinterest.add_audience(
        "VIP",
        list_id,
        size=120,
        status="READY",
        description=f"[dp1:m190,150,200,{list_id},261120]",
        created_timestamp=1_700_000_001.9,
        updated_timestamp=None,
    )
    (audience,) = look().audiences
    assert (audience.name, audience.audience_id, audience.audience_status, audience.audience_size) == (
        "VIP", audience_id, "READY", 120,
    )  # fmt: skip
    assert audience.match_estimate == MatchEstimate(0.8, "people", True, 150, "2026-11-20")
    assert (audience.outlook or "").startswith("Matching is running")
    assert (audience.created, audience.updated) == ("2023-11-14T22:13:21Z", None)
    assert audience.customer_list == ListedList(
        list_id, "Customers", "PROCESSING", ListCounts(200, 250, 50, 3),
        '{"code":2,"message":"Advertiser not found."}', "2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z",
    )  # fmt: skip


def test_what_pinterest_does_not_tell_is_none(look: Look, pinterest: FakePinterest) -> None:
    pinterest.lists["7"] = {"id": "7"}
    pinterest.audiences["8"] = {"id": "8", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": "7"}}
    (audience,) = look().audiences
    assert (audience.name, audience.audience_status, audience.audience_size, audience.match_estimate) == (None,) * 4
    assert audience.customer_list == ListedList("7")
    assert audience.outlook is None


def test_all_pages_are_read_and_nothing_else_is_asked(look: Look, pinterest: FakePinterest) -> None:
    pinterest.page_size = 2
    for number in range(5):
        pinterest.add_audience(f"A{number}", pinterest.add_list(f"L{number}"))
    listing = look()
    assert [audience.name for audience in listing.audiences] == [f"A{number}" for number in range(5)]
    assert [audience.customer_list and audience.customer_list.name for audience in listing.audiences] == [
        f"L{number}" for number in range(5)
    ]
    assert len(pinterest.asked) == 6
    assert {asked.method for asked in pinterest.asked} == {"GET"}


def test_an_audience_whose_list_is_not_told_is_asked_for(look: Look, pinterest: FakePinterest) -> None:
    list_id = pinterest.add_list("VIP", "a")
    audience_id = pinterest.add_audience("VIP", None)
    lost_id = pinterest.add_audience("Lost", None)

    def tell(asked: Asked) -> None:
        if asked.path.endswith(f"/audiences/{audience_id}"):
            pinterest.audiences[audience_id]["rule"] = {"customer_list_id": list_id}

    pinterest.before = tell
    vip, lost = look().audiences
    assert vip.customer_list is not None
    assert vip.customer_list.counts == ListCounts(1, 1, 0, 1)
    assert (lost.audience_id, lost.customer_list) == (lost_id, None)


def test_of_a_list_that_is_gone_the_id_is_left(look: Look, pinterest: FakePinterest) -> None:
    pinterest.add_audience("VIP", "4711", status="READY", size=5)
    listing = look()
    assert listing.audiences[0].customer_list == ListedList("4711")
    assert listing.customer_lists_without_audience == []


def test_lists_that_replacements_left_are_known_by_their_names(look: Look, pinterest: FakePinterest) -> None:
    names = {
        "VIP": "VIP",
        "VIP [generation 1, job 11]": "VIP",
        "VIP [started 2026-11-22 16:00:00 UTC, 00ff]": "VIP",
        "VIP [by hand]": None,
        "VIPs [generation 1, job 11]": None,
        "Plain": None,
        "Plain [generation 3, job ?]": "Plain",
        "": None,
    }
    for name in names:
        pinterest.add_list(name, "a")
    pinterest.add_audience("VIP", pinterest.add_list(SECOND_GENERATION))
    pinterest.add_audience("Plain", pinterest.add_list("Plain"))
    free = look().customer_lists_without_audience
    assert {each.name: each.left_over_of for each in free} == names
    assert {each.counts for each in free} == {ListCounts(1, 1, 0, 1)}


def test_a_name_with_brackets_of_its_own_is_no_obstacle(look: Look, pinterest: FakePinterest) -> None:
    pinterest.add_audience("VIP [EU]", pinterest.add_list("VIP [EU]"))
    pinterest.add_list("VIP [EU] [generation 1, job 11]")
    (left,) = look().customer_lists_without_audience
    assert left.left_over_of == "VIP [EU]"


def test_of_two_audiences_of_a_name_one_that_was_replaced_is_enough(look: Look, pinterest: FakePinterest) -> None:
    pinterest.add_list("VIP")
    for list_name in (SECOND_GENERATION, "by hand"):
        pinterest.add_audience("VIP", pinterest.add_list(list_name))
    (left,) = look().customer_lists_without_audience
    assert left.left_over_of == "VIP"


def test_audiences_of_other_types_are_counted(look: Look, pinterest: FakePinterest) -> None:
    for kind in ("VISITOR", "ACTALIKE", "VISITOR", None):
        pinterest.add_audience("Others", None, kind)
    listing = look()
    assert listing.other_audiences == {"ACTALIKE": 1, "UNKNOWN": 1, "VISITOR": 2}
    assert listing.audiences == []


def test_an_audience_that_moves_to_a_later_page_is_shown_once(look: Look, pinterest: FakePinterest) -> None:
    pinterest.page_size = 1
    for name in ("VIP", "Small"):
        pinterest.add_audience(name, pinterest.add_list(name))
    newest = {"id": "1", "name": "Newest", "audience_type": "CUSTOMER_LIST"}

    def create_another(_: Asked) -> None:
        if len(pinterest.asked) == 2:
            pinterest.audiences = {"1": newest, **pinterest.audiences}

    pinterest.before = create_another
    assert [audience.name for audience in look().audiences] == ["VIP", "Small"]
    assert len(pinterest.asked_for("GET", "/audiences$")) == 3


def test_a_token_that_is_refused_is_told(look: Look, pinterest: FakePinterest) -> None:
    pinterest.refuse("GET", "audiences", 401, "Authentication failed.", code=2)
    with raises(Code.ACCESS_TOKEN_REFUSED):
        look()


def test_the_line_for_programs_is_one_line_of_json(look: Look, pinterest: FakePinterest) -> None:
    pinterest.add_audience("Two\nlines", pinterest.add_list("x"))
    listing = look()
    line = listing.as_line()
    assert "\n" not in line
    content = json.loads(line.removeprefix(LISTING_PREFIX))
    assert content == msgspec.to_builtins(listing)
    assert (content["schema_version"], content["status"], content["ad_account_id"]) == (1, "succeeded", "549755885175")


def test_of_lists_whose_audience_does_not_exist_the_one_that_a_sync_goes_on_with_is_told(
    look: Look, pinterest: FakePinterest
) -> None:
    pinterest.add_list("New [dp2: started 2026-11-22 16:00:00 UTC, 00ff]")
    pinterest.add_list("New [dp2: started 2026-11-22 17:00:00 UTC, 00fe]")
    waiting = pinterest.add_list("Small")
    pinterest.add_list(f"Small [dp2: list {waiting} waits]")
    pinterest.add_list("Small [dp2: generation 7, job 12]")
    pinterest.add_list("Small [dp2 other: generation 7, job 12]")
    pinterest.add_audience("Renamed", pinterest.add_list("Old"))
    free = look().customer_lists_without_audience
    assert {each.name: (each.awaits_audience, each.left_over_of) for each in free} == {
        "New [dp2: started 2026-11-22 16:00:00 UTC, 00ff]": (None, "New"),
        "New [dp2: started 2026-11-22 17:00:00 UTC, 00fe]": ("New", None),
        "Small": ("Small", None),
        f"Small [dp2: list {waiting} waits]": (None, "Small"),
        "Small [dp2: generation 7, job 12]": (None, "Small"),
        "Small [dp2 other: generation 7, job 12]": (None, "Small"),
    }
