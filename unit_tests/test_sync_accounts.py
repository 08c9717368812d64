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
from unit_tests.remembered.shop import (
    PLATFORM,
    Shop,
    complete,
    deduped,
    deleted,
    people,
    row,
    rows,
    said,
    state,
    stream,
)
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
        self.pinterest.reached.append(self.pinterest.sister)
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
    def every_report(self) -> list[dict[str, Any]]:
        """What the last sync reported of each audience."""
        text = [text for text in self._outbox.log_texts if text.startswith(REPORT_PREFIX)][-1]
        return list(json.loads(text.removeprefix(REPORT_PREFIX))["audiences"])

    @property
    def reports(self) -> dict[str, dict[str, Any]]:
        """What the last sync reported of the audience, by ad account."""
        return {one["ad_account_id"]: one for one in self.every_report}


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


# --- rows that name their ad account ----------------------------------------------------------------------------------

BY_COLUMN = {"ad_account_column": "account"}
HERE, THERE = AD_ACCOUNT, SISTER_ACCOUNT


def of(name: str | None, account: object, **more: Any) -> bytes:
    return row(name, account=account, **more)


@STORES
def test_a_row_goes_to_the_account_that_it_names_alone(accounts: Accounts, store: dict[str, Any]) -> None:
    lines = [of("a", HERE), of("b", THERE), of("c", int(THERE)), of("d", f" {HERE} "), state(1)]
    assert accounts.sync(stream("users", "account"), *lines, **BY_COLUMN, **store) == [1]
    assert accounts.members == (people("ad"), people("bc"))
    assert [report["entered"] for report in accounts.reports.values()] == [2, 2]


@STORES
def test_what_names_no_account_of_the_settings_is_refused_and_counted_in_the_first(
    accounts: Accounts, store: dict[str, Any]
) -> None:
    wrong = [of("x", None), of("x", "shop"), of("x", "5")]
    lines = [*[of(name, HERE) for name in "abcd"], *[of(name, THERE) for name in "efgh"], *wrong, state(1)]
    assert accounts.sync(stream("users", "account"), *lines, **BY_COLUMN, **store) == [1]
    assert accounts.members == (people("abcd"), people("efgh"))
    assert [report["not_synced"] for report in accounts.reports.values()] == [
        {"no_ad_account": 1, "invalid_ad_account": 1, "unknown_ad_account": 1},
        {},
    ]


@STORES
def test_if_most_rows_name_no_account_none_is_replaced(accounts: Accounts, store: dict[str, Any]) -> None:
    accounts.have("xy")
    lines = [of("a", HERE), of("b", THERE), *[of("x", "shop")] * 3, state(1), complete()]
    with raises(Code.TOO_MANY_ROWS_REJECTED):
        accounts.sync(stream("users", "account", **REFRESH), *lines, **BY_COLUMN, **store)
    assert accounts.released == []
    assert accounts.members == (people("xy"), people("xy"))


@STORES
def test_by_a_replacement_a_row_leaves_the_account_that_it_names_no_more(
    accounts: Accounts, store: dict[str, Any]
) -> None:
    columns = stream("users", "account", **REFRESH)
    first = [of("a", HERE), of("b", HERE), of("c", THERE), of("d", THERE), complete()]
    accounts.sync(columns, *first, **BY_COLUMN, **store)
    columns |= {"generation_id": 8, "minimum_generation_id": 8}
    second = [of("a", THERE), of("b", HERE), of("c", THERE), of("d", THERE), complete()]
    accounts.sync(columns, *second, **BY_COLUMN, **store)
    assert accounts.members == (people("b"), people("acd"))


def test_with_a_key_and_a_store_a_row_leaves_the_account_that_it_names_no_more(accounts: Accounts) -> None:
    columns = deduped("users", "account")
    accounts.sync(columns, of("a", HERE, id=1), of("b", HERE, id=2), of("c", THERE, id=3), state(1), **BY_COLUMN)
    accounts.sync(columns, of("a", THERE, id=1), of("new", HERE, id=3), state(2), **BY_COLUMN)
    assert accounts.members == (people(["b", "new"]), people("a"))
    assert [report["not_synced"] for report in accounts.reports.values()] == [{}, {}]


def test_a_row_that_moves_back_and_forth_in_one_sync_ends_where_its_last_version_says(accounts: Accounts) -> None:
    moves = [of("a", account, id=1) for account in (HERE, THERE, HERE, THERE)]
    accounts.sync(deduped("users", "account"), of("b", HERE, id=2), *moves, state(1), **BY_COLUMN)
    assert accounts.members == (people("b"), people("a"))


@pytest.mark.parametrize("account", [None, "shop", "5"])
def test_a_row_that_comes_to_name_no_account_leaves_the_one_it_was_in(accounts: Accounts, account: object) -> None:
    columns = deduped("users", "account")
    accounts.sync(columns, of("a", HERE, id=1), of("b", HERE, id=2), of("c", THERE, id=3), state(1), **BY_COLUMN)
    accounts.sync(columns, of("a", account, id=1), state(2), **BY_COLUMN)
    assert accounts.members == (people("b"), people("c"))


