from __future__ import annotations

import json
from typing import Any

from destination_pinterest.audience.report import REPORT_PREFIX, AudienceReport, AudienceTally, SyncReport

AUDIENCE = {
    "audience": "VIP", "audience_id": "77", "customer_list_id": "55", "streams": ["shop.users", "orders"],
    "entered": 100_000, "synced": 99_000, "not_synced": {"invalid_email": 5, "no_identity": 900, "email_not_bare": 5},
    "pending": 60, "errored": 30, "identifiers_added": 98_000, "identifiers_removed": 1_200,
    "identifiers_refused": {"invalid_email": 4}, "requests": 53, "retries": 2, "waited_s": 1.5,
    "rows_per_second": 8333.3,
    "customer_list_status": "READY", "audience_status": "TOO_SMALL", "audience_size": 12_345, "notes": ["One.", "Two."],
}  # fmt: skip


def report(**changes: Any) -> SyncReport:
    audience = AudienceReport(**{**AUDIENCE, **changes})
    return SyncReport("succeeded", 12.0, 8333.3, 60, 3, 2.5, [audience])


def test_the_line_for_programs_has_exactly_the_keys_that_were_agreed() -> None:
    line = report().as_line()
    assert line.startswith("pinterest_sync_report: {")
    assert "\n" not in line
    assert json.loads(line.removeprefix(REPORT_PREFIX)) == {
        "schema_version": 1, "status": "succeeded", "duration_s": 12.0, "rows_per_second": 8333.3, "requests": 60,
        "retries": 3, "waited_s": 2.5, "audiences": [AUDIENCE],
    }  # fmt: skip


def test_the_lines_for_people_say_everything() -> None:
    assert "\n".join(report().as_text()) == (
        'Audience "VIP" (audience 77, customer list 55) from shop.users, orders: 100,000 rows entered, 99,000 synced, '
        "910 not synced, 60 pending, 30 errored.\n"
        "  Identifiers: 98,000 added, 1,200 removed. 53 requests, 2 repeated, 1.5 s waited for quota, "
        "8,333 rows a second.\n"
        "  Not synced: no_identity 900, email_not_bare 5, invalid_email 5.\n"
        "  Identifiers refused in rows that had others: invalid_email 4.\n"
        "  At Pinterest now: customer list READY, audience TOO_SMALL, size 12,345. "
        "Matching takes Pinterest 24 to 48 hours.\n"
        "  Note: One.\n"
        "  Note: Two.\n"
        "Sync succeeded in 12.0 s: 8,333 rows a second, 60 requests, 3 of them repeated, 2.5 s waited for quota."
    )


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
