"""Says in a sentence why rows or values were not synced, for the connector's log and the command line's tables."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.routing.decision import DELETION_KEPT, NOBODY_TO_REMOVE, STILL_EXCLUDED, UNKNOWN_KEY

_SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{reason.value: reason.sentence for reason in RejectionReason},
        DELETION_KEPT: "Deleted rows change nothing.",
        NOBODY_TO_REMOVE: "There was nobody to remove: the audience has no customer list yet.",
        STILL_EXCLUDED: (
            "Not removed: another row of the sync adds the same identifier, and on an exclusion audience that counts."
        ),
        UNKNOWN_KEY: (
            "There was nobody to remove: the deletion carries only the row's key, and the membership store knows no "
            "identifier of it."
        ),
    }
)


def reason_sentence(reason: str) -> str:
    """Returns what is wrong and what to do about it; nothing for a reason that another version of the program has."""
    return _SENTENCES.get(reason, "")


def reason_text(reason: str, count: int) -> str:
    """Words a count and why it is not nothing."""
    return f"{count:,}  {reason_sentence(reason)}".rstrip()
