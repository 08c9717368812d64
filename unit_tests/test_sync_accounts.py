"""The same audience in several ad accounts: each is kept alike, fails alone, and states wait for all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.membership import MembershipLedger
from unit_tests.remembered.shop import PLATFORM, Shop, complete, deduped, deleted, people, row, rows, state, stream
from unit_tests.support.fake_pinterest import AD_ACCOUNT, SISTER_ACCOUNT, FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises

BOTH = {"also_in_ad_accounts": [SISTER_ACCOUNT]}
WITHOUT_STORE = {"membership_store": None}
STORES = pytest.mark.parametrize("store", [WITHOUT_STORE, {}], ids=["without store", "with store"])
REFRESH = {**PLATFORM, "destination_sync_mode": "append"}
RESUMABLE = {"stream": {**stream()["stream"], "is_resumable": True}}


class Accounts:
    """Syncs that keep one audience in two ad accounts."""

    def __init__(self, shop: Shop, outbox: Outbox) -> None:
        self.pinterest: FakePinterest = shop.pinterest
        self.shop = shop
        self._outbox = outbox

    def sync(self, configured: dict[str, Any], *lines: Any, **settings: Any) -> list[int]:
        return self.shop.sync([configured], *lines, **{**BOTH, "retry_hours": 0.0, **settings})

    @property
    def released(self) -> list[int]:
        return self.shop.released

    def have(self, names: Iterable[str]) -> None:
        for account in (AD_ACCOUNT, SISTER_ACCOUNT):
            list_id = self.pinterest.add_list("users", *people(names), account=account)
            self.pinterest.add_audience("users", list_id, account=account)

    @property
    def members(self) -> tuple[set[str], set[str]]:
        return self.pinterest.people_in("users"), self.pinterest.people_in("users", SISTER_ACCOUNT)

    def ledger(self, account: str) -> MembershipLedger:
        return self.shop.store().open(account, "users")

    @property
    def reports(self) -> dict[str, dict[str, Any]]:
        """What the last sync reported of the audience, by ad account."""
        text = [text for text in self._outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
        return {one["ad_account_id"]: one for one in json.loads(text.removeprefix(REPORT_PREFIX))["audiences"]}


@pytest.fixture
def accounts(
    pinterest: FakePinterest, messages: Any, outbox: Outbox, raw_config: dict[str, Any], clock: Any, tmp_path: Path
) -> Accounts:
    shop = Shop(pinterest, messages, raw_config, clock, tmp_path / "store")
    shop.sleeps_by_clock = True
    return Accounts(shop, outbox)


@STORES
def test_an_audience_is_made_in_each_account_and_has_the_same_people(accounts: Accounts, store: dict[str, Any]) -> None:
    assert accounts.sync(stream(), *rows("abc"), row("nobody at all"), state(1), **store) == [1]
    assert accounts.members == (people("abc"), people("abc"))
    assert {
        account: (one["entered"], one["synced"], one["not_synced"]) for account, one in accounts.reports.items()
    } == {
        AD_ACCOUNT: (4, 3, {"invalid_email": 1}),
        SISTER_ACCOUNT: (4, 3, {"invalid_email": 1}),
    }


@STORES
def test_a_replacement_replaces_in_each_account(accounts: Accounts, store: dict[str, Any]) -> None:
    accounts.sync(stream(**REFRESH), *rows("abc"), complete(), **store)
    later = {**REFRESH, "generation_id": 8, "minimum_generation_id": 8}
    assert accounts.sync(stream(**later), *rows("bcd"), state(1), complete(), **store) == [1]
    assert accounts.members == (people("bcd"), people("bcd"))


def test_a_deletion_by_key_finds_its_person_in_each_account(accounts: Accounts) -> None:
    accounts.sync(deduped(), row("a", id=1), row("b", id=2), state(1))
    accounts.sync(deduped(), deleted(1), row("c", id=2), state(2))
    assert accounts.members == (people("c"), people("c"))


def role_missing(pinterest: FakePinterest) -> None:
    pinterest.refuse("GET", f"{SISTER_ACCOUNT}/audiences$", 403, code=29, times=99)


def account_missing(pinterest: FakePinterest) -> None:
    pinterest.refuse("GET", f"{SISTER_ACCOUNT}/audiences$", 404, times=99)


def account_disapproved(pinterest: FakePinterest) -> None:
    pinterest.refuse("PATCH", f"{SISTER_ACCOUNT}/customer_lists", 403, code=2625, times=99)


def writes_refused(pinterest: FakePinterest) -> None:
    pinterest.refuse("PATCH", f"{SISTER_ACCOUNT}/customer_lists", 403, code=29, times=99)


def writes_lost(pinterest: FakePinterest) -> None:
    pinterest.lose("PATCH", f"{SISTER_ACCOUNT}/customer_lists", acted=False, times=99)


@STORES
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (role_missing, Code.ROLE_MISSING),
        (account_missing, Code.NOT_FOUND),
        (account_disapproved, Code.AD_ACCOUNT_DISAPPROVED),
        (writes_refused, Code.ROLE_MISSING),
        (writes_lost, Code.PINTEREST_UNREACHABLE),
    ],
)
def test_an_account_that_fails_leaves_the_other_whole_and_holds_back_the_states(
    accounts: Accounts, store: dict[str, Any], fault: Callable[[FakePinterest], None], code: Code
) -> None:
    accounts.have("x")
    fault(accounts.pinterest)
    with raises(code, match=rf'Audience "users" \(ad account {SISTER_ACCOUNT}\)'):
        accounts.sync(stream(), *rows("abc"), state(1), *rows("d"), state(2), **store)
    assert accounts.released == []
    assert accounts.members == (people("abcdx"), people("x"))
    assert {account: (one["synced"], one["errored"]) for account, one in accounts.reports.items()} == {
        AD_ACCOUNT: (4, 0),
        SISTER_ACCOUNT: (0, 4),
    }
    assert accounts.reports[AD_ACCOUNT]["failure"] is None
    accounts.pinterest.stop_trouble()
    assert accounts.sync(stream(), *rows("abcd"), state(2), **store) == [2]
    assert accounts.members == (people("abcdx"), people("abcdx"))


def test_the_first_account_may_fail_as_well(accounts: Accounts) -> None:
    accounts.have("x")
    accounts.pinterest.refuse("GET", f"{AD_ACCOUNT}/audiences$", 403, code=29, times=99)
    with raises(Code.ROLE_MISSING, match=rf"ad account {AD_ACCOUNT}"):
        accounts.sync(stream(), *rows("abc"), state(1), **WITHOUT_STORE)
    assert accounts.released == []
    assert accounts.members == (people("x"), people("abcx"))


def test_what_no_account_gets_ends_the_sync_and_names_both(accounts: Accounts) -> None:
    accounts.have("x")
    accounts.pinterest.refuse("GET", "/audiences$", 403, code=29, times=99)
    with raises(Code.ROLE_MISSING, match=rf"\(ad account {AD_ACCOUNT}\).*\(ad account {SISTER_ACCOUNT}\)"):
        accounts.sync(stream(), *rows("abc"), state(1), **WITHOUT_STORE)
    assert accounts.released == []


def test_a_token_that_is_refused_ends_the_sync_at_once(accounts: Accounts) -> None:
    accounts.pinterest.refuse("GET", f"{SISTER_ACCOUNT}/audiences$", 401, code=2, times=99)
    with raises(Code.ACCESS_TOKEN_REFUSED):
        accounts.sync(stream(), *rows("abc"), state(1), **WITHOUT_STORE)
    assert accounts.released == []


@STORES
def test_a_guard_judges_each_account_by_its_own_members(accounts: Accounts, store: dict[str, Any]) -> None:
    accounts.sync(stream(**REFRESH), *rows("ab"), complete(), **store)
    sister = next(number for number, owner in accounts.pinterest.owners.items() if owner == SISTER_ACCOUNT)
    later = {**REFRESH, "generation_id": 8, "minimum_generation_id": 8}
    if store:
        list_id = accounts.pinterest.audiences[max(accounts.pinterest.owners)]["rule"]["customer_list_id"]
        accounts.pinterest.lists[list_id]["num_uploaded_user_records"] = 90
    else:
        with accounts.ledger(SISTER_ACCOUNT) as ledger:
            assert ledger.members == 2
        accounts.shop.sync([stream(**later)], *rows("abcdefgh"), complete(), ad_account_id=SISTER_ACCOUNT)
        later = {**REFRESH, "generation_id": 9, "minimum_generation_id": 9}
    with raises(Code.REMOVAL_ABOVE_LIMIT, match=f"ad account {SISTER_ACCOUNT}"):
        accounts.sync(stream(**later), *rows("bc"), state(1), complete(), **store)
    assert sister
    assert accounts.released == []
    assert accounts.members[0] == people("bc")


def test_who_left_between_two_attempts_of_a_job_leaves_the_account_that_had_taken_the_first(accounts: Accounts) -> None:
    """The states of the first attempt did not return, so the second reads the whole table, and replaces by it."""
    resumable = {**stream(**REFRESH), **RESUMABLE}
    accounts.sync({**resumable, "generation_id": 6, "minimum_generation_id": 6}, *rows("xabc"), state(1), complete())
    writes_refused(accounts.pinterest)
    with raises(Code.ROLE_MISSING):
        accounts.sync(resumable, *rows("abc"), *rows("d"), state(2), complete())
    assert accounts.members[0] == people("abcd")
    accounts.pinterest.stop_trouble()
    assert accounts.sync(resumable, *rows("bcd"), state(3), complete()) == [3]
    assert accounts.members == (people("bcd"), people("bcd"))
