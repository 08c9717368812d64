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
from unit_tests.remembered.shop import Shop, complete, deduped, people, row, rows, stream
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
