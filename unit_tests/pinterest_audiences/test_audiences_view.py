from __future__ import annotations

import io
import json
from typing import Any

import msgspec

from destination_pinterest.audience_listing import FreeList, ListedAudience, ListedList, Listing
from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from pinterest_audiences.printing import Printer

CREATED, UPDATED = "2026-11-22T17:18:06Z", "2026-11-22T17:18:10Z"
LIVE = ListedList("11", "VIP [generation 2, job 12]", "READY", ListCounts(900, 1000, 100, 2), None, CREATED, UPDATED)
VIP = ListedAudience(
    "VIP",
    "22",
    "READY",
    557,
    MatchEstimate(0.6189, "people", True, 900, "2026-11-22"),
    "It can be targeted.",
    CREATED,
    UPDATED,
    LIVE,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def listing(*audiences: ListedAudience, free: tuple[FreeList, ...] = (), **others: int) -> dict[str, Any]:
    """A listing as the connector makes it, so that a field which is renamed there is missed here."""
    built: dict[str, Any] = msgspec.to_builtins(Listing("549755885175", list(audiences), list(free), others))
    return built


def printed(content: dict[str, Any], output: io.StringIO | None = None, **options: Any) -> str:
    output = output or io.StringIO()
    Printer(output, **options).listing(content)
    return output.getvalue()


def test_an_audience_is_a_block_of_lines_where_there_is_no_terminal() -> None:
    assert printed(listing(VIP)).splitlines() == [
        'Audience "VIP"',
        "  Audience          READY (id 22)",
        (
            "  Audience size     557 people by Pinterest's count, approximately 61.9 % of 900 people, counted on "
            "2026-11-22"
        ),
        "                    It can be targeted.",
        "  Customer list     READY (id 11)",
        "  Records           900 (1,000 added less 100 removed, repeats count; requests so far: 2)",
        "  Created, updated  2026-11-22 17:18:06 UTC, 2026-11-22 17:18:10 UTC",
        "Ad account 549755885175: audiences made from customer lists: 1; customer lists without an audience: 0.",
    ]


def test_what_pinterest_does_not_tell_is_said_so() -> None:
    bare = ListedAudience(None, "22", None, None, None, None, None, None, ListedList("11"))
    assert printed(listing(bare)).splitlines()[:-1] == [
        'Audience "22"',
        "  Audience          status unknown (id 22)",
        "  Audience size     not counted yet",
        "  Customer list     status unknown (id 11)",
        "  Records           not given by Pinterest",
        "  Created, updated  unknown, unknown",
    ]
    assert "Customer list     Pinterest does not say which" in printed(
        listing(msgspec.structs.replace(bare, customer_list=None))
    )


def test_what_is_wrong_with_a_list_is_shown() -> None:
    refused = msgspec.structs.replace(LIVE, exceptions="Advertiser not found.")
    text = printed(listing(msgspec.structs.replace(VIP, customer_list=refused)))
    assert "Exceptions        Advertiser not found." in text


def test_left_over_lists_are_shown_with_their_audience_and_by_themselves() -> None:
    free = (
        FreeList("9", "VIP", "READY", ListCounts(1000, 1000, 0, 1), left_over_of="VIP"),
        FreeList("8", "By hand", "TOO_SMALL"),
        FreeList("7", None, "READY", ListCounts(0, 0, 0, 1)),
    )
    lines = printed(listing(VIP, free=free)).splitlines()
    assert lines[7] == "  Left-over lists   1 (9)"
    assert lines[8].strip().startswith("No audience uses them. Pinterest can't delete them,")
    assert lines[9:13] == [
        "Customer lists without an audience",
        '  VIP      READY (id 9), 1,000 records; left over from replacing "VIP"',
        "  By hand  TOO_SMALL (id 8), ? records",
        "  7        READY (id 7), 0 records",
    ]


def test_audiences_of_other_types_are_counted_in_the_last_line() -> None:
    assert printed(listing(VISITOR=3, ACTALIKE=1200)) == (
        "Ad account 549755885175: audiences made from customer lists: 0; customer lists without an audience: 0; "
        "audiences of other types: VISITOR 3, ACTALIKE 1,200.\n"
    )


def test_a_terminal_gets_tables_whose_texts_are_no_markup() -> None:
    text = printed(listing(msgspec.structs.replace(VIP, name="VIP [red]")), Terminal())
    assert 'Audience "VIP [red]"' in text
    assert "│" in text


def test_json_is_the_listing_alone() -> None:
    content = listing(VIP)
    assert json.loads(printed(content, as_json=True)) == content
    assert json.loads(printed(content, Terminal(), as_json=True)) == content


def test_an_overview_has_a_line_for_each_audience_and_names_accounts_only_if_there_are_several() -> None:
    content = listing(VIP)
    output = io.StringIO()
    Printer(output).overview(content)
    heading, line, closing = output.getvalue().splitlines()
    assert heading.split()[:3] == ["Audience", "Status", "Size"]
    assert "Ad account" not in heading
    assert VIP.audience_id in line
    assert closing.startswith("Ad account ")
    both = io.StringIO()
    Printer(both).overview({**content, "further_ad_accounts": [{**content, "ad_account_id": "8"}]})
    assert both.getvalue().splitlines()[0].endswith("Ad account")
    assert both.getvalue().splitlines()[2].endswith(" 8")
