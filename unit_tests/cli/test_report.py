from __future__ import annotations

import io
import json
from typing import Any

import msgspec

from destination_pinterest.audience.report import AudienceReport, SyncReport
from destination_pinterest.cli.printing import Printer

MATCHING = "Pinterest takes 24 to 48 hours to match what it was sent; until then status and size lag behind."


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
    )
    whole = SyncReport("succeeded", 2.0, 617.0, 5, 1, 2.25, [msgspec.structs.replace(audience, **changes)])
    built: dict[str, Any] = msgspec.to_builtins(whole)
    return built


def printed(content: dict[str, Any], output: io.StringIO | None = None, **options: Any) -> str:
    output = output or io.StringIO()
    Printer(output, **options).report(content)
    return output.getvalue()


def test_the_report_of_a_sync_is_aligned_text_where_there_is_no_terminal() -> None:
    lines = printed(report()).splitlines()
    assert lines[0] == 'Audience "VIP [red] customers" from people'
    assert lines[1:] == [
        "  Rows entered         1,234",
        "  Rows synced          1,200",
        "  Rows not synced      34",
        "    invalid_email      30",
        "    no_identity        4",
        "  Rows pending         0",
        "  Rows errored         0",
        "  Identifiers added    1,300",
        "  Identifiers removed  7",
        "  Identifiers refused  2",
        "    zero_maid          2",
        "  Requests             3 (1 of them repeated)",
        "  Waited for quota     2.2 s",
        "  Rows a second        617",
        "  Customer list        PROCESSING (id 11)",
        "  Audience             TOO_SMALL (id 22)",
        "  Audience size        not counted yet",
        " " * 23 + MATCHING,
        "  Note                 Something to know.",
        "Sync succeeded in 2.0 s: 617 rows a second, 5 requests, 1 of them repeated, 2.2 s waited for quota.",
    ]


def test_what_is_not_there_yet_is_said_so() -> None:
    text = printed(report(audience_id=None, audience_status=None, customer_list_status=None, audience_size=1500))
    assert "Audience             not created yet" in text
    assert "Customer list        status unknown (id 11)" in text
    assert "Audience size        1,500 people, as Pinterest counts" in text


def test_a_terminal_gets_a_table_whose_texts_are_no_markup() -> None:
    text = printed(report(), Terminal())
    assert "VIP [red] customers" in text
    assert "│" in text
    assert "invalid_email" in text


def test_json_is_the_report_alone() -> None:
    assert json.loads(printed(report(), as_json=True)) == report()
    assert json.loads(printed(report(), Terminal(), as_json=True)) == report()
