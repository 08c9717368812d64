"""Decides what becomes of a customer list whose audience does not exist, and says it with numbers.

Such a list has two origins that Pinterest does not tell apart: its audience was deleted in Ads Manager, or was never
made, since the sync ended before or Pinterest found the list too small. Going on with the list is right for the second
and for most of the first, so that is the default.

Source: Pinterest OpenAPI 5.23.0, audiences/update with REMOVE: an audience goes, its list stays (read 2026-11-27).
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.list_counts import records_in
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError

IfGone = Literal["recreate", "fresh", "fail"]


def take_up(target: AudienceTarget, found: CustomerList | None, if_gone: IfGone, *, namesakes: int = 1) -> TargetUpdate:
    """Returns a target without an audience as it goes on: with the list that was found, or without it.

    Args:
        target: the target; with a shadow list, the list that was found is only what the table replaces.
        found: the list that the audience was, or was to be, made from.
        if_gone: the setting.
        namesakes: how many lists have the name of the one that was found.

    Raises:
        AudienceConflictError: the settings say to fail.
    """
    if found is None:
        return TargetUpdate(target)
    if target.waiting == found.id:
        if_gone = "recreate"  # It was never made.
    if if_gone == "fail":
        raise AudienceConflictError(
            Code.AUDIENCE_GONE,
            f'There is no audience "{target.name}", but a customer list that it was, or was to be, made from '
            f"({found.id}, {_records(found)}). Set If an audience is gone (if_audience_is_gone) to recreate, to make a "
            "new audience of that list, or to fresh, to begin with a new list.",
        )
    if if_gone == "fresh" and not target.only_removes:  # A list that was just begun has nobody to remove.
        note = (
            f"There is no such audience any more. Its customer list {found.id} ({_records(found)}) is not used, as If "
            "an audience is gone (if_audience_is_gone) says: the new audience has only whom this sync and later ones "
            "bring, and another id, so point your campaigns to it."
        )
        return TargetUpdate(replace(target, abandoned_list_id=found.id, left_over_list_ids=(found.id,)), (note,))
    target = replace(target, adoptable=found)
    if target.shadow is not None:
        return TargetUpdate(target)
    note = f"A customer list without an audience was found and is used ({found.id}, {_records(found)})."
    if namesakes > 1:
        note = f"{namesakes} customer lists are named so; the newest is used ({found.id}, {_records(found)})."
    return TargetUpdate(replace(target, list_id=found.id, live=found), (note,))


def recreation_note(before: CustomerList, list_id: str, audience_id: str) -> str:
    """Returns the note on an audience that was created where there was a list already.

    Args:
        before: that list as it was.
        list_id: the list that the audience is made from.
        audience_id: the audience.
    """
    made = "was made of it" if list_id == before.id else f"was made of another list ({list_id}), which replaces it"
    return (
        f"There was no such audience, but a customer list of it ({before.id}, {_records(before)}). The audience "
        f"{audience_id} {made}; if somebody had deleted an earlier one, campaigns have lost that, so point them to the "
        "new one (see if_audience_is_gone)."
    )


def prospect_note(before: CustomerList) -> str:
    """Returns the same note for a dry run."""
    return (
        f"There is no such audience, but a customer list of it ({before.id}, {_records(before)}). A sync makes a new "
        "audience: if somebody has deleted an earlier one, campaigns have to be pointed to the new one (see "
        "if_audience_is_gone)."
    )


def _records(customer_list: CustomerList) -> str:
    records = records_in(customer_list)
    return "of unknown size" if records is None else f"{records:,} record{'' if records == 1 else 's'}"
