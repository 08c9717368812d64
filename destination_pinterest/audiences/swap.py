"""Swaps a finished shadow list in for the list that an audience is made from.

The audience keeps its id, which campaigns target; only its rule changes, in one request, so at any moment it has either
the old members or the new ones. Nothing is swapped without proof that the whole table has arrived, or if too many
members would be removed at once.

Source: Pinterest OpenAPI 5.23.0, audiences/update takes a `rule` (read 2026-11-22). Whether Pinterest then changes the
rule of an audience that is in use is not documented, so its answer must name the new list, and a setting says what to
do if it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.creation import NOBODY, AudienceCreator, is_too_early
from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.list_counts import records_in
from destination_pinterest.audiences.mark_keeper import MarkKeeper
from destination_pinterest.audiences.remembered import (
    Intake,
    Remembered,
    holds_nobody,
    known_members,
    with_fill,
    with_new_list,
)
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget, EmptyTable, TargetUpdate
from destination_pinterest.audiences.waiting import is_emptied
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AudienceTooEarlyError,
    IdentityDriftError,
    InvalidRequestError,
    RemovalGuardError,
    RuleChangeRefusedError,
)

_OTHER_WAYS: Final = (
    "Set If an audience can't be replaced (refused_rule_change) to new_audience and point your campaigns to the new "
    "one, set up a membership store, or choose a sync mode that ends in Append."
)


class AudienceSwapper:
    """Swaps a shadow list in for the list that an audience is made from.

    Args:
        pinterest: the client.
        creator: creates lists and audiences.
        safeguards: keep members from being removed by mistake.
        if_refused: what to do if Pinterest refuses to change an audience's rule.
        refused_on: the day on which a probe found that it does; None if that is not known.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        creator: AudienceCreator,
        safeguards: Safeguards,
        *,
        if_refused: Literal["fail", "new_audience"],
        refused_on: str | None = None,
    ) -> None:
        self._pinterest = pinterest
        self._creator = creator
        self._safeguards = safeguards
        self._if_refused = if_refused
        self._refused_on = refused_on
        self._keeper = MarkKeeper(pinterest)

    @property
    def may_empty(self) -> bool:
        """Whether a table without rows may empty an audience."""
        return self._safeguards.allow_empty

    def why_not_begun(self, target: AudienceTarget) -> str | None:
        """Returns why the audience is not created before the first row; None if it may be.

        Where it is known that no other list can be swapped in, an audience of nobody would stay one.
        """
        if self._refused_on is None or target.audience_id is not None or not self._is_in_the_way(target):
            return None
        return (
            f"The audience is created with its people, not early: by the probe of {self._refused_on} "
            "(pinterest_facts), Pinterest does not let an audience be made of another customer list afterwards."
        )

    def begin(self, target: AudienceTarget) -> TargetUpdate:
        """Creates the audience before the first row; see `AudienceCreator.begin`."""
        return self._creator.begin(target)

    def finish(
        self, target: AudienceTarget, *, is_complete: bool, has_rows: bool, sent: int, intake: Intake
    ) -> Iterator[TargetUpdate]:
        """Swaps the shadow list in, if allowed. Yields each step, so that a failure keeps the earlier ones.

        Without an audience, the list that it would be made from is treated as the audience's, since the next sync would
        add to it.

        Args:
            target: an audience with a shadow list.
            is_complete: whether the whole table is proven to have arrived.
            has_rows: whether this attempt had any row.
            sent: identifiers that this attempt added, repeats included.
            intake: what this attempt took in.

        Raises:
            AudienceTooEarlyError: Pinterest does not create the audience yet, and later attempts send only the rest.
            IdentityDriftError: the rows lack identifiers that the last sync had.
            IncompleteStreamError: the table is not complete, and a later attempt would start over.
            RemovalGuardError: too many members would be removed.
            RuleChangeRefusedError: Pinterest refuses to change the audience's rule.
        """
        if target.live is not None and target.list_id == target.live.id:
            return  # An earlier attempt of this job has done it.
        if not is_complete:
            yield from self._postpone(target, has_rows=has_rows)
        elif target.list_id is not None:
            try:
                notes = self.check(target, has_rows=has_rows, sent=sent, intake=intake)
            except (IdentityDriftError, RemovalGuardError):
                if target.adoptable is not None:  # Otherwise the refused list, as the newest, would be in force.
                    self._creator.note_waiting(target, target.adoptable.id)
                raise
            yield TargetUpdate(target, notes)
            remembered = _after(read_mark(target.description), target, target.list_id, sent=sent, intake=intake)
            if target.audience_id is None:
                yield from self._create_audience(target, remembered, has_rows=has_rows)
            else:
                yield from self._swap(target, target.list_id, remembered)
        else:
            yield from self._empty(target, has_rows=has_rows)

    def check(self, target: AudienceTarget, *, has_rows: bool, sent: int, intake: Intake) -> tuple[str, ...]:
        """Checks that a whole table may replace the members; returns notes.

        Args:
            target: see `finish`.
            has_rows: see `finish`.
            sent: see `finish`.
            intake: see `finish`.

        Raises:
            IdentityDriftError: the rows lack identifiers that the last sync had.
            RemovalGuardError: too many members would be removed.
        """
        before = intake.compared_with(read_mark(target.description))
        notes = self._safeguards.drift.check(target.name, before, intake.fill)
        old, new, counted = self._sizes(target, sent=sent, intake=intake)
        self._check_removal(target, old, new, counted, has_rows=has_rows)
        if self._safeguards.is_for_exclusion and old is not None and new is not None:
            notes += self._safeguards.addition_notes(joining=new - old, known=old)
        return tuple(notes)

    def require_rule_change(self, target: AudienceTarget) -> None:
        """Refuses to fill a list that could not be swapped in in the end, and would be left over.

        Raises:
            RuleChangeRefusedError: a probe has found that Pinterest refuses it, and nothing else is to be done.
        """
        if self._refused_on is None or target.audience_id is None or not self._is_in_the_way(target):
            return
        raise RuleChangeRefusedError(
            Code.SWAP_REFUSED,
            f'The audience "{target.name}" ({target.audience_id}) keeps its members, and nothing was sent: by the '
            f"probe of {self._refused_on} (pinterest_facts), Pinterest does not let an audience be made of another "
            f"customer list. {_OTHER_WAYS}",
        )

    def _is_in_the_way(self, target: AudienceTarget) -> bool:
        """Whether a replacement fails if Pinterest refuses to change the audience's rule."""
        return self._if_refused == "fail" or target.chosen_id is not None

    def require_complete(self, target: AudienceTarget) -> None:
        """Refuses rows that are not proven to be the whole table.

        Raises:
            IncompleteStreamError: always.
        """
        self._safeguards.require_complete(target.name, is_complete=False)

    def _postpone(self, target: AudienceTarget, *, has_rows: bool) -> Iterator[TargetUpdate]:
        if not has_rows:
            if target.audience_id is None and target.adoptable is not None:
                note = f"No rows arrived. The customer list {target.adoptable.id} still has no audience."
                yield TargetUpdate(target, (note,))
            return
        if target.shadow is None or target.shadow.spans != "job":
            self._safeguards.require_complete(target.name, is_complete=False)
        note = (
            "The input ended without proof that the whole table arrived, so the audience keeps its members. The "
            "next attempt continues filling the list that replaces them."
        )
        yield TargetUpdate(target, (note,))

    def _create_audience(
        self, target: AudienceTarget, remembered: Remembered, *, has_rows: bool
    ) -> Iterator[TargetUpdate]:
        """Creates the audience, from the shadow list or, if Pinterest says that is too early, from an older one.

        If Pinterest requires a matched list, each new list is too young when its sync ends. An earlier one is old
        enough but perhaps incomplete, so the new one is swapped in at once.
        """
        target = _without_adoptable(target)
        update = self._creator.ensure_audience(target, remembered)
        # An earlier attempt may have begun to empty it: the members of an older list have been removed.
        may_be_empty = self._safeguards.allow_empty and not has_rows
        if update.target.audience_id is None and target.fallback_list_id is not None and not may_be_empty:
            update = self._creator.create_from_left_over(target, target.fallback_list_id)
            yield update
            if update.target.audience_id is not None and target.list_id is not None:
                yield from self._swap(update.target, target.list_id, remembered)
        else:
            yield update
        if update.target.audience_id is None and target.shadow is not None and target.shadow.continued_by_job:
            # Once states are released, a later attempt sends only the rest, and nothing tells it that this list, which
            # no audience uses, has all that came before.
            raise AudienceTooEarlyError(
                Code.AUDIENCE_NOT_READY,
                f'Pinterest does not create the audience "{target.name}" of the customer list {target.list_id} yet: '
                "fewer than 100 of its identifiers may be matched so far, which takes 24 to 48 hours. Let the job "
                "end; the ordinary sync after it adds to that list, which holds the whole table, and creates the "
                "audience once Pinterest is ready.",
            )

    def of_empty_table(self, target: AudienceTarget, *, has_rows: bool) -> TargetUpdate | None:
        """Returns what is said of a table that replaces nobody; None if it may empty the audience."""
        if not has_rows and self._safeguards.allow_empty:
            return None
        outcome: EmptyTable = "kept" if _has_somebody(target) else "nobody_yet"
        if not _has_members(target):
            keeps = "no audience is created"
            told = self._safeguards.nobody_yet_note(keeps)
        else:
            waiting = target.adoptable
            of_list = "" if waiting is None else f"the customer list {waiting.id}, which has no audience yet, keeps"
            keeps = f"{of_list or 'the audience keeps'} its members"
            told = self._safeguards.empty_table_note(keeps)
        return TargetUpdate(target, (_none_usable(keeps) if has_rows else told,), outcome)

    def _empty(self, target: AudienceTarget, *, has_rows: bool) -> Iterator[TargetUpdate]:
        found = self.of_empty_table(target, has_rows=has_rows)
        if found is not None:
            yield found
            return
        if not _has_members(target):
            return
        if target.adoptable is None:
            empty = self._creator.create_list(target, NOBODY).id
            target = replace(target, list_id=empty)
            yield TargetUpdate(target)
            yield from self._swap(target, empty, read_mark(target.description))
            return
        # The next sync adopts the empty list. No audience is made from an empty list.
        empty = self._creator.create_emptied(target)
        note = (
            f"The table has no usable rows, so the audience will not be made from the list {target.adoptable.id}, "
            f"but from an empty one ({empty}), by a later sync."
        )
        yield TargetUpdate(_without_adoptable(replace(target, list_id=empty)), (note,))

    def _sizes(self, target: AudienceTarget, *, sent: int, intake: Intake) -> tuple[int | None, int | None, str]:
        """Returns how many identifiers there are before and after the replacement, if known, and how they are counted.

        They are not asked for if nothing depends on them.
        """
        before = target.live or target.adoptable
        if before is None or not (self._safeguards.limits_removals or self._safeguards.is_for_exclusion):
            return None, None, ""
        known = known_members(read_mark(target.description).members, before)
        if known is not None and _filled_by_this_attempt(target):
            return known[0], intake.identifiers, known[1]
        # Both with their repeats.
        return records_in(before), self._new_size(target, sent), "as Pinterest counts, repeats included"

    def _check_removal(
        self, target: AudienceTarget, old: int | None, new: int | None, counted: str, *, has_rows: bool
    ) -> None:
        before = target.live or target.adoptable
        if not self._safeguards.limits_removals or before is None:
            return
        if old is None or new is None:
            raise RemovalGuardError(
                Code.REMOVAL_NOT_COUNTABLE,
                f'The audience "{target.name}" was not replaced: Pinterest does not tell how many identifiers its '
                "customer lists were sent, so nobody knows how many would leave. If the table is right, set Largest "
                "removal (max_removal_percent) to 100.",
            )
        if self._safeguards.allow_empty and new <= 1 and not has_rows:
            return  # An earlier attempt began to empty the audience; see `_empty`.
        kept = f'The audience "{target.name}" was not replaced and keeps its members'
        if target.audience_id is None:
            kept = (
                f'The audience "{target.name}" was not created, since an earlier customer list ({before.id}) has more'
            )
        self._safeguards.check_removal(kept, leaving=old - new, known=old, counted=counted)

    def _new_size(self, target: AudienceTarget, sent: int) -> int | None:
        """The number of identifiers in the new list; None if Pinterest does not say.

        If this attempt alone filled it, Pinterest is not asked: its counters grow when a request is repeated.
        """
        if target.resumed is None:
            return sent
        return records_in(self._pinterest.customer_list(target.resumed.id))

    def _swap(self, target: AudienceTarget, list_id: str, remembered: Remembered) -> Iterator[TargetUpdate]:
        if target.audience_id is None:
            return
        try:
            answer, target = self._change_rule(target, target.audience_id, list_id, remembered)
        except InvalidRequestError as error:
            if is_too_early(error):
                raise RuleChangeRefusedError(
                    Code.SWAP_NOT_READY,
                    f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest does not '
                    f"switch it to the new customer list ({list_id}, which holds the whole table) yet, since "
                    "matching takes 24 to 48 hours, longer than a sync can wait. Set up a membership store, which "
                    "needs no new list, or choose a sync mode that ends in Append.",
                    answer=error.answer,
                ) from None
            yield self._after_refusal(target, list_id, remembered, error)
            return
        made_of = answer.customer_list_id or self._pinterest.audience(answer.id).customer_list_id
        if made_of != list_id:
            yield self._after_refusal(target, list_id, remembered, None)
            return
        yield TargetUpdate(_swapped(target))

    def _change_rule(
        self, target: AudienceTarget, audience_id: str, list_id: str, remembered: Remembered
    ) -> tuple[Audience, AudienceTarget]:
        """Changes the rule and the description's mark in one request; the rule alone if the mark is refused."""
        description = self._keeper.description_for(target, remembered)
        if description is not None:
            try:
                answer = self._pinterest.update_audience(audience_id, customer_list_id=list_id, description=description)
            except InvalidRequestError:
                pass  # Either of the two may be what Pinterest refuses.
            else:
                return answer, target.described(description)
        return self._pinterest.update_audience(audience_id, customer_list_id=list_id), target

    def _after_refusal(
        self, target: AudienceTarget, list_id: str, remembered: Remembered, error: InvalidRequestError | None
    ) -> TargetUpdate:
        if self._if_refused == "fail" or target.chosen_id is not None:  # Streams stay pointed at the chosen one.
            raise RuleChangeRefusedError(
                Code.SWAP_REFUSED,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest does not let it '
                f"be made of another customer list ({list_id}, which holds the whole table). {_OTHER_WAYS}",
                answer=None if error is None else error.answer,
            )
        update = self._creator.create_audience(target, list_id, remembered)
        created = update.target.audience_id
        if created == target.audience_id:
            raise AudienceTooEarlyError(
                Code.SECOND_AUDIENCE_NOT_READY,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest neither switches '
                f"it to the new customer list ({list_id}, which holds the whole table) nor creates a second audience "
                "of that list yet, since matching takes 24 to 48 hours. Set up a membership store, which needs no "
                "new list, or choose a sync mode that ends in Append.",
            )
        note = (
            f"Pinterest refuses to give the audience {target.audience_id} another customer list, so a second "
            f"audience of the same name has the table's members now: {created}. Point your campaigns to it; "
            f"{target.audience_id} is not changed any more."
        )
        superseded = replace(update.target, superseded_audience_id=target.audience_id)
        return TargetUpdate(_swapped(superseded), (*update.notes, note))


