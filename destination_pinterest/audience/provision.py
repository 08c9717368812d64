"""Finding the audience of a name with its customer list, or creating the two.

Pinterest's names are not unique and its lists can't be deleted, so nothing is ever created that might exist: an
audience is looked for first, then a customer list that no audience uses yet (a creation was interrupted, or Pinterest
refused the audience while the list was small), and an unanswered creation is looked up before it is tried again.

Source: Pinterest OpenAPI 5.23.0 customer_lists/create (`records` is required, so a list is born with its first people)
and audiences/create; Amperity takes the newest of several lists of one name (both read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.errors import (
    AmbiguousCreationError,
    AudienceConflictError,
    InvalidRequestError,
    NotFoundError,
)
from destination_pinterest.vocabulary import Identifier, Operation

CUSTOMER_LIST: Final = "CUSTOMER_LIST"
# Pinterest answers so while a list has under 100 matched people; the wording is not documented, so it is read broadly.
_TOO_EARLY: Final = re.compile(r"too small|size|minimum|at least|\b100\b|processing|not ready|empty", re.IGNORECASE)
_DESCRIPTION: Final = "Kept by destination-pinterest. Changes made by hand may be overwritten."

Created = TypeVar("Created")


class Pinterest(Protocol):
    """What room 3 needs of the client."""

    def audiences(self) -> Iterator[Audience]:
        """Every audience of the ad account."""

    def audience(self, audience_id: str) -> Audience:
        """One audience."""

    def customer_lists(self) -> Iterator[CustomerList]:
        """Every customer list of the ad account."""

    def customer_list(self, customer_list_id: str) -> CustomerList:
        """One customer list."""

    def create_customer_list(self, name: str, records: str, list_type: Identifier) -> CustomerList:
        """A new customer list with its first people; never repeated blindly."""

    def update_customer_list(
        self, customer_list_id: str, operation: Operation, records: str, identifiers: int
    ) -> CustomerList:
        """Adds people to a list or removes them."""

    def create_audience(self, name: str, customer_list_id: str, description: str) -> Audience:
        """A new audience of a customer list's people; never repeated blindly."""


@dataclass(slots=True)
class AudienceTarget:
    """An audience and its customer list, as far as they exist.

    Written by the one delivery that creates the list, read by all others afterwards: while the list is not open, a lane
    lets only one delivery start.
    """

    name: str
    identifiers: frozenset[Identifier]
    list_id: str | None = None
    audience_id: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the customer list exists."""
        return self.list_id is not None


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Pinterest's words on a customer list and its audience, None where it has none, and its `exceptions`."""

    customer_list: str | None = None
    audience: str | None = None
    size: int | None = None
    exceptions: str = ""


