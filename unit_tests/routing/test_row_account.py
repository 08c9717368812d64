from __future__ import annotations

import msgspec
import pytest

from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.routing.row_account import RowAccounts

ACCOUNTS = RowAccounts(["549755885175", "007"])
MISSING, INVALID = RejectionReason.NO_AD_ACCOUNT, RejectionReason.INVALID_AD_ACCOUNT
UNKNOWN, UNCHANGED = RejectionReason.UNKNOWN_AD_ACCOUNT, RejectionReason.VALUE_UNCHANGED


@pytest.mark.parametrize("value", ["549755885175", " 549755885175\t", 549755885175, 549755885175.0, "0549755885175"])
def test_an_account_is_named_as_text_or_as_a_number(value: object) -> None:
    assert ACCOUNTS.of(value) == "549755885175"


@pytest.mark.parametrize("value", ["7", 7, "007"])
def test_leading_zeros_make_no_other_account(value: object) -> None:
    assert ACCOUNTS.of(value) == "007"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, MISSING),
        ("", MISSING),
        (" \u00a0", MISSING),
        ("shop", INVALID),
        ("549755885175.5", INVALID),
        (549755885175.5, INVALID),
        ("-549755885175", INVALID),
        ("1" * 19, INVALID),
        ("\u0665", INVALID),
        (True, INVALID),
        (["549755885175"], INVALID),
        ({}, INVALID),
        ("549755885176", UNKNOWN),
        (0, UNKNOWN),
        (msgspec.UNSET, UNCHANGED),
        ("__debezium_unavailable_value", UNCHANGED),
    ],
)
def test_what_names_no_account_of_the_settings_is_refused_with_its_reason(
    value: object, reason: RejectionReason
) -> None:
    assert ACCOUNTS.of(value) is reason
