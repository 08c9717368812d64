from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.shadow_list import ShadowList
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import Asked, FakePinterest
from unit_tests.support.raises import raises

VIP = AudienceTarget("VIP", frozenset({Identifier.EMAIL}))
SHADOW = ShadowList("generation 7, job 12", "job")


@pytest.fixture
def lookup(make_client: Callable[[], PinterestClient], clock: Clock, pinterest: FakePinterest) -> AudienceLookup:
    pinterest.shows_rules = False
    return AudienceLookup(make_client(), now=clock.now)


def find(lookup: AudienceLookup, wanted: AudienceTarget = VIP) -> AudienceTarget:
    (update,) = lookup.find([wanted])
    return update.target


def test_where_the_listing_hides_rules_the_list_of_a_renamed_audience_is_left_alone(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("VIP of last year", pinterest.add_list("VIP"))
    assert find(lookup).list_id is None


def test_where_the_listing_hides_rules_a_list_that_is_free_is_taken_up(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("Buyers", pinterest.add_list("Buyers"))
    free = pinterest.add_list("VIP")
    assert find(lookup).list_id == free


def test_where_the_listing_hides_rules_no_shadow_list_is_gone_on_with_that_a_renamed_audience_has(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("Renamed by hand", pinterest.add_list(SHADOW.list_name("VIP")))
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    assert find(lookup, AudienceTarget("VIP", VIP.identifiers, shadow=SHADOW)).list_id is None


def test_audiences_are_read_only_if_a_list_would_be_taken_up(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_audience("Buyers", pinterest.add_list("Buyers"))
    find(lookup)
    assert pinterest.asked_for("GET", "audiences/") == []


def test_no_list_is_called_left_over_that_an_unread_audience_may_have(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("VIP", pinterest.add_list("VIP"))
    pinterest.add_audience("Renamed by hand", pinterest.add_list("VIP [generation 5, job 10]"))
    alone = ShadowList("started 2026-11-22 16:00:00 UTC, 00ff", "attempt")
    assert find(lookup, AudienceTarget("VIP", VIP.identifiers, shadow=alone)).left_over_list_ids == ()


def test_an_audience_that_is_deleted_meanwhile_has_no_list(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    free = pinterest.add_list("VIP")
    deleted = pinterest.add_audience("VIP of last year", free)

    def delete(asked: Asked) -> None:
        if asked.path.endswith(f"/audiences/{deleted}"):
            pinterest.audiences.pop(deleted, None)

    pinterest.before = delete
    assert find(lookup).list_id == free


def test_a_list_that_an_audience_may_have_that_never_says_is_a_conflict(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("Somebody else's", None)
    list_id = pinterest.add_list("VIP")
    with raises(Code.LIST_USE_UNKNOWN, match=rf'"Somebody else\'s" .* the list "VIP" \({list_id}\)'):
        find(lookup)


def test_an_audience_that_another_ad_account_shares_has_no_list_of_this_one(
    lookup: AudienceLookup, pinterest: FakePinterest
) -> None:
    pinterest.add_audience("Shared with us", None, ad_account_id="549755885176")
    free = pinterest.add_list("VIP")
    assert find(lookup).list_id == free


def test_a_note_is_no_list_that_may_be_in_use(lookup: AudienceLookup, pinterest: FakePinterest) -> None:
    pinterest.add_audience("Somebody else's", None)
    pinterest.add_list("VIP [dp2: audience made]")
    assert find(lookup).list_id is None
