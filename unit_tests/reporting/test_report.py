from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from destination_pinterest.delivery.tally import AudienceTally
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.reporting.reconciliation import Reconciliation
from destination_pinterest.reporting.report import AudienceReport, Members, SyncReport
from destination_pinterest.wording.figures import LEFT_OVER

AUDIENCE = {
    "audience": "VIP", "audience_id": "77", "customer_list_id": "55", "streams": ["shop.users", "orders"],
    "entered": 100_000, "synced": 99_000, "not_synced": {"invalid_email": 5, "no_identity": 900, "email_not_bare": 5},
    "pending": 60, "errored": 30, "identifiers_added": 98_000, "identifiers_removed": 1_200,
    "identifiers_refused": {"invalid_email": 4}, "requests": 53, "retries": 2, "waited_s": 1.5,
    "rows_per_second": 8333.3,
    "customer_list_status": "READY", "audience_status": "TOO_SMALL", "audience_size": 12_345, "notes": ["One.", "Two."],
}  # fmt: skip
NOT_KNOWN = {
    "members": None, "pinterest_counts_before": None, "pinterest_counts_after": None, "reconciliation": None,
    "match_estimate": None, "outlook": None, "replaced_customer_list_id": None, "replaced_customer_list_counts": None,
    "superseded_audience_id": None, "left_over_customer_list_ids": [], "identities": None,
    "failure": None,
    "ad_account_id": None,
    "repeats_rows": False,
    "actalikes": [],
    "shared_with": [],
    "request_growth": None,
    "empty_table": None,
}  # fmt: skip
KNOWN: dict[str, Any] = {
    "members": {
        "before": 20_000, "after": 21_000, "unchanged": 19_500, "left_by_absence": 1_100, "unresolved_deletions": 3,
        "expired": 40,
    },
    "pinterest_counts_before": {"records": 20_500, "added": 21_000, "removed": 500, "batches": 12},
    "pinterest_counts_after": {"records": 22_000, "added": 23_500, "removed": 1_500, "batches": 15},
    "reconciliation": {
        "sent_added": 2_400, "sent_removed": 1_000, "counted_added": 2_500, "counted_removed": 1_000,
        "difference": "Pinterest counted 100 more.",
    },
    "match_estimate": {
        "share": 0.6173, "of": "people", "is_approximate": True, "people": 20_000, "counted_on": "2026-11-22",
    },
    "outlook": "Some of it will change.",
    "replaced_customer_list_id": "44",
    "replaced_customer_list_counts": {"records": 9_000, "added": 9_000, "removed": 0, "batches": 5},
    "superseded_audience_id": "76",
    "left_over_customer_list_ids": ["41", "44"],
    "actalikes": [{"country": "US", "percentage": 5, "outcome": "made", "audience_id": "78"}],
    "shared_with": [{"account_type": "AD_ACCOUNT", "account_id": "12", "outcome": "found"}],
    "request_growth": {"began_at": 1_900, "size": 7_600, "stopped_by": "refused"},
    "empty_table": "nobody_yet",
    "identities": {
        "rows": 100_000, "shares": {"EMAIL": 0.995, "GAID": 0.4}, "is_whole_pass": True,
        "compared_with": {"rows": 98_000, "shares": {"EMAIL": 1.0}},
    },
}  # fmt: skip


def report(**changes: Any) -> SyncReport:
    audience = msgspec.convert({**AUDIENCE, **msgspec.to_builtins(changes)}, AudienceReport)
    return SyncReport("succeeded", 12.0, 8333.3, 60, 3, 2.5, [audience], "standard")


def test_trial_access_is_said_to_people_and_standard_is_not() -> None:
    assert not [line for line in report().as_text() if "access" in line]
    trial = msgspec.structs.replace(report(), access_tier="trial")
    assert "The app has Trial access, which allows 300 requests that write a day." in list(trial.as_text())