def _filled_by_this_attempt(target: AudienceTarget) -> bool:
    return target.resumed is None


def _after(remembered: Remembered, target: AudienceTarget, list_id: str, *, sent: int, intake: Intake) -> Remembered:
    """Returns what the next sync is told. Of a list that an earlier attempt began, the members are not known."""
    if _filled_by_this_attempt(target):
        return with_new_list(remembered, intake, list_id=list_id, records=sent)
    return replace(with_fill(remembered, intake), members=None)


def _swapped(target: AudienceTarget) -> AudienceTarget:
    return replace(target, swapped_out_list_id=target.live.id if target.live else None)


def _has_members(target: AudienceTarget) -> bool:
    """Whether there is an audience, or a list of which one would be made and that is not empty already."""
    if target.audience_id is not None or target.adoptable is None:
        return target.audience_id is not None
    return not is_emptied(target.adoptable) or records_in(target.adoptable) != 1


def _none_usable(outcome: str) -> str:
    return f"None of the table's rows could be used, so {outcome}."


def _has_somebody(target: AudienceTarget) -> bool:
    """Whether anybody else than the stand-in stays, as far as is known."""
    before = target.live or target.adoptable
    if before is None:
        return target.audience_id is not None
    if before.id == target.begun_list_id or records_in(before) == 1:
        return False
    return _has_members(target) and not holds_nobody(read_mark(target.description), before)


def _without_adoptable(target: AudienceTarget) -> AudienceTarget:
    """Returns the target once another list has replaced the one that would have been adopted."""
    if target.adoptable is None or target.adoptable.id in target.left_over_list_ids:
        return target
    return replace(target, left_over_list_ids=(*target.left_over_list_ids, target.adoptable.id))
