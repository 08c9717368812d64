"""Shows the report of a sync: a table for each audience on a terminal, aligned text elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_pinterest.wording.figures import (
    LEFT_OVER,
    by_count,
    counters_text,
    fill_text,
    ids_text,
    size_text,
    sync_sentence,
)
from destination_pinterest.wording.growth_text import growth_text
from destination_pinterest.wording.reach_text import actalikes_text, shares_text
from destination_pinterest.wording.reasons import reason_text

# Less than this is what any request waits for its turn.
_NOTABLE_S: Final = 0.1

# A name and a value; an empty name continues the line above.
Line = tuple[str, str]


def report_lines(audience: Mapping[str, Any]) -> Iterator[Line]:
    """Yields names and values of one audience's part of the report; an empty name continues the line above."""
    if audience.get("failure"):
        yield "Failed", audience["failure"]["error"]
    yield "Rows entered", _number(audience["entered"])
    if audience.get("rows_unreadable"):
        yield "Rows unreadable", f"{_number(audience['rows_unreadable'])}, which the connector did not get"
    yield "Rows synced", _number(audience["synced"])
    yield "Rows not synced", _number(sum(audience["not_synced"].values()))
    yield from _reasons(audience["not_synced"])
    if audience["pending"]:
        yield "Rows pending", _number(audience["pending"])
    if audience["errored"]:
        yield "Rows errored", _number(audience["errored"])
    yield "Identifiers added", _number(audience["identifiers_added"])
    yield "Identifiers removed", _number(audience["identifiers_removed"])
    if audience["identifiers_refused"]:
        yield "Identifiers refused", _number(sum(audience["identifiers_refused"].values()))
    yield from _reasons(audience["identifiers_refused"])
    if audience.get("identities"):
        yield "Usable identifiers", identities_text(audience["identities"])
    # The sentence under the tables has all requests of the sync, as the dry run has them.
    requests, retries = _number(audience["requests"]), _number(audience["retries"])
    yield "Requests", f"{requests} with identifiers ({retries} of them repeated)"
    if growth := audience.get("request_growth"):
        yield "Growth of requests", growth_text(growth["began_at"], growth["size"], growth["stopped_by"])
    if audience["waited_s"] >= _NOTABLE_S:
        yield "Waited for quota", f"{audience['waited_s']:,.1f} s"
    yield "Rows a second", f"{audience['rows_per_second']:,.0f}"
    yield from _members(audience.get("members"))
    yield "Customer list", with_id(audience["customer_list_status"], audience["customer_list_id"])
    yield from _counters(audience)
    yield "Audience", with_id(audience["audience_status"], audience["audience_id"])
    yield "Audience size", estimated_size(audience["audience_size"], audience.get("match_estimate"))
    if audience.get("outlook"):
        yield "", audience["outlook"]
    yield from left_over_lines(audience.get("left_over_customer_list_ids") or ())
    yield from reach_lines(audience)
    for note in audience["notes"]:
        yield "Note", note


def identities_text(identities: Mapping[str, Any]) -> str:
    """Words how full the identity columns are, and what that was compared with."""
    before = identities["compared_with"]
    return fill_text(
        identities["rows"],
        identities["shares"],
        is_whole_pass=identities["is_whole_pass"],
        before=None if before is None else (before["rows"], before["shares"]),
    )


def reach_lines(audience: Mapping[str, Any]) -> Iterator[Line]:
    """Yields lines on actalike audiences and on those with whom it is shared, if the settings ask for any."""
    if actalikes := audience.get("actalikes"):
        known = ((one["country"], one["percentage"], one["outcome"], one["audience_id"]) for one in actalikes)
        yield "Actalike audiences", actalikes_text(known)
    if recipients := audience.get("shared_with"):
        shares = ((one["account_type"], one["account_id"], one["outcome"]) for one in recipients)
        yield "Shared with", shares_text(shares)


def left_over_lines(list_ids: Sequence[str]) -> Iterator[Line]:
    """Yields lines on left-over lists, if there are any."""
    if list_ids:
        yield "Left-over lists", ids_text(list_ids)
        yield "", LEFT_OVER


def estimated_size(size: int | None, estimate: Mapping[str, Any] | None) -> str:
    """Words an audience's size, with the estimated share that is matched."""
    if estimate is None:
        return size_text(size, None)
    return size_text(size, (estimate["share"], estimate.get("people"), estimate.get("counted_on")))


def counts_text(counts: Mapping[str, Any]) -> str:
    """Words a customer list's counters."""
    return counters_text(counts["records"], counts["added"], counts["removed"], counts["batches"])


def with_id(status: str | None, identifier: str | None) -> str:
    """Words a status with the id of its object."""
    if identifier is None:
        return "not created yet"
    return f"{status or 'status unknown'} (id {identifier})"


def summary(report: Mapping[str, Any]) -> str:
    """Sums up a sync in a sentence."""
    figures = ("duration_s", "rows_per_second", "requests", "retries", "waited_s")
    return sync_sentence(report["status"], **{name: report.get(name, 0) for name in figures})


def aligned(lines: list[Line]) -> str:
    """Returns lines as text in two columns."""
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"  {name:<{width}}  {value}".rstrip() for name, value in lines)


def _reasons(counts: Mapping[str, int]) -> Iterator[Line]:
    for reason, count in by_count(counts):
        yield f"  {reason}", reason_text(reason, count)


def _members(members: Mapping[str, Any] | None) -> Iterator[Line]:
    if members is None:
        return
    by = "the table in the warehouse" if members.get("counted_by") == "warehouse" else "the membership store"
    yield "Members before", f"{_number(members['before'])}, by {by}"
    yield "Members after", _number(members["after"])
    if members["unchanged"] is not None:
        yield "Members unchanged", _number(members["unchanged"])
    yield "Left by absence", _number(members["left_by_absence"])
    if members.get("expired"):
        yield "Expired", _number(members["expired"])
    yield "Unknown deletions", _number(members["unresolved_deletions"])


def _counters(audience: Mapping[str, Any]) -> Iterator[Line]:
    before, after = audience.get("pinterest_counts_before"), audience.get("pinterest_counts_after")
    if after is None:
        return
    if before is not None:
        yield "Records before", _number(before["records"])
    yield "Records now", counts_text(after)
    if audience.get("replaced_customer_list_counts"):
        replaced = _number(audience["replaced_customer_list_counts"]["records"])
        yield "Records replaced", f"{replaced} (customer list {audience['replaced_customer_list_id']})"
    if (audience.get("reconciliation") or {}).get("difference"):
        yield "", audience["reconciliation"]["difference"]


def _number(value: float) -> str:
    return f"{value:,}"
