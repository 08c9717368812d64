from __future__ import annotations

import pytest

from destination_pinterest.identity.given_id import (
    MAX_ENVELOPE_CHARACTERS,
    MAX_EXTERNAL_ID_CHARACTERS,
    read_envelope,
    read_external_id,
)
from destination_pinterest.identity.rejection import RejectionReason

ENVELOPE = "AjfowMv4ZHZQJFM8TpiUnYEyA81Vdgg_exampleEnvelope"


@pytest.mark.parametrize("given", ["1005", "C-1005", "a,b", "M\u00fcller 7", "0012", "x" * MAX_EXTERNAL_ID_CHARACTERS])
def test_an_external_id_is_sent_as_given(given: str) -> None:
    assert read_external_id(f" {given}\n") == given


@pytest.mark.parametrize(
    "given",
    [
        "ada@example.com",
        "user@localhost",
        "+14155550100",
        "+1 (415) 555-0100",
        "0014155550100",
        "(415) 555-0100",
        "192.0.2.1",
        "2001:db8::1",
    ],
)
def test_what_identifies_people_by_other_means_never_leaves_as_an_external_id(given: str) -> None:
    assert read_external_id(given) is RejectionReason.PLAIN_IN_ID


@pytest.mark.parametrize("given", ["null", "None", "N/A", "nan", "a\tb", "a\x00", "\ud83d"])
def test_nobodys_id_is_refused(given: str) -> None:
    assert read_external_id(given) is RejectionReason.INVALID_EXTERNAL_ID


def test_an_over_long_id_is_refused() -> None:
    assert read_external_id("x" * (MAX_EXTERNAL_ID_CHARACTERS + 1)) is RejectionReason.ID_TOO_LONG


@pytest.mark.parametrize("given", [ENVELOPE, f"{ENVELOPE}==", "aB" * (MAX_ENVELOPE_CHARACTERS // 2)])
def test_an_envelope_is_sent_as_given(given: str) -> None:
    assert read_envelope(f" {given} ") == given


@pytest.mark.parametrize("given", ["XY1005", f"{ENVELOPE} {ENVELOPE}", "a" * 64, "aB" * 2_049, '{"envelope": "x"}'])
def test_what_is_no_envelope_is_refused(given: str) -> None:
    assert read_envelope(given) is RejectionReason.INVALID_ENVELOPE


def test_an_address_never_leaves_as_an_envelope() -> None:
    assert read_envelope("ada.lovelace.of.the.analytical.engine@example.com") is RejectionReason.PLAIN_IN_ID


@pytest.mark.parametrize("read", [read_external_id, read_envelope])
def test_a_blank_counts_as_null_and_a_change_logs_placeholder_as_unchanged(read) -> None:  # type: ignore[no-untyped-def]
    assert read(" \u200b") is None
    assert read("__debezium_unavailable_value") is RejectionReason.VALUE_UNCHANGED
