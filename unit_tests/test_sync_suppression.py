"""Whom the suppression store has, no sync adds, in whatever way the audience is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.audiences.description_mark import is_for_exclusion
from destination_pinterest.config.membership_store import LocalMembershipStore
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.suppression.store import SuppressionStore, open_suppression_store
from unit_tests.remembered.shop import AD_ACCOUNT, PLATFORM, Shop, complete, deduped, people, row, rows, stream
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import CHEAP

KEY = "a suppression key for tests"
REPLACED = {"destination_sync_mode": "overwrite"}


@pytest.fixture
def shop(pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any, tmp_path: Path) -> Shop:
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")


@pytest.fixture
def setting(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "suppressed").mkdir()
    store = {"store_type": "local", "path": str(tmp_path / "suppressed"), "store_key": KEY}
    return {"suppression_store": store}


@pytest.fixture
def suppressed(setting: dict[str, Any]) -> SuppressionStore:
    return open_suppression_store(
        LocalMembershipStore(**setting["suppression_store"]), stretchings=CHEAP.stretchings or {}
    )


BY_SEGMENT = {"audience_column": "segment"}
BY_KEY = deduped("users", "segment")


def report_of(outbox: Outbox) -> dict[str, Any]:
    (line,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1:]
    (audience,) = json.loads(line.removeprefix(REPORT_PREFIX))["audiences"]
    return audience  # type: ignore[no-any-return]


def live_members(shop: Shop, name: str = "users") -> set[str]:
    (audience,) = [one for one in shop.pinterest.audiences.values() if one["name"] == name]
    return set(shop.pinterest.members[audience["rule"]["customer_list_id"]])


WAYS = {
    "append": ({}, {"membership_store": None}),
    "swap": (REPLACED, {"membership_store": None}),
    "mirror": (REPLACED, {}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_suppressed_person_is_not_added_and_counted(
    way: str, shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any], outbox: Outbox
) -> None:
    configured, settings = WAYS[way]
    suppressed.add(people(["bob"]))
    shop.sync([stream(**configured)], *rows(["ada", "bob", "eve"]), complete(), **setting, **settings)
    assert live_members(shop) == people(["ada", "eve"])
    report = report_of(outbox)
    assert report["not_synced"] == {"suppressed": 1}
    assert (report["entered"], report["synced"], report["pending"], report["errored"]) == (3, 2, 0, 0)


def test_the_other_identifiers_of_a_row_are_used(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any], outbox: Outbox
) -> None:
    suppressed.add(people(["ada"]))
    both = stream("users", "email_2")
    shop.sync([both], row("ada", email_2="eve@example.com"), **setting, membership_store=None)
    assert live_members(shop) == people(["eve"])
    assert report_of(outbox)["identifiers_refused"] == {"suppressed": 1}
    assert report_of(outbox)["synced"] == 1


def test_a_keyed_row_of_a_suppressed_person_loses_what_it_had(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any], outbox: Outbox
) -> None:
    shop.sync([deduped()], row("ada", id=1), row("bob", id=2), complete(), **setting)
    suppressed.add(people(["bob"]))
    shop.sync([deduped()], row("bob", id=2), complete(), **setting)
    assert live_members(shop) == people(["ada"])
    assert report_of(outbox)["not_synced"] == {"suppressed": 1}


def test_a_ledger_that_forget_does_not_know_sheds_the_suppressed_without_their_rows(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    shop.sync([deduped()], row("ada", id=1), row("bob", id=2), complete(), **setting)
    suppressed.add(people(["bob"]))
    shop.sync([deduped()], row("eve", id=3), complete(), **setting)
    assert live_members(shop) == people(["ada", "eve"])
    shop.sync([deduped()], complete(), **setting)
    assert live_members(shop) == people(["ada", "eve"])


def test_lifted_people_are_added_again(shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]) -> None:
    suppressed.add(people(["ada", "bob"]))
    shop.sync([stream(**REPLACED)], *rows(["ada", "bob", "eve"]), complete(), **setting)
    assert suppressed.lift(people(["bob", "nobody"])) == 1
    shop.sync([stream(**REPLACED)], *rows(["ada", "bob", "eve"]), complete(), **setting)
    assert live_members(shop) == people(["bob", "eve"])


def test_a_removal_of_a_suppressed_person_is_sent_all_the_same(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    shop.has(["ada", "bob"])
    suppressed.add(people(["bob"]))
    shop.sync([stream()], *rows(["bob"]), **setting, membership_store=None, mode="remove")
    assert live_members(shop) == people(["ada"])


def test_a_sync_without_its_suppression_store_does_not_go_on(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    suppressed.add(people(["bob"]))
    wrong = {"suppression_store": {**setting["suppression_store"], "store_key": "another key, also long"}}
    with raises(Code.SUPPRESSION_KEY_WRONG):
        shop.sync([stream()], *rows(["bob"]), **wrong, membership_store=None)
    assert not shop.pinterest.lists


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("was_forgotten_there_too", [True, False])
def test_an_exclusion_audience_keeps_whom_only_other_audiences_have_forgotten(
    was_forgotten_there_too: bool, way: str, shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    configured, settings = WAYS[way]
    suppressed.add(people(["bob"]), for_exclusion=was_forgotten_there_too)
    shop.sync([stream(**configured)], *rows(["ada", "bob"]), complete(), **setting, **settings, used_for="exclusion")
    assert live_members(shop) == people(["ada"] if was_forgotten_there_too else ["ada", "bob"])
    (audience,) = shop.pinterest.audiences.values()
    assert is_for_exclusion(audience["description"])


@pytest.mark.parametrize("settings", [{"membership_store": None}, {}])
def test_no_audience_that_a_column_names_gets_a_suppressed_person(
    settings: dict[str, Any], shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    suppressed.add(people(["bob"]))
    named = [
        row("ada", id=1, segment="VIP"),
        row("bob", id=2, segment=["VIP", "Gold"]),
        row("eve", id=3, segment="Gold"),
    ]
    shop.sync([BY_KEY], *named, **setting, **settings, **BY_SEGMENT)
    assert (live_members(shop, "VIP"), live_members(shop, "Gold")) == (people(["ada"]), people(["eve"]))


def test_once_somebody_was_forgotten_every_audience_of_a_column_is_settled_once(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    named = [row("ada", id=1, segment="VIP"), row("bob", id=2, segment="Gold"), row("eve", id=3, segment="Gold")]
    shop.sync([BY_KEY], *named, **setting, **BY_SEGMENT)
    suppressed.add(people(["bob"]))
    shop.sync([BY_KEY], row("dan", id=4, segment="VIP"), **setting, **BY_SEGMENT)
    assert (live_members(shop, "VIP"), live_members(shop, "Gold")) == (people(["ada", "dan"]), people(["eve"]))
    assert shop.members("Gold") == 1
    before = shop.store().view(AD_ACCOUNT, "Gold").epoch
    shop.sync([BY_KEY], row("kim", id=5, segment="VIP"), **setting, **BY_SEGMENT)
    assert shop.writes == [("ADD", people(["kim"]))]
    assert shop.store().view(AD_ACCOUNT, "Gold").epoch == before


def test_a_sync_without_rows_settles_the_audiences_of_a_column_too(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    shop.sync([BY_KEY], row("ada", id=1, segment="VIP"), row("bob", id=2, segment="VIP"), **setting, **BY_SEGMENT)
    suppressed.add(people(["bob"]))
    shop.sync([BY_KEY], complete(), **setting, **BY_SEGMENT)
    assert live_members(shop, "VIP") == people(["ada"])


def test_audiences_of_a_column_say_at_pinterest_that_they_are_for_exclusion(
    shop: Shop, setting: dict[str, Any]
) -> None:
    named = [row("ada", id=1, segment="VIP"), row("eve", id=2, segment="Gold")]
    for _ in range(2):
        shop.sync([BY_KEY], *named, **setting, **BY_SEGMENT, used_for="exclusion")
    audiences = list(shop.pinterest.audiences.values())
    assert [is_for_exclusion(each["description"]) for each in audiences] == [True, True]
    assert not shop.pinterest.asked_for("PATCH", "audiences/")


@pytest.mark.parametrize("settings", [{"membership_store": None}, {}])
def test_an_objection_by_a_suppressed_person_still_removes_the_row_s_identifiers(
    settings: dict[str, Any], shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    asked = deduped("users", "consent")
    shop.sync([asked], row("bob", id=1, consent="yes"), row("ada", id=2, consent="yes"), **settings)
    suppressed.add(people(["bob"]))
    consent = {"consent_column": {"column": "consent"}}
    shop.sync(
        [asked], row("bob", id=1, consent="no"), row("ada", id=2, consent="yes"), **setting, **settings, **consent
    )
    assert live_members(shop) == people(["ada"])


def test_a_row_of_an_exclusion_audience_keeps_what_can_t_be_read_and_loses_who_was_forgotten(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any]
) -> None:
    both = deduped("users", "email_2")
    exclusion = {"used_for": "exclusion"}
    shop.sync([both], row("bob", id=1, email_2="ada@example.com"), **setting, **exclusion)
    suppressed.add(people(["bob"]), for_exclusion=True)
    shop.sync([both], row("bob", id=1, email_2=None), **setting, **exclusion)
    assert live_members(shop) == people(["ada"])


def test_an_audience_of_a_column_that_had_nobody_but_the_forgotten_is_emptied(
    shop: Shop, suppressed: SuppressionStore, setting: dict[str, Any], outbox: Outbox
) -> None:
    table = stream("users", "segment", **PLATFORM, **REPLACED)
    named = [row("bob", segment="VIP"), row("eve", segment="Gold"), complete()]
    shop.sync([table], *named, **setting, **BY_SEGMENT)
    suppressed.add(people(["bob"]))
    shop.sync([table], *named, **setting, **BY_SEGMENT)
    assert (live_members(shop, "VIP"), live_members(shop, "Gold")) == (set(), people(["eve"]))
    shop.sync([table], *named, **setting, **BY_SEGMENT)
    assert shop.writes == []
