"""Which ad account a sign-in is used for."""

from __future__ import annotations

import io
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sign_in.account_choice import account_lines, chosen_account, named_account
from unit_tests.support.raises import raises


def account(account_id: str, name: str | None = "Acme", *roles: str, usable: bool = True) -> dict[str, Any]:
    return {"ad_account_id": account_id, "name": name, "roles": list(roles), "may_change_audiences": usable}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_only_account_in_which_audiences_may_be_changed_is_chosen() -> None:
    accounts = [account("1", "A", "ANALYST", usable=False), account("2", "B", "ADMIN")]
    assert chosen_account(accounts, None, None, "p")["ad_account_id"] == "2"


def test_a_new_sign_in_keeps_the_account_of_before_if_it_reaches_it() -> None:
    accounts = [account("1"), account("2"), account("3")]
    assert chosen_account(accounts, None, "2", "p")["ad_account_id"] == "2"


def test_of_several_accounts_a_person_chooses_by_number_or_id(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = [account("549", "A"), account("550", "B", "ADMIN")]
    for typed in ("2\n", "7\n\n550\n"):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert chosen_account(accounts, None, None, "p")["ad_account_id"] == "550"
    monkeypatch.setattr("sys.stdin", Terminal(""))
    with raises(Code.ACCOUNT_NOT_CHOSEN):
        chosen_account(accounts, None, None, "p")


def test_where_nobody_can_be_asked_the_way_to_choose_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with raises(Code.ACCOUNT_NOT_CHOSEN, match="accounts --profile p --use ID"):
        chosen_account([account("1"), account("2")], None, None, "p")
    with raises(Code.ACCOUNT_NOT_CHOSEN, match="reaches no ad account"):
        chosen_account([], None, None, "p")


def test_an_account_is_named_by_id_or_by_a_name_that_only_one_has() -> None:
    accounts = [account("0549", "Acme"), account("550", "Other"), account("551", "other")]
    assert named_account(accounts, "549")["name"] == "Acme"
    assert named_account(accounts, "acme")["ad_account_id"] == "0549"
    with raises(Code.ACCOUNT_NOT_AMONG_THEM, match="Several ad accounts"):
        named_account(accounts, "Other")
    with raises(Code.ACCOUNT_NOT_AMONG_THEM, match="does not reach"):
        named_account(accounts, "1")


def test_roles_are_shown_and_whether_they_suffice() -> None:
    lines = account_lines([account("1", None), account("2", "B", "ANALYST", "SOS_READER", usable=False)], "1")
    assert lines == [
        ("1", "(no name); roles unknown; in use"),
        ("2", "B; ANALYST, SOS_READER; may not change audiences"),
    ]
