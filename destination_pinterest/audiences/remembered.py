"""What one sync leaves to the next: how full its identity columns were, and how many members the audience has.

It is kept in the membership store, or, where there is none, in the audience's description (description_mark.py); which
state the store is in, in the description alone, so that an older copy of it is noticed. A sync
that finds nothing much different leaves it as it was, so that it costs no request.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.list_counts import records_in

# Up to so many identifiers are counted exactly, and more of them within about one percent: the standard error is at
# most 0.8 %, and a count takes about four megabytes.
EXACT_UP_TO: Final = 32_768
# The count of a whole pass is kept while the next one is no more above it.
_NOTABLE_CHANGE: Final = 0.05


class KnownMembers(msgspec.Struct, frozen=True):
    """How many members a customer list has, counted without repeats.

    Args:
        identifiers: different identifiers in the list.
        people: different people, of whom one may have several identifiers.
        records: Pinterest's count of the list's records at that moment, if the list was empty before; None if only the
            last whole pass over the table was counted, to which earlier syncs may have added others.
        list_tail: the last digits of the customer list's id.
        counted_on: when.
    """

    identifiers: int
    people: int
    records: int | None
    list_tail: str
    counted_on: date

    def is_about(self, customer_list: CustomerList) -> bool:
        """Whether this is about the list."""
        return customer_list.id.endswith(self.list_tail)

    def is_still_exact(self, customer_list: CustomerList) -> bool:
        """Whether the list is the one that was counted, and nothing was added or removed since."""
        return self.records is not None and self.is_about(customer_list) and records_in(customer_list) == self.records


def begun_with_nobody(list_id: str, day: date) -> Remembered:
    """Returns the memory of a list that was just created for nobody: its only record is no member."""
    return Remembered(members=KnownMembers(0, 0, 1, list_id[-4:], day))


def holds_nobody(remembered: Remembered, customer_list: CustomerList) -> bool:
    """Whether a list is as it was begun."""
    members = remembered.members
    return members is not None and not members.identifiers and members.is_still_exact(customer_list)


def known_members(members: KnownMembers | None, customer_list: CustomerList) -> tuple[int, str] | None:
    """Returns how many members a list has as far as is remembered, and how they were counted; None if it is not.

    What was added since the count is known from Pinterest's counters alone.
    """
    if members is None or not members.is_about(customer_list):
        return None
    how = "estimated" if members.identifiers > EXACT_UP_TO else "counted"
    if members.records is None:
        return members.identifiers, f"{how} without repeats in the table as it was on {members.counted_on}"
    counted = f"{how} without repeats on {members.counted_on}"
    records = records_in(customer_list)
    if records is None or records == members.records:
        return members.identifiers, counted
    since = records - members.records
    return max(0, members.identifiers + since), f"{counted}, and {since:+,} since then by Pinterest's counters"


class StoreEpoch(msgspec.Struct, frozen=True):
    """The state of the membership store that Pinterest has seen.

    Args:
        epoch: how often the store's ledger of the audience was changed.
        ledger: the ledger's name.
    """

    epoch: int
    ledger: str


class Remembered(msgspec.Struct, frozen=True):
    """What was remembered.

    Args:
        whole: the last whole pass over the table.
        increment: the last sync of changed rows alone.
        members: how many members there are.
        store: the membership store's state.
        text: a digest of the description's text, if it is the connector's own; see description_text.py.
        rows_refused_on: when Pinterest refused `records_v2`; None if it did not, or was not asked.
        others: parts that this version does not know, kept as they are.
        request_size: how many identifiers one request had whose size was proven; None if none was.
    """

    whole: IdentityFill | None = None
    increment: IdentityFill | None = None
    members: KnownMembers | None = None
    store: StoreEpoch | None = None
    text: str | None = None
    others: tuple[str, ...] = ()
    rows_refused_on: date | None = None
    request_size: int | None = None

    def fill_of(self, *, is_whole: bool) -> IdentityFill | None:
        """Returns what rows of that sort are compared with."""
        return self.whole if is_whole else self.increment


NOTHING: Final = Remembered()


class Intake(msgspec.Struct, frozen=True):
    """What a sync took in for one audience.

    Args:
        is_whole: whether the rows are a whole pass over the table.
        fill: how full the identity columns were.
        identifiers: different identifiers, less those that left again.
        people: people, likewise.
        day: the date on which they were counted.
        is_rest: whether the rows are the rest of a table that an earlier attempt began, or perhaps all of it again.
    """

    is_whole: bool
    fill: IdentityFill
    identifiers: int
    people: int
    day: date
    is_rest: bool = False

    def compared_with(self, remembered: Remembered) -> IdentityFill | None:
        """Returns the fill of the last sync of the same sort; None for a small rest, which may differ."""
        before = remembered.fill_of(is_whole=self.is_whole or self.is_rest)
        is_small_rest = self.is_rest and before is not None and self.fill.rows * 2 < before.rows
        return None if is_small_rest else before


def with_fill(remembered: Remembered, intake: Intake) -> Remembered:
    """Returns the memory after a sync, as far as identity columns are concerned."""
    before, now = intake.compared_with(remembered), intake.fill
    if intake.is_rest or not now.decides or (before is not None and before.resembles(now)):
        return remembered
    return replace(remembered, whole=now) if intake.is_whole else replace(remembered, increment=now)


def with_first_fill(remembered: Remembered, intake: Intake) -> Remembered:
    """Returns the same after the first rows of an audience: even an incremental stream begins with the whole table."""
    return with_fill(remembered, replace(intake, is_whole=True))


def with_new_list(remembered: Remembered, intake: Intake, *, list_id: str, records: int) -> Remembered:
    """Returns the memory once a list is in use that this sync alone has filled.

    Args:
        remembered: the memory before.
        intake: what the sync took in.
        list_id: the list.
        records: identifiers that were sent to it, repeats included, less removals.
    """
    members = KnownMembers(intake.identifiers, intake.people, max(0, records), list_id[-4:], intake.day)
    return replace(with_first_fill(remembered, intake), members=members)


def with_further_rows(remembered: Remembered, intake: Intake, *, list_id: str) -> Remembered:
    """Returns the memory after rows were added to a list that had members before.

    A whole pass adds again whoever is in the list already, so the members are about as many as it had. Increments
    leave the count: Pinterest's counters tell what was added since.
    """
    remembered = with_fill(remembered, intake)
    before, found = remembered.members, intake.identifiers
    if not intake.is_whole or not found:
        return remembered
    if before is not None and before.list_tail == list_id[-4:]:
        if before.records is None and found <= (1 + _NOTABLE_CHANGE) * before.identifiers:
            return remembered
        found = max(found, before.identifiers)
    return replace(remembered, members=KnownMembers(found, intake.people, None, list_id[-4:], intake.day))
