"""The report of a sync as a person reads it: one table an audience, drawn on a terminal and aligned text elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Line = tuple[str, str]

# Source: partners who quote Pinterest (Hightouch, Braze, Treasure Data; read 2026-11-22). Pinterest documents no time.
MATCHING_TIME: Final = "24 to 48 hours"


def report_lines(audience: Mapping[str, Any]) -> Iterator[Line]:
    """Names and values of one audience's part of the report; an empty name continues the line above."""
    yield "Rows entered", _number(audience["entered"])
    yield "Rows synced", _number(audience["synced"])
    yield "Rows not synced", _number(sum(audience["not_synced"].values()))
    yield from _reasons(audience["not_synced"])
    yield "Rows pending", _number(audience["pending"])
    yield "Rows errored", _number(audience["errored"])
    yield "Identifiers added", _number(audience["identifiers_added"])
    yield "Identifiers removed", _number(audience["identifiers_removed"])
    yield "Identifiers refused", _number(sum(audience["identifiers_refused"].values()))
    yield from _reasons(audience["identifiers_refused"])
    yield "Requests", f"{_number(audience['requests'])} ({_number(audience['retries'])} of them repeated)"
    yield "Waited for quota", f"{audience['waited_s']:,.1f} s"
    yield "Rows a second", f"{audience['rows_per_second']:,.0f}"
    yield "Customer list", _with_id(audience["customer_list_status"], audience["customer_list_id"])
    yield "Audience", _with_id(audience["audience_status"], audience["audience_id"])
    size = audience["audience_size"]
    yield "Audience size", "not counted yet" if size is None else f"{_number(size)} people, as Pinterest counts"
    yield "", f"Pinterest takes {MATCHING_TIME} to match what it was sent; until then status and size lag behind."
    for note in audience["notes"]:
        yield "Note", note


def summary(report: Mapping[str, Any]) -> str:
    """The whole sync in a sentence."""
    return (
        f"Sync {report['status']} in {report['duration_s']:,.1f} s: {report['rows_per_second']:,.0f} rows a second, "
        f"{_number(report['requests'])} requests, {_number(report['retries'])} of them repeated, "
        f"{report['waited_s']:,.1f} s waited for quota."
    )


def aligned(lines: list[Line]) -> str:
    """Lines as text in two columns."""
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"  {name:<{width}}  {value}".rstrip() for name, value in lines)


def _reasons(counts: Mapping[str, int]) -> Iterator[Line]:
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {reason}", _number(count)


def _with_id(status: str | None, identifier: str | None) -> str:
    if identifier is None:
        return "not created yet"
    return f"{status or 'status unknown'} (id {identifier})"


def _number(value: float) -> str:
    return f"{value:,}"
