"""Words the certificate of a forgetting, for the connector's log and the command line alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from destination_pinterest.wording.reasons import reason_sentence

_LEFT_ALONE: Final = {
    "exception": "named as exceptions",
    "exclusion_audience": "of exclusion audiences",
    "other_list": "not made by this connector",
    "holds_nobody": "that hold nobody",
}
_MOST_NAMES: Final = 3


def certificate_lines(certificate: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of a certificate, as JSON has it."""
    rows, is_forgotten = certificate["rows"], certificate["action"] == "forget"
    verb, changed = ("forgotten", "new in") if is_forgotten else ("lifted", "taken out of")
    yield (
        f"People {verb}: {rows['used']:,} of {rows['entered']:,} rows used; {certificate['identifiers']:,} identifiers "
        "in every form in which they may have been sent."
    )
    yield from _reasons("Rows not used", rows["not_used"])
    yield from _reasons("Values refused in rows that had others", rows["values_refused"])
    store = certificate["suppression_store"]
    yield f"  Suppression store: {certificate['newly_suppressed']:,} identifiers {changed} {store}."
    if not is_forgotten or certificate["forgetting"] is None:
        return
    yield from _list_lines(certificate)
    yield from _ledger_lines(certificate["ledgers"])
    for entry in certificate["lists"]:
        if entry["state"] == "failed":
            yield f'  Failed: customer list "{entry["name"]}" ({entry["customer_list_id"]}): {entry["error"]}'
    for note in certificate["notes"]:
        yield f"  Note: {note}"
    yield f"  Certificate {certificate['forgetting']}: {certificate['status']}, {certificate['ended']}."


def _list_lines(certificate: Mapping[str, Any]) -> Iterator[str]:
    lists, accounts = certificate["lists"], certificate["ad_accounts"]
    done = [entry for entry in lists if entry["state"] == "removed"]
    left_over = sum(entry["kind"] == "left_over" for entry in done)
    yield (
        f"  Customer lists: {len(done):,} of {len(lists):,} gone through, {left_over:,} of them left over from "
        f"replacements, in the ad {'account' if len(accounts) == 1 else 'accounts'} {', '.join(accounts)}."
    )
    yield (
        f"  Requests: {sum(entry['requests'] for entry in done):,} to these lists, {certificate['requests']:,} in all. "
        f"Time: {certificate['begun']} to {certificate['ended']}, in {_counted(certificate['runs'], 'run')}."
    )
    for reason, words in _LEFT_ALONE.items():
        left = [entry["name"] for entry in lists if entry["left_alone_because"] == reason]
        if left:
            yield f"  Left alone, {words}: {len(left):,} ({_some(left)})."


def _ledger_lines(ledgers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not ledgers:
        return
    done = [entry for entry in ledgers if entry["state"] == "removed"]
    members = sum(entry["members"] for entry in done)
    yield (
        f"  Membership store: {len(done):,} of {_counted(len(ledgers), 'audience')} gone through, {members:,} members "
        "taken out."
    )
    for entry in ledgers:
        if entry["state"] == "failed":
            yield f'  Failed: "{entry["audience"]}" in the membership store: {entry["error"]}'


def _reasons(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    for reason, count in sorted(counts.items()):
        yield f"  {title}: {reason} {count:,}. {reason_sentence(reason)}".rstrip()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown}, …"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