def test_the_line_for_programs_has_exactly_the_keys_that_were_agreed() -> None:
    line = report().as_line()
    assert line.startswith("pinterest_sync_report: {")
    assert "\n" not in line
    assert json.loads(line.removeprefix(REPORT_PREFIX)) == {
        "schema_version": 1, "status": "succeeded", "duration_s": 12.0, "rows_per_second": 8333.3, "requests": 60,
        "retries": 3, "waited_s": 2.5, "audiences": [{**AUDIENCE, **NOT_KNOWN}], "access_tier": "standard",
        "forgetting": None,
    }  # fmt: skip


def test_the_line_for_programs_has_what_else_is_known_beside_them() -> None:
    (audience,) = json.loads(report(**KNOWN).as_line().removeprefix(REPORT_PREFIX))["audiences"]
    assert audience == {**AUDIENCE, **KNOWN, "failure": None, "ad_account_id": None, "repeats_rows": False}
    assert {*KNOWN, "failure", "ad_account_id", "repeats_rows"} == set(NOT_KNOWN)


def test_why_an_audience_failed_stands_right_below_its_rows_and_in_the_line_for_programs() -> None:
    failure = {"error": "PIN-API-001: Pinterest knows no such list. Check it.", "error_code": "PIN-API-001"}
    found = report(failure=failure)
    assert list(found.as_text())[1] == f"  Failed: {failure['error']}"
    (audience,) = json.loads(found.as_line().removeprefix(REPORT_PREFIX))["audiences"]
    assert audience["failure"] == failure


def test_of_several_ad_accounts_each_line_says_which() -> None:
    accounts = [{**AUDIENCE, "ad_account_id": account} for account in ("5", "6")]
    found = SyncReport("failed", 1.0, 1.0, 1, 0, 0.0, msgspec.convert(accounts, list[AudienceReport]))
    heads = [line for line in found.as_text() if line.startswith("Audience")]
    assert [line.partition(", audience")[0] for line in heads] == [
        'Audience "VIP" (ad account 5',
        'Audience "VIP" (ad account 6',
    ]


def test_the_lines_for_people_say_everything() -> None:
    assert "\n".join(report().as_text()) == (
        'Audience "VIP" (audience 77, customer list 55) from shop.users, orders: 100,000 rows entered, 99,000 synced, '
        "910 not synced, 60 pending, 30 errored.\n"
        "  Identifiers: 98,000 added, 1,200 removed. 53 requests with identifiers, 2 repeated, 1.5 s waited for quota, "
        "8,333 rows a second.\n"
        "  Not synced: no_identity 900, email_not_bare 5, invalid_email 5.\n"
        f"    no_identity: {RejectionReason.NO_IDENTITY.sentence}\n"
        f"    email_not_bare: {RejectionReason.EMAIL_NOT_BARE.sentence}\n"
        f"    invalid_email: {RejectionReason.INVALID_EMAIL.sentence}\n"
        "  Identifiers refused in rows that had others: invalid_email 4.\n"
        f"    invalid_email: {RejectionReason.INVALID_EMAIL.sentence}\n"
        "  At Pinterest now: customer list READY, audience TOO_SMALL, size 12,345 people by Pinterest's count, an "
        "unknown share of those who were sent.\n"
        "  Note: One.\n"
        "  Note: Two.\n"
        "Sync succeeded in 12.0 s: 8,333 rows a second, 60 requests in all, 3 of them repeated, 2.5 s waited for quota."
    )


def test_the_lines_for_people_say_what_else_is_known() -> None:
    lines = [text for text in report(**KNOWN, notes=[]).as_text() if not text.startswith("    ")]
    assert lines[2] == (
        "  Usable identifiers: EMAIL 99.5 %, GAID 40 % of 100,000 rows; in the last whole pass, EMAIL 100 % of 98,000."
    )
    assert "\n".join(lines[5:-1]) == (
        "  Members: 20,000 before and 21,000 after, by the membership store, 19,500 of them unchanged; 1,100 removed "
        "because no row has them; 40 expired; 3 deletions with an unknown key.\n"
        "  At Pinterest now: customer list READY, audience TOO_SMALL, size 12,345 people by Pinterest's count, "
        "approximately 61.7 % of 20,000 people, counted on 2026-11-22. Some of it will change.\n"
        "  Records by Pinterest's counters: 20,500 before, now 22,000 (23,500 added less 1,500 removed, "
        "repeats count; requests so far: 15); 9,000 in the customer list that was "
        "replaced. Pinterest counted 100 more.\n"
        f"  Left-over customer lists: 2 (41, 44). {LEFT_OVER}\n"
        "  Actalike audiences: US 5 %: created (78).\n"
        "  Shared with: ad account 12: shared."
    )


