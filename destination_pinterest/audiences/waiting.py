"""Notes at Pinterest on a customer list that waits for its audience, while another one is to replace it.

Without an audience nothing says which of several lists is in force: the earlier one, or its replacement, which may have
broken off or been refused. Lists can be neither renamed nor described, so it is noted in the name of a further list,
which holds nobody. The newest note counts:

    customers [dp2: list 1001 waits]   the list 1001 is in force, whatever was begun beside it
    customers [dp2: emptied]           this list is in force: a clear has emptied the audience-to-be
    customers [dp2: audience made]     there was an audience since, so earlier notes are void

Notes are written only where an audience does not exist: once a whole table has arrived and Pinterest makes none of it
yet, before a table is to replace a list that waits, if that is refused, and where the settings distinguish an audience
that is gone from one that was never made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.shadow_list import EMPTIED, FORM, MADE, WAITS, read_label


class Waiting(msgspec.Struct, frozen=True):
    """The newest note of an audience that is not void.

    Args:
        note_id: the list whose name it is.
        list_id: the list that is in force.
    """

    note_id: str
    list_id: str


def is_note(customer_list: CustomerList) -> bool:
    """Whether a list is nothing but a note."""
    label = read_label(customer_list.name)
    return label is not None and (label.body == MADE or WAITS.fullmatch(label.body) is not None)


def is_emptied(customer_list: CustomerList) -> bool:
    """Whether a list was begun with nobody, in the place of one that waited."""
    label = read_label(customer_list.name)
    return label is not None and label.body == EMPTIED


def is_unproven(customer_list: CustomerList) -> bool:
    """Whether a list may have been left unfinished, unless a note says otherwise."""
    label = read_label(customer_list.name)
    return label is not None and label.form == FORM and label.body != EMPTIED


def read_waiting(lists: Iterable[CustomerList]) -> Waiting | None:
    """Returns what the newest note among an audience's lists says; None if there is none or it is void."""
    for one in sorted(lists, key=lambda each: int(each.id), reverse=True):
        label = read_label(one.name)
        if label is None:
            continue
        if label.body == MADE:
            return None
        if label.body == EMPTIED:
            return Waiting(one.id, one.id)
        if found := WAITS.fullmatch(label.body):
            return Waiting(one.id, found["list_id"])
    return None


def list_in_force(lists: Sequence[CustomerList], used: Collection[str | None]) -> CustomerList | None:
    """Returns which of an audience's lists it would be made from, if it does not exist; the list may be in use.

    It is the one that a note says to be in force; otherwise the newest, which may be the replacement of an earlier
    list. The earlier one is not used: its members have been removed. A note is void if something newer is in use:
    there was an audience since, which was renamed.
    """
    made = [one for one in lists if not is_note(one)]
    waiting = read_waiting(lists)
    if waiting is not None and all(one.id not in used or int(one.id) < int(waiting.note_id) for one in made):
        noted = [one for one in made if one.id == waiting.list_id]
        made = noted or made
    return max(made, key=lambda one: int(one.id), default=None)


def waiting_name(audience: str, installation: str | None, list_id: str) -> str:
    """Returns the name of a note that a list waits."""
    return _name(audience, installation, f"list {list_id} waits")


def emptied_name(audience: str, installation: str | None) -> str:
    """Returns the name of a list that takes the place of one that waited, and holds nobody."""
    return _name(audience, installation, EMPTIED)


def made_name(audience: str, installation: str | None) -> str:
    """Returns the name of a note that there is an audience now."""
    return _name(audience, installation, MADE)


def _name(audience: str, installation: str | None, body: str) -> str:
    return f"{audience} [dp{FORM}{'' if installation is None else f' {installation}'}: {body}]"
