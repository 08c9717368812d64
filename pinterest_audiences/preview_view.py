"""Shows what the connector found out at Pinterest about a sync that is only tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from destination_pinterest.access_tiers import STANDARD_WRITES_A_MINUTE, TRIAL_WRITES_A_DAY
from pinterest_audiences.report_view import Line, identities_text, reach_lines

_COUNTED: Final = {
    "membership_store": "by the membership store",
    "warehouse": "by the table in the warehouse",
    "rows_and_counters": "by the rows and what is known of the audience",
}

_TIERS: Final = {
    "standard": f"Standard: {STANDARD_WRITES_A_MINUTE} requests that write a minute",
    "trial": f"Trial: {TRIAL_WRITES_A_DAY} requests that write a day",
    "none": "no limits of the connector's own (access_tier: none)",
}


def preview_lines(preview: Mapping[str, Any]) -> Iterator[Line]:
    """Yields names and values; an empty name continues the line above."""
    yield "At Pinterest", preview["account"]
    several = len({audience.get("ad_account_id") for audience in preview["audiences"]}) > 1
    several_names = len({audience["audience"] for audience in preview["audiences"]}) > 1
    for audience in preview["audiences"]:
        if several_names:
            yield "Audience", f'"{audience["audience"]}"'
        if several:
            yield "Ad account", str(audience.get("ad_account_id"))
        yield from _audience(audience)
    for note in preview["notes"]:
        yield "Note", note
    yield "Quota left", _quota(preview["quota_left"])
    if preview["access_tier"] is not None:
        yield "Access tier", _TIERS[preview["access_tier"]]


def _audience(audience: Mapping[str, Any]) -> Iterator[Line]:
    counted = _COUNTED[audience["counted_by"]]
    yield "Audience now", _present(audience)
    yield "Would join", f"{bounds_text(audience, 'joins')} identifiers, {counted}"
    yield "Would leave", f"{bounds_text(audience, 'leaves')} identifiers"
    refusal = audience["refusal"]
    yield "Guards", "none would stop the sync" if refusal is None else f"would stop the sync: {refusal['error']}"
    if audience["identities"] is not None:
        yield "Usable identifiers", identities_text(audience["identities"])
    yield from reach_lines(audience)
    for note in audience["notes"]:
        yield "Note", note


def _present(audience: Mapping[str, Any]) -> str:
    members = f"{bounds_text(audience, 'members')} identifiers"
    if audience["is_new"]:
        list_id = audience["customer_list_id"]
        return "not there; the sync creates it" if list_id is None else f"not there; customer list {list_id}"
    if audience["audience_id"] is None:
        return "not known"
    return f"there (id {audience['audience_id']}), with {members}"


def bounds_text(audience: Mapping[str, Any], what: str) -> str:
    """Words the bounds of a number."""
    low, high = audience[what]["at_least"], audience[what]["at_most"]
    about = "about " if audience["is_estimate"] and high else ""
    if high is None:
        return f"at least {about}{low:,}" if low else "an unknown number of"
    if low == high:
        return f"{about}{low:,}"
    return f"{about}{low:,} to {high:,}" if low else f"at most {about}{high:,}"


def _quota(left: Mapping[str, int | None]) -> str:
    parts = [f"{category} {'unknown' if count is None else f'{count:,}'}" for category, count in left.items()]
    return f"{', '.join(parts)}, as far as is known; Pinterest tells of writes only when one is made"
