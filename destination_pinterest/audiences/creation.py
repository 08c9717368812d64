"""Creating what is missing: a customer list with its first people, and the audience that is made of it.

Pinterest's names are not unique and its lists can't be deleted, so nothing is ever created that might exist: what
exists is looked for first, and an unanswered creation is looked up before it is tried again.

Source: Pinterest OpenAPI 5.23.0 customer_lists/create (`records` is required, so a list is born with its first people)
and audiences/create (read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.errors import AmbiguousCreationError, InvalidRequestError
from destination_pinterest.vocabulary import Identifier, Operation

# Pinterest answers so while a list has under 100 matched people; the wording is not documented, so it is read broadly.
_TOO_EARLY: Final = re.compile(r"too small|size|minimum|at least|\b100\b|processing|not ready|empty", re.IGNORECASE)
_DESCRIPTION: Final = "Kept by destination-pinterest. Changes made by hand may be overwritten."

Created = TypeVar("Created")


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """Pinterest's words on a customer list and its audience, None where it has none.

    Args:
        customer_list, audience: their statuses.
        size: the audience's.
        exceptions: of the customer list.
        written: the customer list, for its counters.
        made_of: the id of the list that the audience is made of.
    """

    customer_list: str | None = None
    audience: str | None = None
    size: int | None = None
    exceptions: str = ""
    written: CustomerList | None = None
    made_of: str | None = None


class AudienceCreator:
    """Creates.

    Args:
        pinterest: the client.
        finder: looks for what exists.
        delay_s: how long to wait before an unanswered creation is looked up, by attempt (from 1) and elapsed seconds;
            None gives up.
        sleep: waits so many seconds.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        finder: AudienceLookup,
        *,
        delay_s: Callable[[int, float], float | None],
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._pinterest = pinterest
        self._delay_s = delay_s
        self._sleep = sleep
        self._clock = clock
        self._finder = finder

    def open(self, target: AudienceTarget, records: str, identifiers: int) -> None:
        """Creates the customer list with its first people.

        A creation without an answer is repeated only where no list of that name is found; a list that is found holds
        the people or not, so they are added to it, which is harmless if they are in.
        """
        list_type = _list_type(target.identifiers)

        def found() -> CustomerList | None:
            customer_list = self._finder.newest_list(target.list_name)
            if customer_list is not None:
                # From now on it is there, even if Pinterest finds these people too many for one request.
                target.list_id = customer_list.id
                self._pinterest.update_customer_list(customer_list.id, Operation.ADD, records, identifiers)
            return customer_list

        customer_list = self._create(
            lambda: self._pinterest.create_customer_list(target.list_name, records, list_type), found
        )
        target.list_id = customer_list.id

    def ensure_audience(self, target: AudienceTarget) -> None:
        """Creates the audience of an open list, unless it exists or Pinterest holds that it is too early."""
        if target.list_id is not None and target.audience_id is None:
            target.audience_id = self.create_audience(target, target.list_id)

    def begin_with(self, target: AudienceTarget, list_id: str) -> None:
        """Creates the audience of a list that is left over, to be replaced at once by the one that was written to."""
        target.audience_id = self.create_audience(target, list_id)
        if target.audience_id is not None:
            target.before = self._pinterest.customer_list(list_id)
            target.left_over_list_ids.remove(list_id)

    def create_audience(self, target: AudienceTarget, list_id: str) -> str | None:
        """The id of a new audience of a list; None, and a note, where Pinterest holds that it is too early."""
        try:
            audience = self._create(
                lambda: self._pinterest.create_audience(target.name, list_id, _DESCRIPTION),
                lambda: self._finder.newest_audience(target.name, list_id),
            )
        except InvalidRequestError as error:
            if not is_too_early(error):
                raise
            target.notes.append(
                f"Pinterest does not make an audience of the customer list yet ({error.answer}). The people are in the "
                "list; the audience is created by a later sync, once enough of them are matched."
            )
            return None
        return audience.id

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
            return TargetStatus(customer_list.status, exceptions=exceptions, written=customer_list)
        audience = self._pinterest.audience(target.audience_id)
        return TargetStatus(
            customer_list.status, audience.status, audience.size, exceptions, customer_list, audience.customer_list_id
        )


def is_too_early(error: InvalidRequestError) -> bool:
    """Whether Pinterest refuses because a list is still small or being matched, and not for good."""
    return error.answer is not None and _TOO_EARLY.search(error.answer.message) is not None


def _list_type(identifiers: frozenset[Identifier]) -> Identifier:
    """One list may hold identifiers of several kinds; its type is a label, so the most telling one is taken."""
    if len(identifiers) > 1 and identifiers <= {Identifier.GAID, Identifier.IDFA, Identifier.MAID}:
        return Identifier.MAID
    return min(identifiers, key=list(Identifier).index)
