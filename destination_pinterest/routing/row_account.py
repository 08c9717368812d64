"""Reads from each row the ad account that it goes to, where a column names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.placeholder import is_placeholder
from destination_pinterest.identity.rejection import RejectionReason

# Reasons of rows that say nothing about their account, rather than something wrong.
NOT_NAMED: Final = frozenset({RejectionReason.NO_AD_ACCOUNT, RejectionReason.VALUE_UNCHANGED})

_MOST_DIGITS: Final = 18
# Above it, a number with decimals no longer tells neighbours apart.
_LARGEST_WHOLE_FLOAT: Final = 2**53


class RowAccounts:
    """Reads ad accounts of rows.

    Args:
        ad_account_ids: those of the settings; a row may name no other.
    """

    def __init__(self, ad_account_ids: Sequence[str]) -> None:
        self._by_number = {account.lstrip("0"): account for account in ad_account_ids}

    def of(self, value: object) -> str | RejectionReason:
        """Returns the ad account that a value names, as the settings write it, or why the row goes to none.

        Args:
            value: the column's; msgspec.UNSET if the record lacks it.
        """
        if value is msgspec.UNSET or (isinstance(value, str) and is_placeholder(value)):
            return RejectionReason.VALUE_UNCHANGED
        text = _text(value)
        if not text:
            return RejectionReason.NO_AD_ACCOUNT
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
            return RejectionReason.INVALID_AD_ACCOUNT
        return self._by_number.get(text.lstrip("0"), RejectionReason.UNKNOWN_AD_ACCOUNT)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_WHOLE_FLOAT:
        return str(int(value))
    return strip_blanks(value) if isinstance(value, str) else str(value)
