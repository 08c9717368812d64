"""Shows the audiences of an ad account: a table for each audience, and one for the lists without an audience."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pinterest_audiences.report_view import Line, counts_text, estimated_size, left_over_lines, with_id

OVERVIEW: Final = ("Audience", "Status", "Size", "Records", "Updated", "Id", "Ad account")


def overview_row(account: Mapping[str, Any], audience: Mapping[str, Any]) -> Sequence[str]:
    """Returns the cells of one audience under OVERVIEW."""
    size, counts = audience["audience_size"], (audience["customer_list"] or {}).get("counts")
    return (
        audience["name"] or audience["audience_id"],
        audience["audience_status"] or "unknown",
        "" if size is None else f"{size:,}",
        "" if counts is None else f"{counts['records']:,}",
        (audience["updated"] or "")[:10],
        audience["audience_id"],
        account["ad_account_id"],
    )


def audience_lines(audience: Mapping[str, Any], left_over: Sequence[str]) -> Iterator[Line]:
    """Yields names and values of one audience; `left_over` are the ids of its left-over lists."""
    yield "Audience", with_id(audience["audience_status"], audience["audience_id"])
    yield "Audience size", estimated_size(audience["audience_size"], audience["match_estimate"])
    if audience["outlook"]:
        yield "", audience["outlook"]
    customer_list = audience["customer_list"]
    if customer_list is None:
        yield "Customer list", "Pinterest does not say which"
    else:
        yield "Customer list", with_id(customer_list["status"], customer_list["customer_list_id"])
        yield "Records", _counters(customer_list)
        if customer_list["exceptions"]:
            yield "Exceptions", customer_list["exceptions"]
    yield "Created, updated", f"{_day_and_time(audience['created'])}, {_day_and_time(audience['updated'])}"
    yield from left_over_lines(left_over)


def free_list_lines(customer_lists: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """Yields one line for each list without an audience."""
    for each in customer_lists:
        origin = f'; left over from replacing "{each["left_over_of"]}"' if each["left_over_of"] else ""
        if each.get("awaits_audience"):
            origin = f'; a sync into "{each["awaits_audience"]}" goes on with it'
        records = "?" if each["counts"] is None else f"{each['counts']['records']:,}"
        name = each["name"] or each["customer_list_id"]
        yield name, f"{with_id(each['status'], each['customer_list_id'])}, {records} records{origin}"


def left_over_ids(customer_lists: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Returns the ids of left-over lists by the names of their audiences."""
    found: dict[str, list[str]] = {}
    for each in customer_lists:
        if each["left_over_of"]:
            found.setdefault(each["left_over_of"], []).append(each["customer_list_id"])
    return found


def closing_sentence(listing: Mapping[str, Any]) -> str:
    """Sums up the ad account in a sentence."""
    others = listing["other_audiences"]
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in others.items())
    of_others = f"; audiences of other types: {kinds}" if others else ""
    free = listing["customer_lists_without_audience"]
    return (
        f"Ad account {listing['ad_account_id']}: audiences made from customer lists: {len(listing['audiences']):,}; "
        f"customer lists without an audience: {len(free):,}{of_others}."
    )


def _counters(customer_list: Mapping[str, Any]) -> str:
    return "not given by Pinterest" if customer_list["counts"] is None else counts_text(customer_list["counts"])


def _day_and_time(moment: str | None) -> str:
    return "unknown" if moment is None else moment.replace("T", " ").replace("Z", " UTC")
