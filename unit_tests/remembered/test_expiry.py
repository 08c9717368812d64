"""Members whose rows don't come any more leave, after as many days as the settings say."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import KilledError, MortalBlobs
from unit_tests.remembered.shop import Shop, complete, deduped, people, reports, row, rows, state, stream
from unit_tests.support.raises import raises

DAY_S = 86_400.0
NEVER_GUARDED = {"expire_after_days": 30, "max_removal_percent": 100}


def after(shop: Shop, days: float) -> None:
    shop.wait(days * DAY_S)()


def test_a_member_leaves_once_its_row_has_not_come_for_so_many_days(shop: Shop, outbox: Any) -> None:
    shop.sync([stream()], *rows("abcd"), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    assert shop.writes == []
    after(shop, 10)
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == [("REMOVE", people("cd"))]
    assert reports(outbox)[-1]["members"]["expired"] == 2
    assert (shop.people_in(), shop.members()) == (people("ab"), 2)


def test_a_day_less_is_too_early(shop: Shop) -> None:
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    after(shop, 29)
    shop.sync([stream()], **NEVER_GUARDED)
    assert shop.writes == []


def test_whoever_expired_joins_again_when_the_row_comes(shop: Shop) -> None:
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    after(shop, 31)
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.people_in() == people("a")
    shop.sync([stream()], *rows("b"), **NEVER_GUARDED)
    assert shop.people_in() == people("ab")


def test_rows_with_a_key_expire_by_their_key(shop: Shop) -> None:
    shop.sync([deduped()], row("a", id=1), row("b", id=2), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([deduped()], row("new", id=1), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([deduped()], **NEVER_GUARDED)
    assert shop.writes == [("REMOVE", people("b"))]
    assert shop.people_in() == people(["new"])


def test_an_identifier_that_another_row_still_has_stays(shop: Shop) -> None:
    shop.sync([deduped()], row("a", id=1), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([deduped()], row("a", id=2), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([deduped()], **NEVER_GUARDED)
    assert (shop.writes, shop.people_in()) == ([], people("a"))


def test_members_that_the_store_had_before_count_from_the_first_sync_with_the_setting(shop: Shop) -> None:
    shop.sync([stream()], *rows("ab"))
    after(shop, 100)
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == []
    after(shop, 29)
    shop.sync([stream()], **NEVER_GUARDED)
    assert shop.writes == []
    after(shop, 2)
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == [("REMOVE", people("b"))]


def test_dates_are_forgotten_while_the_setting_is_off(shop: Shop) -> None:
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    after(shop, 20)
    shop.sync([stream()], *rows("abc"))
    after(shop, 20)
    shop.sync([stream()], **NEVER_GUARDED)
    assert shop.writes == []


def test_a_clock_that_was_ahead_makes_nobody_older_or_younger_for_good(shop: Shop) -> None:
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    after(shop, 5)
    shop.wait(1000 * DAY_S)()
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    shop.wait(-1000 * DAY_S)()
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == []
    after(shop, 31)
    shop.sync([stream()], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == [("REMOVE", people("b"))]


def test_the_largest_removal_counts_those_who_expire(shop: Shop) -> None:
    shop.sync([stream()], *rows("abcd"), expire_after_days=30)
    after(shop, 31)
    with raises(Code.REMOVAL_ABOVE_LIMIT, match="3 of 4 identifiers"):
        shop.sync([stream()], *rows("a"), expire_after_days=30)
    assert shop.people_in() == people("abcd")


def test_nobody_expires_before_all_rows_of_a_sync_have_come(shop: Shop) -> None:
    generation = {"generation_id": 7, "minimum_generation_id": 0, "sync_id": 12}
    shop.sync([stream(**generation)], *rows("ab"), complete(), **NEVER_GUARDED)
    after(shop, 31)
    shop.sync([stream(**generation)], *rows("a"), **NEVER_GUARDED)
    assert shop.writes == []
    shop.sync([stream(**generation)], *rows("a"), complete(), **NEVER_GUARDED)
    assert shop.writes == [("REMOVE", people("b"))]


def test_members_of_streams_that_no_longer_come_expire_too(shop: Shop) -> None:
    settings = {"audience_name": "users", **NEVER_GUARDED}
    shop.sync([stream(), stream("orders")], *rows("a"), *rows("b", "orders"), **settings)
    after(shop, 31)
    shop.sync([stream()], *rows("a"), **settings)
    assert shop.writes == [("REMOVE", people("b"))]


def test_a_table_that_replaces_its_rows_removes_by_absence_and_not_by_expiry(shop: Shop, outbox: Any) -> None:
    whole = {"destination_sync_mode": "overwrite"}
    shop.sync([stream(**whole)], *rows("ab"), state(1, {}), **NEVER_GUARDED)
    after(shop, 31)
    shop.sync([stream(**whole)], *rows("a"), state(2, {}), **NEVER_GUARDED)
    members = reports(outbox)[-1]["members"]
    assert (members["left_by_absence"], members["expired"]) == (1, 0)


def test_expiry_needs_a_store(shop: Shop, raw_config: dict[str, Any]) -> None:
    shop._raw_config = raw_config
    with raises(Code.EXPIRY_WITHOUT_STORE):
        shop.sync([stream()], *rows("a"), expire_after_days=30)


@pytest.mark.parametrize("changes", range(1, 8))
def test_a_sync_that_dies_at_any_change_forgets_no_row_that_has_come(shop: Shop, changes: int) -> None:
    """What the dead sync had begun to send counts as come: whether a state stands for it is not known any more."""
    shop.sync([stream()], *rows("ab"), **NEVER_GUARDED)
    after(shop, 20)
    blobs = MortalBlobs(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    ledger.keep_sightings(lambda: int(shop.now()))
    for name in "ac":
        ledger.record("users", None, Operation.ADD, sorted(people(name)))
    delta = ledger.diff()
    blobs.kill_in = changes
    has_begun = False
    with suppress(KilledError):
        ledger.write_ahead(delta)
        has_begun = True
        ledger.commit(delta, ledger.customer_list_id)
    blobs.die()
    shop.lease_timing = LeaseTiming(beat_s=0.02)
    after(shop, 15)
    shop.sync([stream()], *rows("b"), **NEVER_GUARDED)
    removed = {one for operation, sent in shop.writes if operation == "REMOVE" for one in sent}
    assert not has_begun or people("a").isdisjoint(removed)


def test_members_of_an_exclusion_audience_never_expire(shop: Shop) -> None:
    with raises(Code.EXPIRY_OF_EXCLUDED, match="see ads again"):
        shop.sync([stream()], *rows("a"), used_for="exclusion", **NEVER_GUARDED)
    assert shop.pinterest.asked == []


def test_no_consent_does_not_expire(shop: Shop) -> None:
    consent = {"consent_column": {"column": "ok"}}
    table = deduped("users", "ok")
    shop.sync([table], row("a", id=1, ok="no"), row("a", id=2, ok="yes"), **NEVER_GUARDED, **consent)
    after(shop, 31)
    shop.sync([table], row("a", id=2, ok="yes"), row("b", id=3, ok="yes"), **NEVER_GUARDED, **consent)
    assert shop.people_in() == people("b")
