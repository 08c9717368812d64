"""Shows what a membership store holds: a table for each audience, and a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sized
from typing import Any, Final

from pinterest_audiences.report_view import Line

_STATES: Final = {
    "whole": "whole",
    "damaged": "damaged",
    "other_key": "written with another store key",
    "later_version": "written by a later version",
    "readable": "readable",
    "rekeyed": "has the new key alone",
    "unchanged": "was so already",
    "copied": "copied",
    "dropped": "dropped",
}


def stored_title(audience: Mapping[str, Any]) -> str:
    """Names an audience, or its folder if its name can't be read."""
    name = audience["audience"]
    return f"Folder {audience['folder']}" if name is None else f'Audience "{name}"'


def stored_lines(audience: Mapping[str, Any]) -> Iterator[Line]:
    """Yields names and values."""
    yield "State", _STATES.get(audience["state"], audience["state"])
    if audience["error"]:
        yield "", audience["error"]
    if audience["audience"] is not None:
        yield "Ad account", audience["ad_account_id"]
        yield "Folder", audience["folder"]
        yield "Members", f"{audience['members']:,}"
        yield "Changes so far", f"{audience['change']:,}"
        size = "" if audience["bytes"] is None else f", {audience['bytes']:,} bytes"
        yield "Files", f"{audience['files']:,}{size}"
    if audience["left_over_files"]:
        yield "Left over", f"{audience['left_over_files']:,} files, which the next sync deletes"
    if audience["in_use"]:
        yield "In use", "by a sync, or left so by one that was killed"


def count_of(audiences: Sized) -> str:
    """Counts audiences."""
    return _counted(len(audiences), "audience")


def closing_sentence(report: Mapping[str, Any]) -> str:
    """Sums up what was done."""
    audiences, store = count_of(report["audiences"]), report["store"]
    if not report["audiences"]:
        return f"There is no audience in the membership store at {store}, so nothing was done."
    match report["action"]:
        case "verify":
            whole = sum(each["state"] == "whole" for each in report["audiences"])
            return f"Membership store at {store}: {whole:,} of {audiences} whole."
        case "rekey":
            return f"Only the new key opens the membership store at {store} now: {audiences}. Set it as store_key."
        case "copy":
            return f"The copy at {report['target']} is up to date: {audiences}."
        case _:
            return f"Dropped from {store}: {audiences}. The next sync of each starts anew."


def dropped_sentence(found: Mapping[str, Any]) -> str:
    """Says what a drop would drop."""
    named = [
        stored_title(each) + ("" if each["members"] is None else f" ({_counted(each['members'], 'member')})")
        for each in found["audiences"]
    ]
    return (
        f"The membership store at {found['store']} would forget: {', '.join(named)}. Nobody leaves, but people who are "
        "in an audience and not in its table stay there from then on."
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
