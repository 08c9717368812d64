"""Shows the ad accounts that a sign-in reaches, and has one of them chosen."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown
from pinterest_audiences.failures import UsageError
from pinterest_audiences.report_view import Line
from pinterest_audiences.sign_in.secrets_asked import can_ask

# An agency may reach hundreds.
_MOST_NAMED: Final = 10

Account = Mapping[str, Any]


def account_text(account: Account) -> str:
    """An ad account by name and ID."""
    return f'"{account["name"]}" ({account["ad_account_id"]})' if account["name"] else str(account["ad_account_id"])


def account_lines(accounts: Sequence[Account], chosen: str | None) -> list[Line]:
    """A line for each ad account: its ID; its name, the roles on it, and whether they suffice."""
    return [(account["ad_account_id"], _described(account, chosen)) for account in accounts]


def _described(account: Account, chosen: str | None) -> str:
    parts = [account["name"] or "(no name)", ", ".join(account["roles"]) or "roles unknown"]
    if not account["may_change_audiences"]:
        parts.append("may not change audiences")
    if account["ad_account_id"] == chosen:
        parts.append("in use")
    return "; ".join(parts)


def named_account(accounts: Sequence[Account], asked: str) -> Account:
    """The ad account of an ID or a name. Raises: UsageError if none is meant, or several are."""
    found = [one for one in accounts if one["ad_account_id"].lstrip("0") == asked.strip().lstrip("0")]
    found = found or [one for one in accounts if (one["name"] or "").casefold() == asked.strip().casefold()]
    if len(found) == 1:
        return found[0]
    named = ", ".join(account_text(one) for one in accounts[:_MOST_NAMED]) or "none"
    more = f" and {len(accounts) - _MOST_NAMED:,} more" if len(accounts) > _MOST_NAMED else ""
    what = "Several ad accounts have the name" if found else "The sign-in does not reach an ad account"
    raise UsageError(
        Code.ACCOUNT_NOT_AMONG_THEM, f"{what} {shown(asked)!r}; it reaches {named}{more}. Give one of these IDs."
    )


def chosen_account(accounts: Sequence[Account], asked: str | None, before: str | None, profile: str) -> Account:
    """The ad account to use: the one that is asked for, the one of before, the only usable one, or a person's choice.

    Raises: UsageError if none is chosen.
    """
    if asked is not None:
        return named_account(accounts, asked)
    kept = [one for one in accounts if one["ad_account_id"] == before]
    usable = [one for one in accounts if one["may_change_audiences"]]
    if kept or len(usable) == 1:
        return (kept or usable)[0]
    if not accounts:
        raise UsageError(
            Code.ACCOUNT_NOT_CHOSEN,
            "The sign-in is kept, but it reaches no ad account. Create one in Pinterest Ads Manager, or have one "
            f"shared with you; then run `pinterest-audiences accounts --profile {profile} --use ID`.",
        )
    if can_ask():
        return _asked(accounts)
    raise UsageError(
        Code.ACCOUNT_NOT_CHOSEN,
        f"The sign-in is kept and reaches {len(accounts):,} ad accounts, of which none was chosen. Run "
        f"`pinterest-audiences accounts --profile {profile} --use ID`.",
    )


def _asked(accounts: Sequence[Account]) -> Account:
    for number, account in enumerate(accounts, 1):
        sys.stderr.write(f"{number:>4}  {shown(account['ad_account_id'])}  {shown(_described(account, None))}\n")
    while True:
        sys.stderr.write(f"Which ad account (1 to {len(accounts)}, or its ID)? ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise UsageError(
                Code.ACCOUNT_NOT_CHOSEN,
                "The sign-in is kept, but no ad account was chosen. Run `pinterest-audiences accounts --use ID`.",
            )
        answer = line.strip()
        if answer.isdecimal() and 1 <= int(answer) <= len(accounts):
            return accounts[int(answer) - 1]
        for account in accounts:
            if account["ad_account_id"] == answer:
                return account
