from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.alert import Finding
from pinterest_audiences.alerts.rules import SignIn, run_findings, sign_in_finding, size_findings
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.history.records import Observation, RunRecord

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
USUAL = AlertSettings()
RUN = RunRecord(
    "r", None, "vip", "VIP", "1", None, "run", NOON, NOON, 0, None, None, None, "1",
    {"entered": 100, "not_synced": {}},
)  # fmt: skip
SEEN = Observation("1", "25", "VIP", NOON, 1000, "READY", "observe", 0.5)


def told(findings: Any) -> dict[str, str | None]:
    return {each.kind: each.text for each in findings}


def failed(code: Code, text: str = "No.") -> RunRecord:
    return replace(
        RUN, exit_code=1, failure_kind=code.failure_kind, failure_code=str(code), failure_text=text, figures={}
    )


def with_rows(not_synced: dict[str, int], **figures: Any) -> RunRecord:
    return replace(RUN, figures={"entered": 100, "not_synced": not_synced, **figures})


def test_a_clean_run_says_that_all_is_well() -> None:
    assert told(run_findings(RUN, USUAL)) == {
        "failure": None, "guard": None, "empty_table": None, "rejected_share": None
    }  # fmt: skip


def test_a_failure_is_told_with_its_reason() -> None:
    found = told(run_findings(failed(Code.PINTEREST_UNREACHABLE, "PIN-NET-001: No answer."), USUAL))
    assert found == {"failure": "PIN-NET-001: No answer.", "guard": None}


def test_a_guard_is_told_as_one_and_not_twice() -> None:
    found = told(run_findings(failed(Code.REMOVAL_ABOVE_LIMIT, "PIN-GUARD-001: Too many."), USUAL))
    assert found == {"failure": None, "guard": "PIN-GUARD-001: Too many."}


def test_an_empty_table_is_told_once_whether_the_run_failed_for_it_or_not() -> None:
    kept = replace(RUN, figures={**RUN.figures, "empty_table": "kept"})
    refused = replace(
        kept, exit_code=1, failure_kind="config_error", failure_code=str(Code.EMPTY_TABLE_KEPT), failure_text="Kept."
    )
    for record in (kept, refused):
        found = told(run_findings(record, USUAL))
        assert (found["failure"], found["guard"]) == (None, None)
        assert "the audience keeps its members" in (found["empty_table"] or "")
    quiet = AlertSettings(empty_table=False)
    assert told(run_findings(refused, quiet))["failure"] == "Kept."
    new = replace(RUN, figures={**RUN.figures, "empty_table": "nobody_yet"})
    assert "nobody is in it yet" in (told(run_findings(new, USUAL))["empty_table"] or "")
    assert "empty_table" not in told(run_findings(new, quiet))


def test_no_person_is_in_the_reason_of_a_failure() -> None:
    found = told(run_findings(failed(Code.PINTEREST_UNREACHABLE, "No: ada@example.com\x1b[31m"), USUAL))
    assert found["failure"] == "No: […]"


@pytest.mark.parametrize(
    ("record", "is_told"),
    [
        (with_rows({"invalid_email": 11}), True),
        (with_rows({"invalid_email": 10}), False),
        (with_rows({"no_identity": 6, "invalid_email": 6}), True),
        (with_rows({"no_consent": 60, "suppressed": 20, "nobody_to_remove": 10}), False),
        (with_rows({}, rows_unreadable=30), True),
        (with_rows({"a_reason_of_a_later_version": 50}), True),
    ],
)
def test_rows_that_could_not_be_used_are_told_above_their_share(record: RunRecord, is_told: bool) -> None:
    text = told(run_findings(record, USUAL))["rejected_share"]
    assert (text is not None) is is_told


def test_the_most_frequent_reasons_are_named() -> None:
    text = told(run_findings(with_rows({"invalid_email": 40, "no_identity": 9}), USUAL))["rejected_share"]
    assert text == "49 of 100 rows (49.0%) could not be used: invalid_email 40, no_identity 9."


def test_a_condition_that_is_off_says_nothing_at_all() -> None:
    off = AlertSettings(failure=False, guard=False, rejected_share=None)
    assert told(run_findings(failed(Code.PINTEREST_UNREACHABLE), off)) == {}


def sizes(*values: int | None) -> list[Observation]:
    """The latest first, a day apart."""
    return [replace(SEEN, size=size, seen_at=NOON - timedelta(days=age)) for age, size in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((700, 1000), "Pinterest's size of it is 700, and was 1,000 on 2026-11-26 (-30%)."),
        ((701, 1000), None),
        ((690, 800, 900, 1000), "Pinterest's size of it is 690, and was 1,000 on 2026-11-24 (-31%)."),
        ((690, *[700] * 7, 1000), None),  # longer ago than the window
        ((1000, 10), None),
        ((0, 0), None),
        ((1000,), None),
    ],
)
def test_a_drop_is_told_against_the_largest_size_of_the_window(values: tuple[int, ...], text: str | None) -> None:
    assert told(size_findings(sizes(*values), USUAL, NOON))["size_drop"] == text


def test_a_size_that_pinterest_has_not_counted_is_no_drop() -> None:
    assert "size_drop" not in told(size_findings(sizes(None, 1000), USUAL, NOON))


def test_a_drop_of_the_match_rate_is_told() -> None:
    observations = [replace(SEEN, match_share=0.3), replace(SEEN, seen_at=NOON - timedelta(days=1), match_share=0.6)]
    text = told(size_findings(observations, USUAL, NOON))["match_drop"]
    assert text == "The estimated match rate is 30.0%, and was 60.0% on 2026-11-26."


@pytest.mark.parametrize(("days", "is_told"), [(1, False), (3, True)])
def test_an_audience_is_told_as_too_small_once_matching_had_its_time(days: int, is_told: bool) -> None:
    observations = [replace(SEEN, status="TOO_SMALL", seen_at=NOON - timedelta(days=age)) for age in range(days + 1)]
    older = replace(SEEN, seen_at=NOON - timedelta(days=9))
    text = told(size_findings([*observations, older], USUAL, NOON))["too_small"]
    assert (text is not None) is is_told


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        (timedelta(days=40), None),
        (timedelta(days=3), "The sign-in ends in 3 days, on 2026-11-30. Sign in again before."),
        (timedelta(days=-1), "The sign-in has ended, so no run can succeed. Sign in again."),
    ],
)
def test_a_sign_in_that_ends_is_told(ends: timedelta, text: str | None) -> None:
    finding = sign_in_finding(SignIn("main", NOON + ends), USUAL, NOON)
    assert finding == Finding("sign_in", "sign-in main", 'Profile "main"', text)


def test_of_a_sign_in_without_a_known_end_nothing_is_found() -> None:
    assert sign_in_finding(SignIn("main", None), USUAL, NOON) is None
