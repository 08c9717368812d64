"""Creates what is missing: a customer list with its first members, and the audience made from it.

Pinterest's names are not unique and its lists can't be deleted, so nothing is created twice: existing objects are
looked up first, and a creation without an answer is looked up, several times, before it is tried again.

Source: Pinterest OpenAPI 5.23.0 customer_lists/create (`records` is required, so a list is created with its first
members) and audiences/create (read 2026-11-22).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeVar

import msgspec
from msgspec.structs import replace

from destination_pinterest.api.client import People, PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.description_text import first_description
from destination_pinterest.audiences.gone import recreation_note
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.name_keeper import NameKeeper
from destination_pinterest.audiences.remembered import NOTHING, Remembered, begun_with_nobody
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.audiences.twins import PostponedTwins, TwinAudiences
from destination_pinterest.audiences.waiting import emptied_name, is_unproven, made_name, waiting_name
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AmbiguousCreationError,
    ConnectorError,
    InvalidConfigError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RequestTooLargeError,
    UnexpectedAnswerError,
)
from destination_pinterest.system import System
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier, Operation

# Pinterest's answer while a list has under 100 matched people. Its wording is not documented, so this matches broadly.
_TOO_EARLY: Final = re.compile(r"too small|size|minimum|at least|\b100\b|processing|not ready|empty", re.IGNORECASE)
# When a creation has had no answer, it may be listed late: it is looked for after each of these waits.
LOOKS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
# A list can't be created empty. This is the digest of a sentence, not of an address.
NOBODY: Final = sha256(b"destination-pinterest begins an empty customer list").hexdigest()
# The same as the digest of a phone number: a row with it is nobody's either.
_NOBODYS_ROW: Final = ({"hashed_phone_number": NOBODY},)

Created = TypeVar("Created")


class CreatedList(msgspec.Struct, frozen=True):
    """A customer list that did not exist before.

    `holds_records` is False if its creation had no answer and it was found by name: whether its first members are in it
    is unknown, and adding them again is harmless. `answer` is the list as the creation was answered.
    """

    id: str
    holds_records: bool
    answer: CustomerList | None = None


class RowTrial(msgspec.Struct, frozen=True):
    """Whether Pinterest accepts `records_v2`.

    Args:
        list_id: the customer list that it was tried on; None if it would have been created for it.
        refusal: Pinterest's refusal; None if it was accepted.
    """

    list_id: str | None
    refusal: ConnectorError | None

    @property
    def accepted(self) -> bool:
        """Whether it is accepted."""
        return self.refusal is None


class AudienceCreator:
    """Creates customer lists and audiences, never the same one twice.

    Args:
        pinterest: the client.
        lookup: looks up what exists.
        delay_s: how long to wait at least until an unanswered creation is tried again, by attempt (from 1) and elapsed
            seconds; None gives up. It is looked for for half a minute in any case, see LOOKS_S.
        system: clock and sleep.
        installation: the name of this installation, if the settings have one.
        notes_waiting: whether each list that waits for its audience is noted, so that the audience is not taken for
            one that is gone.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        lookup: AudienceLookup,
        *,
        delay_s: Callable[[int, float], float | None],
        system: System,
        installation: str | None = None,
        notes_waiting: bool = False,
    ) -> None:
        self._pinterest = pinterest
        self._lookup = lookup
        self._delay_s = delay_s
        self._system = system
        self._installation = installation
        self._notes_waiting = notes_waiting
        self._noted: dict[str, str] = {}
        self._names = NameKeeper(pinterest)
        self._twins: TwinAudiences | PostponedTwins = TwinAudiences(pinterest, lookup, sleep=system.sleep)

    def for_many(self) -> tuple[AudienceCreator, PostponedTwins]:
        """Returns a creator that lists no audiences after a creation, and what does so once after all of them."""
        postponed = PostponedTwins(TwinAudiences(self._pinterest, self._lookup, sleep=self._system.sleep))
        other = copy(self)
        other._twins = postponed
        return other, postponed

    def create_list(self, target: AudienceTarget, people: People) -> CreatedList:
        """Creates the customer list to write to, with its first members.

        A creation without an answer is repeated only if no new list of that name is found. If it is to replace a list
        that waits for its audience, that is noted first, since this one may never be finished. A shadow list of which
        nothing is noted may not be finished itself.
        """
        waiting = target.adoptable
        if waiting is not None and target.shadow is not None and not is_unproven(waiting):
            self.note_waiting(target, waiting.id)
        created = self._create_list(target, target.list_name, people)
        if self._notes_waiting and target.shadow is None and target.audience_id is None:
            self.note_waiting(target, created.id)  # Before any state stands for it: the sync may end here.
        return created

    def begin(self, target: AudienceTarget) -> TargetUpdate:
        """Creates the audience before anybody is to join it, of a new list that holds nobody or of one that it has.

        The stand-in stays in the list: to take it out would cost a request and gain nothing, since nobody is matched
        by it. If Pinterest says that it is too early, the list is there all the same, and there is a note.
        """
        if target.audience_id is not None or target.only_removes:
            return TargetUpdate(target)
        list_id, target = self._list_to_begin_with(target)
        remembered = NOTHING
        if target.begun_list_id == list_id:
            remembered = begun_with_nobody(list_id, datetime.fromtimestamp(self._system.now(), UTC).date())
        update = self.create_audience(target, list_id, remembered)
        begun = update.target
        if begun.shadow is None:
            return update
        if begun.audience_id is None:
            left_over = () if target.begun_list_id is None else (list_id,)
            return replace(update, target=replace(begun, left_over_list_ids=(*begun.left_over_list_ids, *left_over)))
        live = self._pinterest.customer_list(list_id)  # What the shadow list is swapped in for.
        return replace(update, target=replace(begun, live=live, adoptable=None, waiting=None))

    def _list_to_begin_with(self, target: AudienceTarget) -> tuple[str, AudienceTarget]:
        if target.shadow is None and target.list_id is not None:
            return target.list_id, target
        if target.shadow is not None and target.adoptable is not None:
            return target.adoptable.id, target
        list_id = self.create_list(replace(target, shadow=None, list_id=None), NOBODY).id
        if target.shadow is None:
            target = replace(target, list_id=list_id)
        return list_id, replace(target, begun_list_id=list_id)

    def try_rows(self, target: AudienceTarget) -> RowTrial:
        """Tries whether Pinterest accepts `records_v2`: adds nobody, and takes nobody out again.

        The audience's present list serves for it; if there is none yet, the one to write to is created, unless that is
        refused.
        """
        known = (target.live, target.adoptable)
        list_id = target.list_id or next((one.id for one in known if one is not None), None)
        try:
            if list_id is None:
                created = self.create_list(target, _NOBODYS_ROW)
                list_id = created.id
                if not created.holds_records:
                    self._pinterest.update_customer_list(list_id, Operation.ADD, _NOBODYS_ROW, 1)
            else:
                self._pinterest.update_customer_list(list_id, Operation.ADD, _NOBODYS_ROW, 1)
            self._pinterest.update_customer_list(list_id, Operation.REMOVE, _NOBODYS_ROW, 1)
        except (InvalidRequestError, RequestTooLargeError) as error:
            return RowTrial(list_id, error)
        except (NotFoundError, PermissionDeniedError, UnexpectedAnswerError) as error:
            if list_id is None:
                raise
            # It may be about the list or the role, which the older form then meets as well.
            self._pinterest.update_customer_list(list_id, Operation.REMOVE, NOBODY, 1)
            return RowTrial(list_id, error)
        return RowTrial(list_id, None)

    def create_emptied(self, target: AudienceTarget) -> str:
        """Creates a list that holds nobody, in the place of one that waits for its audience; returns its id."""
        return self._create_list(target, emptied_name(target.name, self._installation), NOBODY).id

    def note_waiting(self, target: AudienceTarget, list_id: str) -> AudienceTarget:
        """Notes that a list waits for its audience, unless that is noted; see waiting.py."""
        if list_id not in {target.waiting, self._noted.get(target.name)}:
            self._create_list(target, waiting_name(target.name, self._installation, list_id), NOBODY)
            self._noted[target.name] = list_id
        return replace(target, waiting=list_id)

    def _create_list(self, target: AudienceTarget, name: str, people: People) -> CreatedList:
        def create() -> CreatedList:
            created = self._pinterest.create_customer_list(name, people, _list_type(target.identifiers))
            if name == target.list_name:
                _require_label(target, created.name)
            return CreatedList(created.id, holds_records=True, answer=created)

        def find() -> CreatedList | None:
            found = self._lookup.newest_list(name)
            return None if found is None else CreatedList(found.id, holds_records=False)

        return self._create(create, find)

    def ensure_audience(self, target: AudienceTarget, remembered: Remembered = NOTHING) -> TargetUpdate:
        """Creates the audience of the list that is written to, unless it exists or Pinterest says it is too early."""
        if target.list_id is None or target.audience_id is not None:
            return TargetUpdate(target)
        update = self.create_audience(target, target.list_id, remembered)
        if update.target.audience_id is None and (self._notes_waiting or target.shadow is not None):
            return replace(update, target=self.note_waiting(update.target, target.list_id))
        return update

    def create_from_left_over(self, target: AudienceTarget, list_id: str) -> TargetUpdate:
        """Creates the audience from a left-over list, for the list that was written to to be swapped in."""
        live = self._pinterest.customer_list(list_id)  # First: a failure after the creation would hide the audience.
        update = self.create_audience(target, list_id)
        if update.target.audience_id is None:
            return update
        left_over = tuple(other for other in target.left_over_list_ids if other != list_id)
        return replace(update, target=replace(update.target, live=live, left_over_list_ids=left_over))

    def create_audience(self, target: AudienceTarget, list_id: str, remembered: Remembered = NOTHING) -> TargetUpdate:
        """Returns the target with a new audience of a list, or a note if Pinterest says that it is too early.

        Args:
            target: an audience that does not exist, or is to exist twice.
            list_id: the list to make it from.
            remembered: what the description's mark is to say.
        """
        description = first_description(target.text, remembered)
        try:
            audience = self._create(
                lambda: self._pinterest.create_audience(target.name, list_id, description),
                lambda: next(iter(self._lookup.audiences_of(target.name, list_id)), None),
            )
        except InvalidRequestError as error:
            if not is_too_early(error):
                raise
            note = (
                f"Pinterest does not make an audience of the customer list yet ({error.answer}). The members are in "
                "the list; a later sync creates the audience, once enough of them are matched."
            )
            return TargetUpdate(target, (note,))
        created = replace(target, audience_id=audience.id, description=audience.description or description)
        update = self._twins.settle(self._names.keep(created, audience.name), audience, list_id)
        if target.waiting is not None or target.name in self._noted:
            self._create_list(target, made_name(target.name, self._installation), NOBODY)
        if target.adoptable is None or target.adoptable.id == target.waiting or update.target.audience_id is None:
            return update
        note = recreation_note(target.adoptable, list_id, update.target.audience_id)
        return replace(update, notes=(*update.notes, note))

    def _create(self, create: Callable[[], Created], look_up: Callable[[], Created | None]) -> Created:
        started_s = self._system.clock()
        attempt = 1
        while True:
            try:
                return create()
            except AmbiguousCreationError:
                delay_s = self._delay_s(attempt, self._system.clock() - started_s)
                if delay_s is None:
                    raise
            for pause_s in (*LOOKS_S, max(0.0, delay_s - sum(LOOKS_S))):
                if pause_s:
                    self._system.sleep(pause_s)
                    found = look_up()
                    if found is not None:
                        return found
            attempt += 1


def is_too_early(error: InvalidRequestError) -> bool:
    """Whether Pinterest refuses only for now, because a list is still too small or being matched."""
    return error.answer is not None and _TOO_EARLY.search(error.answer.message) is not None


def _require_label(target: AudienceTarget, stored: str | None) -> None:
    """Refuses to build a replacement over several attempts in a list that the next one would not find again."""
    shadow = target.shadow
    if shadow is None or shadow.spans == "attempt" or stored is None or shadow.is_label_of(stored):
        return
    raise InvalidConfigError(
        Code.LABEL_NOT_KEPT,
        f'Pinterest stores the customer list "{target.list_name}" as "{stored}", so later attempts of this job would '
        "not find it. Choose a shorter audience name (audience_name).",
    )


def _list_type(identifiers: frozenset[Identifier]) -> Identifier | None:
    """The type of a new list. A list may hold identifiers of several kinds; its type is only a label.

    None if Pinterest has no type for any of them; since 5.28 it may be left out.
    """
    identifiers -= ROWS_ONLY
    if not identifiers:
        return None
    if len(identifiers) > 1 and identifiers <= {Identifier.GAID, Identifier.IDFA, Identifier.MAID}:
        return Identifier.MAID
    return min(identifiers, key=list(Identifier).index)
