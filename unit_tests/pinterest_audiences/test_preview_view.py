from __future__ import annotations

from typing import Any

import msgspec
import pytest

from destination_pinterest.preview import Bounds, Preview, PreviewedAudience, Refusal
from destination_pinterest.reporting.report import ComparedFill, IdentityReport
from pinterest_audiences.preview_view import preview_lines
from pinterest_audiences.report_view import aligned

IDENTITIES = IdentityReport(300, {"EMAIL": 1.0}, True, ComparedFill(310, {"EMAIL": 0.99}))


VIP = PreviewedAudience(
    audience="VIP", audience_id="22", customer_list_id="11", is_new=False, members=Bounds(200, 200),
    joins=Bounds(0, 130), leaves=Bounds(70, 200), is_estimate=False, counted_by="rows_and_counters",
    refusal=None, upload_requests=1, identities=IDENTITIES, notes=["Noted."],
)  # fmt: skip


def shown(left: int | None = 997, tier: str | None = None, **changes: Any) -> list[str]:
    """The lines about one audience, as the connector describes it."""
    preview = Preview(
        "Connected.", [msgspec.structs.replace(VIP, **changes)], 2, {"ads_read": left}, ["Of the store."], tier
    )
    return aligned(list(preview_lines(msgspec.to_builtins(preview)))).splitlines()


def test_a_person_reads_what_would_change() -> None:
    assert shown() == [
        "  At Pinterest        Connected.",
        "  Audience now        there (id 22), with 200 identifiers",
        "  Would join          at most 130 identifiers, by the rows and what is known of the audience",
        "  Would leave         70 to 200 identifiers",
        "  Guards              none would stop the sync",
        "  Usable identifiers  EMAIL 100 % of 300 rows; in the last whole pass, EMAIL 99 % of 310",
        "  Note                Noted.",
        "  Note                Of the store.",
        "  Quota left          ads_read 997, as far as is known; Pinterest tells of writes only when one is made",
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"is_new": True, "customer_list_id": None}, "  Audience now        not there; the sync creates it"),
        ({"is_new": True}, "  Audience now        not there; customer list 11"),
        ({"joins": Bounds(0, None)}, "  Would join          an unknown number of identifiers, by the rows"),
        ({"leaves": Bounds(7, None)}, "  Would leave         at least 7 identifiers"),
        ({"leaves": Bounds(9, 9), "is_estimate": True}, "  Would leave         about 9 identifiers"),
        ({"counted_by": "membership_store"}, "  Would join          at most 130 identifiers, by the membership store"),
        (
            {"refusal": Refusal("PIN-GUARD-001: Too many.", "PIN-GUARD-001")},
            "  Guards              would stop the sync: PIN-GUARD-001: Too many.",
        ),
        ({"left": None}, "  Quota left          ads_read unknown, as far as is known"),
        ({"tier": "trial"}, "  Access tier         Trial: 300 requests that write a day"),
    ],
)
def test_what_is_not_known_or_would_be_refused_is_said(changes: dict[str, Any], line: str) -> None:
    assert [said for said in shown(**changes) if said.startswith(line)]


def test_each_of_several_audiences_is_named() -> None:
    preview = msgspec.to_builtins(
        Preview("Connected.", [VIP, msgspec.structs.replace(VIP, audience="Gold")], 2, {}, [], None)
    )
    named = [value for name, value in preview_lines(preview) if name == "Audience"]
    assert named == ['"VIP"', '"Gold"']
    assert not [line for line in shown() if line.startswith("  Audience  ") and "now" not in line]


def test_rows_without_anybody_to_join_have_no_line_of_identifiers() -> None:
    assert not [line for line in shown(identities=None) if "Usable identifiers" in line]
