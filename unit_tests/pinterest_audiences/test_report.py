from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest

from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.reporting.reconciliation import Reconciliation
from destination_pinterest.reporting.report import AudienceReport, Failure, Members, SyncReport
from pinterest_audiences.printing import Printer

MATCHING = "It can still change."


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report(**changes: Any) -> dict[str, Any]:
    """A report as the connector makes it, so that a field which is renamed there is missed here."""
    audience = AudienceReport(
        audience="VIP [red] customers",
        audience_id="22",
        customer_list_id="11",
        streams=["people"],
        entered=1234,
        synced=1200,
        not_synced={"no_identity": 4, "invalid_email": 30},
        pending=0,
        errored=0,
        identifiers_added=1300,
        identifiers_removed=7,
        identifiers_refused={"zero_maid": 2},
        requests=3,
        retries=1,
        waited_s=2.25,
        rows_per_second=617.0,
        customer_list_status="PROCESSING",
        audience_status="TOO_SMALL",
        audience_size=None,
        notes=["Something to know."],
        outlook=MATCHING,
    )
    whole = SyncReport("succeeded", 2.0, 617.0, 5, 1, 2.25, [msgspec.structs.replace(audience, **changes)])
    built: dict[str, Any] = msgspec.to_builtins(whole)
    return built


def printed(content: dict[str, Any], output: io.StringIO | None = None, **options: Any) -> str:
    output = output or io.StringIO()
    Printer(output, **options).report(content)
    return output.getvalue()


def test_why_an_audience_failed_is_shown_before_its_rows() -> None:
    failed = report(failure=Failure("PIN-AUD-001: The name is taken. Choose another.", "PIN-AUD-001"))
    lines = [line.strip() for line in printed(failed).splitlines()]
    (number,) = [number for number, line in enumerate(lines) if line.startswith("Failed")]
    assert lines[number].endswith("PIN-AUD-001: The name is taken. Choose another.")
    assert lines[number + 1].startswith("Rows entered")
    assert "Failed" not in printed(report())
    (audience,) = json.loads(printed(failed, as_json=True))["audiences"]
    assert audience["failure"] == {
        "error": "PIN-AUD-001: The name is taken. Choose another.",
        "error_code": "PIN-AUD-001",
    }


def test_rows_that_could_not_be_read_are_shown_where_there_are_any() -> None:
    content = report()
    content["audiences"][0]["rows_unreadable"] = 1_234
    assert "  Rows unreadable      1,234, which the connector did not get" in printed(content).splitlines()
    content["audiences"][0]["rows_unreadable"] = 0
    assert "Rows unreadable" not in printed(content)


def test_the_report_of_a_sync_is_aligned_text_where_there_is_no_terminal() -> None:
    lines = printed(report()).splitlines()
    assert lines[0] == 'Audience "VIP [red] customers" from people'
    assert lines[1:] == [
        "  Rows entered         1,234",
        "  Rows synced          1,200",
        "  Rows not synced      34",
        f"    invalid_email      30  {RejectionReason.INVALID_EMAIL.sentence}",
        f"    no_identity        4  {RejectionReason.NO_IDENTITY.sentence}",
        "  Identifiers added    1,300",
        "  Identifiers removed  7",
        "  Identifiers refused  2",
        f"    zero_maid          2  {RejectionReason.ZERO_MAID.sentence}",
        "  Requests             3 with identifiers (1 of them repeated)",
        "  Waited for quota     2.2 s",
        "  Rows a second        617",
        "  Customer list        PROCESSING (id 11)",
        "  Audience             TOO_SMALL (id 22)",
        "  Audience size        not counted yet",
        " " * 23 + MATCHING,
        "  Note                 Something to know.",
        "Sync succeeded in 2.0 s: 617 rows a second, 5 requests in all, 1 of them repeated, 2.2 s waited for quota.",
    ]


def test_what_is_not_there_yet_is_said_so() -> None:
    text = printed(report(audience_id=None, audience_status=None, customer_list_status=None, audience_size=1500))
    assert "Audience             not created yet" in text
    assert "Customer list        status unknown (id 11)" in text
    assert "Audience size        1,500 people by Pinterest's count" in text


def test_a_report_of_a_connector_that_tells_less_is_printed_as_well() -> None:
    (whole,) = (content := report(outlook=None))["audiences"]
    later = {
        "members", "pinterest_counts_before", "pinterest_counts_after", "reconciliation", "match_estimate", "outlook",
        "replaced_customer_list_id", "replaced_customer_list_counts", "superseded_audience_id",
        "left_over_customer_list_ids", "identities",
    }  # fmt: skip
    content["audiences"] = [{key: value for key, value in whole.items() if key not in later}]
    assert printed(content) == printed(report(outlook=None))


def test_members_and_counters_stand_where_they_are_known() -> None:
    lines = printed(
        report(
            members=Members(100, 90, 80, 20, 3),
            pinterest_counts_before=ListCounts(1100, 1200, 100, 5),
            pinterest_counts_after=ListCounts(1200, 1300, 100, 6),
            reconciliation=Reconciliation(100, 0, 101, 0, "Pinterest counted 1 more."),
            audience_size=61,
            match_estimate=MatchEstimate(0.6778, "members", True, 90, "2026-11-22"),
            replaced_customer_list_id="10",
            replaced_customer_list_counts=ListCounts(2000, 2000, 0, 9),
            left_over_customer_list_ids=["9", "10"],
        )
    ).splitlines()
    assert lines[13:-3] == [
        "  Members before       100, by the membership store",
        "  Members after        90",
        "  Members unchanged    80",
        "  Left by absence      20",
        "  Unknown deletions    3",
        "  Customer list        PROCESSING (id 11)",
        "  Records before       1,100",
        "  Records now          1,200 (1,300 added less 100 removed, repeats count; requests so far: 6)",
        "  Records replaced     2,000 (customer list 10)",
        "                       Pinterest counted 1 more.",
        "  Audience             TOO_SMALL (id 22)",
        (
            "  Audience size        61 people by Pinterest's count, approximately 67.8 % of 90 people, counted on "
            "2026-11-22"
        ),
        f"                       {MATCHING}",
        "  Left-over lists      2 (9, 10)",
    ]
    assert lines[-3].strip().startswith("No audience uses them. Pinterest can't delete them,")


@pytest.mark.parametrize(
    ("changes", "is_said", "is_not_said"),
    [
        ({"members": Members(5, 4, None, 1, 0)}, "Members after        4", "unchanged"),
        ({"pinterest_counts_after": ListCounts(7, 7, 0, None)}, "less 0 removed, repeats count)\n", "Records before"),
        ({"pinterest_counts_before": ListCounts(7, 7, 0, 1)}, "Customer list", "Records"),
        ({"left_over_customer_list_ids": list("1234567")}, "7 (1, 2, 3, 4, 5 and 2 more)\n", "5, 6"),
    ],
)
def test_what_is_known_in_part_is_told_in_part(changes: dict[str, Any], is_said: str, is_not_said: str) -> None:
    text = printed(report(**{"rows_per_second": 1.0, **changes}))
    assert is_said in text
    assert is_not_said not in text


def test_a_terminal_gets_a_table_whose_texts_are_no_markup() -> None:
    text = printed(report(), Terminal())
    assert "VIP [red] customers" in text
    assert "│" in text
    assert "invalid_email" in text


def test_json_is_the_report_alone() -> None:
    assert json.loads(printed(report(), as_json=True)) == report()
    assert json.loads(printed(report(), Terminal(), as_json=True)) == report()
