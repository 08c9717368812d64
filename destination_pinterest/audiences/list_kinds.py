"""Tells whose each customer list of an ad account is, and which audiences are made of it.

Pinterest says neither who made a list nor what an audience is for. What is known is what the connector has written: the
label in a list's name (shadow_list.py), its text or mark in an audience's description, and the membership store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.description_mark import is_for_exclusion, is_marked
from destination_pinterest.audiences.description_text import DEFAULT_TEXT
from destination_pinterest.audiences.shadow_list import read_label
from destination_pinterest.audiences.stored_names import folded
from destination_pinterest.audiences.waiting import is_note

# `ours`: an audience that the connector keeps is made of it, or the membership store knows it. `left_over`: the
# connector made it, and no audience is made of it. `note`: it holds nobody, and only its name matters. `exclusion`: an
# audience is made of it whose members must not be advertised to. `other`: nothing says that the connector made it.
ListKind = Literal["ours", "left_over", "note", "exclusion", "other"]


class KnownList(msgspec.Struct, frozen=True):
    """A customer list, and what is known of it.

    Args:
        customer_list: the list.
        kind: see ListKind.
        audiences: those that are made of it.
        left_over_of: the audience that it was, or was to be, made for, if it is left over.
    """

    customer_list: CustomerList
    kind: ListKind
    audiences: tuple[Audience, ...]
    left_over_of: str | None = None

    @property
    def audience(self) -> str | None:
        """The name of the audience that is made of it, or was."""
        return next((one.name for one in self.audiences if one.name), self.left_over_of)

    def is_called(self, name: str) -> bool:
        """Whether a name or an id is its own, or that of an audience that is or was made of it."""
        names = [self.customer_list.name, self.left_over_of, *(one.name for one in self.audiences)]
        ids = {self.customer_list.id, *(one.id for one in self.audiences)}
        return name.strip() in ids or folded(name) in {folded(one) for one in names if one}


def known_lists(
    lists: Iterable[CustomerList],
    made_of: Mapping[str, Sequence[Audience]],
    remembered: Collection[str],
    exclusions: Collection[str] = (),
) -> list[KnownList]:
    """Returns the customer lists with what is known of them, in the same order.

    Args:
        lists: all customer lists of the ad account.
        made_of: the audiences by the ids of the lists that they are made of.
        remembered: the ids of lists that the membership store knows.
        exclusions: the names of audiences that the settings declare to be for exclusion.
    """
    names = {
        folded(audience.name)
        for audiences in made_of.values()
        for audience in audiences
        if audience.name and is_kept(audience)
    }
    excluding = {folded(name) for name in exclusions}
    return [_known(one, tuple(made_of.get(one.id, ())), remembered, names, excluding) for one in lists]


def is_kept(audience: Audience) -> bool:
    """Whether the connector keeps an audience, or has made it."""
    description = audience.description or ""
    return description.startswith(DEFAULT_TEXT) or is_marked(description)


def _known(
    customer_list: CustomerList,
    audiences: tuple[Audience, ...],
    remembered: Collection[str],
    kept_names: Collection[str],
    exclusions: Collection[str],
) -> KnownList:
    label = read_label(customer_list.name)
    if any(is_for_exclusion(one.description) or folded(one.name or "") in exclusions for one in audiences):
        return KnownList(customer_list, "exclusion", audiences)
    if audiences:
        is_ours = label is not None or customer_list.id in remembered or any(map(is_kept, audiences))
        return KnownList(customer_list, "ours" if is_ours else "other", audiences)
    if is_note(customer_list):
        return KnownList(customer_list, "note", (), None if label is None else label.audience)
    if label is not None:
        return KnownList(customer_list, "left_over", (), label.audience)
    name = customer_list.name
    if customer_list.id in remembered or (name is not None and folded(name) in kept_names):
        return KnownList(customer_list, "left_over", (), name)
    return KnownList(customer_list, "other", ())