class AudienceProvisioner:
    """Finds and creates.

    Args:
        pinterest: the client.
        delay_s: how long to wait before an unanswered creation is looked up, by attempt (from 1) and elapsed seconds;
            None gives up.
        sleep: waits so many seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        pinterest: Pinterest,
        *,
        delay_s: Callable[[int, float], float | None],
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._pinterest = pinterest
        self._delay_s = delay_s
        self._sleep = sleep
        self._clock = clock
        self._used_lists: frozenset[str] = frozenset()

    def find(self, targets: Sequence[AudienceTarget]) -> None:
        """Fills in what exists already.

        Raises:
            AudienceConflictError: a name is taken by an audience of another kind.
            NotFoundError: an audience's customer list is gone.
        """
        self._find(targets)
        by_list: dict[str, AudienceTarget] = {}
        for target in targets:
            other = target if target.list_id is None else by_list.setdefault(target.list_id, target)
            if other is not target:
                raise AudienceConflictError(
                    f'The audiences "{other.name}" and "{target.name}" are made from the same customer list '
                    f"({target.list_id}), so two streams would contradict each other. Choose another audience name for "
                    "one of them, or one name for both."
                )

    def _find(self, targets: Sequence[AudienceTarget]) -> None:
        wanted = {target.name for target in targets}
        every_audience = list(self._pinterest.audiences())
        audiences = _by_name(every_audience, wanted)
        # Also lists of other audiences: one that was renamed by hand leaves its old name to its list.
        made_of = (audience.customer_list_id for audience in every_audience)
        self._used_lists = frozenset(list_id for list_id in made_of if list_id is not None)
        for target in targets:
            self._adopt_audience(target, audiences.get(target.name, []))
        homeless = {target.name: target for target in targets if not target.is_open}
        if not homeless:
            return
        lists = self._free_lists(set(homeless))
        for name, target in homeless.items():
            self._adopt_list(target, lists.get(name, []))

    def open(self, target: AudienceTarget, records: str, identifiers: int) -> None:
        """Creates the customer list with its first people.

        A creation without an answer is repeated only where no list of that name is found; a list that is found holds
        the people or not, so they are added to it, which is harmless if they are in.
        """
        list_type = _list_type(target.identifiers)

        def found() -> CustomerList | None:
            customer_list = self._newest_list(target.name)
            if customer_list is not None:
                self._pinterest.update_customer_list(customer_list.id, Operation.ADD, records, identifiers)
            return customer_list

        customer_list = self._create(
            lambda: self._pinterest.create_customer_list(target.name, records, list_type), found
        )
        target.list_id = customer_list.id

    def ensure_audience(self, target: AudienceTarget) -> None:
        """Creates the audience of an open list, unless it exists or Pinterest holds that it is too early."""
        list_id = target.list_id
        if list_id is None or target.audience_id is not None:
            return
        try:
            audience = self._create(
                lambda: self._pinterest.create_audience(target.name, list_id, _DESCRIPTION),
                lambda: self._newest_audience(target.name, list_id),
            )
        except InvalidRequestError as error:
            if error.answer is None or not _TOO_EARLY.search(error.answer.message):
                raise
            target.notes.append(
                f"Pinterest does not make an audience of the customer list yet ({error.answer}). The people are in the "
                "list; the audience is created by a later sync, once enough of them are matched."
            )
            return
        target.audience_id = audience.id

    def _create(self, create: Callable[[], Created], look_up: Callable[[], Created | None]) -> Created:
        started_s = self._clock()
        attempt = 1
        while True:
            try:
                return create()
            except AmbiguousCreationError:
                delay_s = self._delay_s(attempt, self._clock() - started_s)
                if delay_s is None:
                    raise
            self._sleep(delay_s)
            found = look_up()
            if found is not None:
                return found
            attempt += 1

    def status(self, target: AudienceTarget) -> TargetStatus:
        """What Pinterest says of the two now."""
        if target.list_id is None:
            return TargetStatus()
        customer_list = self._pinterest.customer_list(target.list_id)
        exceptions = customer_list.described_exceptions
        if target.audience_id is None:
            return TargetStatus(customer_list.status, exceptions=exceptions)
        audience = self._pinterest.audience(target.audience_id)
        return TargetStatus(customer_list.status, audience.status, audience.size, exceptions)

    def _adopt_audience(self, target: AudienceTarget, namesakes: list[Audience]) -> None:
        usable = [audience for audience in namesakes if audience.audience_type == CUSTOMER_LIST]
        if not usable:
            if namesakes:
                raise AudienceConflictError(
                    f'The ad account has an audience "{target.name}" of the type {namesakes[0].audience_type}, '
                    "which can't take people from a table. Choose another audience name in the connection's settings, "
                    "or rename that audience in Pinterest Ads Manager."
                )
            return
        newest = _newest(usable)
        if len(namesakes) > 1:
            target.notes.append(
                f"{len(namesakes)} audiences are named so; the newest made from a customer list is used ({newest.id})."
            )
        list_id = self._list_of(newest)
        try:
            self._pinterest.customer_list(list_id)
        except NotFoundError as error:
            raise NotFoundError(
                f'The audience "{target.name}" ({newest.id}) is made from the customer list {list_id}, which is gone. '
                "Remove or rename the audience in Pinterest Ads Manager, then sync again: a new one is created.",
                answer=error.answer,
            ) from None
        target.audience_id = newest.id
        target.list_id = list_id

    def _list_of(self, audience: Audience) -> str:
        list_id = audience.customer_list_id or self._pinterest.audience(audience.id).customer_list_id
        if list_id is None:
            raise AudienceConflictError(
                f'Pinterest does not say from which customer list the audience "{audience.name}" ({audience.id}) is '
                "made. Choose another audience name in the connection's settings."
            )
        return list_id

    def _adopt_list(self, target: AudienceTarget, namesakes: list[CustomerList]) -> None:
        if not namesakes:
            return
        newest = _newest(namesakes)
        if len(namesakes) > 1:
            target.notes.append(f"{len(namesakes)} customer lists are named so; the newest is used ({newest.id}).")
        else:
            target.notes.append(f"A customer list without an audience was found and is used ({newest.id}).")
        target.list_id = newest.id

    def _newest_list(self, name: str) -> CustomerList | None:
        found = self._free_lists({name}).get(name)
        return _newest(found) if found else None

    def _free_lists(self, names: set[str]) -> dict[str, list[CustomerList]]:
        """Customer lists by name, but those that an audience was made of before the sync began."""
        lists = self._pinterest.customer_lists()
        return _by_name((one for one in lists if one.id not in self._used_lists), names)

    def _newest_audience(self, name: str, list_id: str) -> Audience | None:
        found = _by_name(self._pinterest.audiences(), {name}).get(name, [])
        ours = [
            audience
            for audience in found
            if audience.audience_type == CUSTOMER_LIST and self._list_of(audience) == list_id
        ]
        return _newest(ours) if ours else None


Named = TypeVar("Named", Audience, CustomerList)


def _by_name(things: Iterable[Named], wanted: set[str]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for thing in things:
        if thing.name is not None and thing.name in wanted:
            found.setdefault(thing.name, []).append(thing)
    return found


def _newest(things: list[Named]) -> Named:
    # Ids grow with time and are always there; creation times may be missing.
    return max(things, key=lambda thing: int(thing.id))


def _list_type(identifiers: frozenset[Identifier]) -> Identifier:
    """One list may hold identifiers of several kinds; its type is a label, so the most telling one is taken."""
    if len(identifiers) > 1 and identifiers <= {Identifier.GAID, Identifier.IDFA, Identifier.MAID}:
        return Identifier.MAID
    return min(identifiers, key=list(Identifier).index)
