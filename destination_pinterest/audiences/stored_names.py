"""Finds objects again whose names Pinterest stores otherwise than they were sent: blanks folded, cut, or normalised.

An exact name comes first. Otherwise names are compared folded, and two different names that fold to one are an error,
since taking either would be a guess. A name that came back changed in another way, as one that was cut, is not told
from another name that begins alike. So its audience gets a mark in its description, behind the user's text, such as
`[dp-name1:0a1b2c3d4e5f]`: the version of this form, and a digest of the name that was meant.

Source: Pinterest OpenAPI 5.23.0, audiences/create and customer_lists/create (read 2026-11-27).
Doubt: no limit to a name's length and no normalisation is documented; all of this is a precaution.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final, TypeVar

from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError

# A shorter name is not taken for one that was cut: no interface is known that cuts earlier.
_LEAST_CUT: Final = 40

Named = TypeVar("Named", Audience, CustomerList)


def folded(name: str) -> str:
    """Returns a name as it is compared: in one normal form, without blanks around it, one blank for several."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def is_cut_from(stored: str, name: str) -> bool:
    """Whether a stored name may be what is left of a longer one."""
    return len(stored) >= _LEAST_CUT and folded(stored) != folded(name) and folded(name).startswith(folded(stored))


def name_mark(name: str) -> str:
    """Returns the mark of an audience whose name did not come back as it was sent."""
    return f"[dp-name1:{sha256(name.encode()).hexdigest()[:12]}]"


def by_folded_name(things: Iterable[Named]) -> dict[str, list[Named]]:
    """Returns audiences or lists by their folded names."""
    found: dict[str, list[Named]] = {}
    for thing in things:
        if thing.name is not None:
            found.setdefault(folded(thing.name), []).append(thing)
    return found


def named(name: str, things: Mapping[str, list[Named]]) -> list[Named]:
    """Returns the audiences or lists of a name, in whatever form Pinterest stores it.

    Args:
        name: the name.
        things: all of them, by their folded names.

    Raises:
        AudienceConflictError: two different names may be meant.
    """
    alike = things.get(folded(name), [])
    exact = [thing for thing in alike if thing.name == name]
    if exact:
        return exact
    if len({thing.name for thing in alike}) > 1:
        listed = " and ".join(sorted({f'"{thing.name}" ({thing.id})' for thing in alike}))
        raise AudienceConflictError(
            Code.NAME_AMBIGUOUS,
            f'Nothing at Pinterest is named exactly "{name}", and {listed} differ from it only in blanks or in how '
            "their letters are encoded. Set Audience name (audience_name) to the name that is meant, or rename one of "
            "them in Pinterest Ads Manager.",
        )
    return alike


def marked(name: str, audiences: Iterable[Audience]) -> list[Audience]:
    """Returns the audiences that were created under a name and are stored under another."""
    mark = name_mark(name)
    return [one for one in audiences if mark in (one.description or "")]