def test_the_lines_of_an_audience_are_eleven_at_the_most_besides_notes_and_reasons() -> None:
    lines = [text for text in report(**KNOWN, notes=[]).as_text() if not text.startswith("    ")]
    assert len(lines) == 11 + 1


def test_how_far_requests_grew_stands_behind_their_number() -> None:
    lines = list(report(**KNOWN).as_text())
    assert lines[1].endswith(
        " Growth of requests: from 1,900 to 7,600 identifiers, which Pinterest's counters show in full; no further, "
        "since Pinterest refuses larger requests."
    )


def test_a_reason_that_another_version_has_is_counted_without_words() -> None:
    assert line("Not synced", not_synced={"lost_in_space": 1}) == "lost_in_space 1."


def line(start: str, **changes: Any) -> str:
    (found,) = [text for text in report(**changes).as_text() if text.startswith(f"  {start}: ")]
    return found.removeprefix(f"  {start}: ")


def test_members_of_a_sync_that_failed_are_told_without_those_who_stayed() -> None:
    assert line("Members", members=Members(5, 4, None, 1, 0)) == (
        "5 before and 4 after, by the membership store; 1 removed because no row has them."
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "now 7 (7 added less 0 removed, repeats count)."),
        ({"pinterest_counts_before": ListCounts(0, 0, 0, 0), "reconciliation": Reconciliation(7, 0, 7, 0)},
         "0 before, now 7 (7 added less 0 removed, repeats count)."),
    ],
)  # fmt: skip
def test_counters_that_agree_are_told_and_no_more(changes: dict[str, Any], told: str) -> None:
    assert line("Records by Pinterest's counters", pinterest_counts_after=ListCounts(7, 7, 0, None), **changes) == told


def test_an_estimate_says_what_it_was_made_from() -> None:
    text = line("At Pinterest now", match_estimate=MatchEstimate(0.5, "people", True, 24_690, "2026-11-22"))
    assert text.endswith("approximately 50.0 % of 24,690 people, counted on 2026-11-22.")


def test_what_there_is_not_is_not_spoken_of() -> None:
    lines = list(report(
        audience_id=None, customer_list_id=None, not_synced={}, identifiers_refused={}, notes=[],
        customer_list_status=None, audience_status=None, audience_size=None,
    ).as_text())  # fmt: skip
    assert len(lines) == 3
    assert "(audience not created yet, customer list not created yet)" in lines[0]


def test_a_list_without_an_audience_is_told_as_such() -> None:
    text = "\n".join(report(audience_status=None, audience_size=None).as_text())
    assert "customer list READY, audience not created yet, size not counted yet." in text


def test_pending_is_what_no_other_count_holds() -> None:
    tally = AudienceTally()
    tally.entered, tally.synced, tally.errored = 10, 4, 1
    tally.not_synced.update({"no_identity": 2, "deletion_kept": 1})
    assert tally.pending == 2


def test_of_many_audiences_people_are_told_of_the_largest_and_of_those_not_well() -> None:
    well = {**AUDIENCE, "notes": [], "pending": 0, "errored": 0}
    many = [{**well, "audience": f"S{number}", "entered": number} for number in range(100)]
    many[3] = {**many[3], "errored": 3, "failure": {"error": "PIN-X: refused", "error_code": "PIN-X"}}
    audiences = [msgspec.convert(audience, AudienceReport) for audience in many]
    told = SyncReport("failed", 12.0, 8333.3, 60, 3, 2.5, audiences)
    text = list(told.as_text())
    named = [line.split('"')[1] for line in text if line.startswith('Audience "')]
    assert named == ["S3", *(f"S{number}" for number in range(90, 100))]
    assert text[-2].startswith("And 89 more audiences: 4,002 rows entered, ")
    assert len(json.loads(told.as_line().removeprefix(REPORT_PREFIX))["audiences"]) == 100