def test_a_row_whose_record_does_not_give_its_account_stays_where_it_is(accounts: Accounts) -> None:
    columns = deduped("users", "account")
    accounts.sync(columns, of("a", HERE, id=1), of("c", THERE, id=3), state(1), **BY_COLUMN)
    accounts.sync(columns, row("a", id=1), state(2), **BY_COLUMN)
    assert accounts.members == (people("a"), people("c"))
    assert accounts.reports[HERE]["not_synced"] == {"value_unchanged": 1}


def test_a_deletion_by_key_alone_finds_its_person_whatever_the_account(accounts: Accounts) -> None:
    columns = deduped("users", "account")
    accounts.sync(columns, of("a", HERE, id=1), of("b", HERE, id=2), of("c", THERE, id=3), of("d", THERE, id=4),
                  state(1), **BY_COLUMN)  # fmt: skip
    accounts.sync(columns, deleted(1), deleted(3), state(2), **BY_COLUMN)
    assert accounts.members == (people("b"), people("d"))


def test_without_a_store_a_deletion_that_names_no_account_removes_from_all(accounts: Accounts) -> None:
    accounts.have("ab")
    accounts.sync(
        stream("users", "account", "_ab_cdc_deleted_at"),
        of("a", None, _ab_cdc_deleted_at="2026-11-22T10:00:00Z"),
        **BY_COLUMN,
        **WITHOUT_STORE,
    )
    assert accounts.members == (people("b"), people("b"))


def test_an_account_that_fails_takes_only_its_own_rows_with_it(accounts: Accounts) -> None:
    accounts.have("x")
    writes_refused(accounts.pinterest)
    columns = deduped("users", "account")
    lines = [of("a", HERE, id=1), of("b", THERE, id=2), state(1), of("c", HERE, id=3), of("d", THERE, id=4), state(2)]
    with raises(Code.ROLE_MISSING, match=f"ad account {THERE}"):
        accounts.sync(columns, *lines, **BY_COLUMN)
    assert accounts.released == []
    assert accounts.members == (people("acx"), people("x"))
    assert [(report["synced"], report["errored"]) for report in accounts.reports.values()] == [(2, 0), (0, 2)]
    accounts.pinterest.stop_trouble()
    assert accounts.sync(columns, *lines, **BY_COLUMN) == [1, 2]
    assert accounts.members == (people("acx"), people("bdx"))


def test_an_account_that_failed_before_the_first_row_gets_none_and_the_other_all_of_its_own(
    accounts: Accounts, outbox: Outbox
) -> None:
    accounts.have("x")
    role_missing(accounts.pinterest)
    wrong = of("x", "shop")
    with raises(Code.ROLE_MISSING):
        accounts.sync(stream("users", "account"), of("a", HERE), of("b", THERE), wrong, **BY_COLUMN, **WITHOUT_STORE)
    assert [(report["entered"], report["errored"]) for report in accounts.reports.values()] == [(2, 0), (1, 1)]


def test_a_stream_without_the_column_is_refused(accounts: Accounts) -> None:
    with raises(Code.AD_ACCOUNT_COLUMN_MISSING, match='lacks the column "account"'):
        accounts.sync(stream(), of("a", HERE), **BY_COLUMN)
    assert accounts.pinterest.asked == []


def test_without_a_store_it_is_said_aloud_that_a_row_does_not_leave_its_former_account(
    accounts: Accounts, outbox: Outbox
) -> None:
    accounts.sync(stream("users", "account"), of("a", HERE), **BY_COLUMN, **WITHOUT_STORE)
    (warning,) = [text for text in said(outbox, "WARN") if "stays in the one before" in text]
    assert warning.endswith("since there is no membership store.")
    accounts.sync(stream("users", "account"), of("a", HERE), **BY_COLUMN)
    assert "since it has no primary key." in " ".join(said(outbox, "WARN"))


def test_where_a_row_leaves_its_former_account_nothing_is_said(accounts: Accounts, outbox: Outbox) -> None:
    accounts.sync(deduped("users", "account"), of("a", HERE, id=1), **BY_COLUMN)
    accounts.sync(stream("users", "account", **REFRESH), of("a", HERE), complete(), **BY_COLUMN)
    accounts.sync(stream("users", "account", **REFRESH), of("a", HERE), complete(), **BY_COLUMN, **WITHOUT_STORE)
    assert not [text for text in said(outbox, "WARN") if "stays in the one before" in text]


def test_an_object_of_one_account_gets_the_rows_alone(accounts: Accounts) -> None:
    accounts.have("x")
    sisters = next(iter(set(accounts.pinterest.owners) & set(accounts.pinterest.audiences)))
    chosen = stream(destination_object_name=f"users ({SISTER_ACCOUNT}/{sisters})")
    accounts.sync(chosen, *rows("ab"), state(1), **WITHOUT_STORE)
    assert accounts.members == (people("x"), people("abx"))


def test_an_account_named_twice_is_refused(accounts: Accounts) -> None:
    for twice in ([AD_ACCOUNT], [SISTER_ACCOUNT, SISTER_ACCOUNT], [f"0{AD_ACCOUNT}"]):
        with raises(Code.SETTINGS_INVALID, match="an ad account is named twice"):
            accounts.sync(stream(), *rows("a"), also_in_ad_accounts=twice)


