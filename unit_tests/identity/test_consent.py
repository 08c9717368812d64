from __future__ import annotations

import math
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.consent import Consent, ConsentRule
from unit_tests.support.raises import raises

BY_ITSELF = ConsentRule()
BY_PURPOSE = ConsentRule(["Ads", "marketing, personalised"])


@pytest.mark.parametrize(
    "value",
    [
        *(True, 1, 1.0, "1", "1.0", "true", "T", " Yes ", "y", "GRANTED", ["yes"], '["granted"]', '"yes"'),
        *("opt-in", "Opt in", "opt_in", "OptIn", "opted-in"),
    ],
)
def test_a_plain_yes_is_consent(value: Any) -> None:
    assert BY_ITSELF.read(value) is Consent.GIVEN


@pytest.mark.parametrize(
    "value",
    [
        *("2026-01-02", "2026-01-02T10:00:00Z", "2026-01-02 10:00:00.123456+00", "2026-01-02 10:00:00 UTC"),
        *("2026-01-02T10:00:00.000000000Z", "2026/1/2", "02/13/2026", "13.02.2026", "1/2/2026, 10:00 AM"),
        *(1_732_700_000, 1_732_700_000_000, "1732700000", 1_732_700_000.5),
    ],
)
def test_a_time_is_consent(value: Any) -> None:
    assert BY_ITSELF.read(value) is Consent.GIVEN


@pytest.mark.parametrize("value", [None, "", "  ", "\u200b"])
def test_blank_is_not_stated(value: Any) -> None:
    assert BY_ITSELF.read(value) is BY_PURPOSE.read(value) is Consent.UNSTATED


@pytest.mark.parametrize(
    "value", [False, 0, 0.0, "0", "No", "f", "denied", "OPT-OUT", "withdrawn", "null", [], {}, "[]"]
)
def test_a_plain_no_is_none(value: Any) -> None:
    assert BY_ITSELF.read(value) is Consent.REFUSED


@pytest.mark.parametrize(
    "value",
    [
        *("maybe", "pending", "not granted", "yes no", "ads", 2, -1, 10**40, math.nan, math.inf, "99999999999999999"),
        *("1970-01-01", "0000-00-00", "9999-12-31", "2026-13-45", "2026-02-32", "2026-01-02 or later"),
        *(["yes", "no"], ["ads"], {"ads": True}, [[]], "[", "{"),
    ],
)
def test_what_is_doubtful_or_unknown_is_unclear_and_so_no_consent(value: Any) -> None:
    assert BY_ITSELF.read(value) is Consent.UNCLEAR


@pytest.mark.parametrize(
    "value",
    [
        *("ads", " ADS ", "email, ads", "email;ads", "email|ads", "email\nads", "ads,", "Marketing, personalised"),
        *(["email", "Ads"], '["email", "ads"]', "{email,ads}", "['email', 'ads']", '{"a, b",ads}', '"ads"'),
        *({"ads": True}, {"Ads": "granted"}, '{"ads": 1, "email": 0}', {"ads": "2026-01-02"}),
    ],
)
def test_one_purpose_that_suffices_is_consent_however_purposes_are_listed(value: Any) -> None:
    assert BY_PURPOSE.read(value) is Consent.GIVEN


@pytest.mark.parametrize(
    "value",
    [
        *(
            "email",
            "no ads",
            "ads email",
            "no_ads",
            "-ads",
            "ads=false",
            "ads: no",
            True,
            1,
            "yes",
            [],
            ["email"],
            [["ads"]],
        ),
        *({"ads": False}, {"ads": None}, {"ads": "maybe"}, '{"ads": false}', '{"email, ads",x}', '"no" ads, x'),
        *("x" * 200_000 + ",ads", "," * 200_000),
    ],
)
def test_what_names_no_purpose_that_suffices_is_no_consent(value: Any) -> None:
    assert BY_PURPOSE.read(value) is Consent.REFUSED


def test_a_number_that_is_too_long_to_print_is_no_consent() -> None:
    assert BY_PURPOSE.read(10**5000) is Consent.REFUSED
    assert BY_ITSELF.read(10**5000) is Consent.UNCLEAR


def test_where_values_are_named_only_they_permit() -> None:
    rule = ConsentRule(["1", "true"])
    assert [rule.read(value) for value in (1, 1.0, True, "TRUE")] == [Consent.GIVEN] * 4
    assert [rule.read(value) for value in ("yes", "granted", "2026-01-02")] == [Consent.REFUSED] * 3


def test_a_blank_value_that_permits_is_refused() -> None:
    with raises(Code.CONSENT_VALUES_INVALID, match="never consents"):
        ConsentRule(["yes", " "])