def test_numbers_and_blanks_in_the_list_of_accounts_are_read(accounts: Accounts) -> None:
    accounts.sync(stream(), *rows("a"), also_in_ad_accounts=[int(SISTER_ACCOUNT)], **WITHOUT_STORE)
    accounts.sync(stream(), *rows("b"), also_in_ad_accounts=[f" {SISTER_ACCOUNT} "], **WITHOUT_STORE)
    assert accounts.members == (people("ab"), people("ab"))


def test_sums_of_rows_leave_out_the_copies(accounts: Accounts) -> None:
    accounts.sync(stream(), *rows("ab"), state(1), **WITHOUT_STORE)
    assert [report["repeats_rows"] for report in accounts.reports.values()] == [False, True]
    accounts.sync(stream("users", "account"), of("a", HERE), **BY_COLUMN, **WITHOUT_STORE)
    assert [report["repeats_rows"] for report in accounts.reports.values()] == [False, False]


def test_an_account_that_is_added_to_an_increment_is_told_to_lack_what_came_before(
    accounts: Accounts, outbox: Outbox
) -> None:
    accounts.sync(deduped(), row("a", id=1), state(1), also_in_ad_accounts=[])
    accounts.sync(deduped(), row("b", id=2), state(2))
    warnings = [text for text in said(outbox, "WARN") if "It is new in this ad account" in text]
    assert [text.partition(":")[0] for text in warnings] == [f'Audience "users" (ad account {SISTER_ACCOUNT})']
    assert accounts.members == (people("ab"), people("b"))


def test_an_account_that_is_added_to_whole_tables_has_them_at_once(accounts: Accounts, outbox: Outbox) -> None:
    accounts.sync(stream(**REFRESH), *rows("ab"), complete(), also_in_ad_accounts=[])
    accounts.sync(stream(**{**REFRESH, "generation_id": 8, "minimum_generation_id": 8}), *rows("ab"), complete())
    assert accounts.members == (people("ab"), people("ab"))
    assert not [text for text in said(outbox, "WARN") if "It is new in this ad account" in text]


def test_what_is_wrong_with_an_account_stops_all_of_its_audiences_and_no_other(accounts: Accounts) -> None:
    for name in ("good", "bad"):
        for account in (AD_ACCOUNT, SISTER_ACCOUNT):
            list_id = accounts.pinterest.add_list(name, account=account)
            accounts.pinterest.add_audience(name, list_id, account=account)
    account_disapproved(accounts.pinterest)
    lines = [*rows("a", "good"), state(1, of="good"), *rows("b", "bad"), state(2, of="bad")]
    with raises(
        Code.AD_ACCOUNT_DISAPPROVED,
        match=rf'"good" \(ad account {SISTER_ACCOUNT}\), "bad" \(ad account {SISTER_ACCOUNT}',
    ):
        accounts.shop.sync([stream("good"), stream("bad")], *lines, **BOTH, **WITHOUT_STORE)
    found = {(name, account): accounts.pinterest.people_in(name, account)
             for name in ("good", "bad") for account in (AD_ACCOUNT, SISTER_ACCOUNT)}  # fmt: skip
    assert found == {
        ("good", AD_ACCOUNT): people("a"),
        ("bad", AD_ACCOUNT): people("b"),
        ("good", SISTER_ACCOUNT): set(),
        ("bad", SISTER_ACCOUNT): set(),
    }


def test_a_row_of_an_account_that_failed_is_counted_once_whichever_audience_it_names(accounts: Accounts) -> None:
    role_missing(accounts.pinterest)
    by_both = {**BY_COLUMN, **WITHOUT_STORE, "audience_column": "segment"}
    lines = [of("a", HERE, segment="VIP"), of("b", THERE, segment="VIP"), of("c", THERE, segment="Old")]
    with raises(Code.ROLE_MISSING):
        accounts.sync(stream("users", "account", "segment"), *lines, **by_both)
    of_account = [one for one in accounts.every_report if one["ad_account_id"] == THERE]
    assert (sum(one["entered"] for one in of_account), sum(one["errored"] for one in of_account)) == (2, 2)


def test_an_audience_is_shared_from_each_ad_account_and_made_alike_there(accounts: Accounts) -> None:
    accounts.have("a")
    accounts.sync(
        stream(), *rows("a"), **WITHOUT_STORE,
        share_with={"businesses": ["729090764583391195"]}, actalike={"countries": ["US"], "percentages": [1]},
    )  # fmt: skip
    shares = {(accounts.pinterest.owners.get(of, AD_ACCOUNT), kind) for of, kind, _ in accounts.pinterest.shares}
    assert shares == {(account, "BUSINESS_ACCOUNT") for account in (AD_ACCOUNT, SISTER_ACCOUNT)}
    alike = [one for one in accounts.pinterest.audiences.values() if one["audience_type"] == "ACTALIKE"]
    assert len({accounts.pinterest.owners.get(one["id"], AD_ACCOUNT) for one in alike}) == len(alike) == 2
