"""Swapping a finished shadow list in for the list that an audience is made of.

The audience keeps its id, since campaigns target that; only its rule changes, in one request, so that at any moment it
holds either the old people or the new ones. Nothing is switched without proof that the whole table came, nor when too
many people would leave at once.

Source: Pinterest OpenAPI 5.23.0, audiences/update takes a `rule` (read 2026-11-22). Whether Pinterest then changes the
rule of an audience that is in use is not documented, so its answer must name the new list, and a setting says what to
do about a refusal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator, is_too_early
from destination_pinterest.audiences.safeguards import Safeguards
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AudienceTooEarlyError,
    InvalidRequestError,
    RemovalGuardError,
    RuleChangeRefusedError,
)

# A list can't be born empty. This is the digest of a sentence, not of anybody's address.
_NOBODY: Final = hashlib.sha256(b"destination-pinterest begins an empty customer list").hexdigest()


class AudienceSwapper:
    """Swaps a shadow list in for the list that an audience is made of.

    Args:
        pinterest: the client.
        creator: creates lists and audiences.
        safeguards: what keeps members from leaving by mistake.
        if_refused: what to do if Pinterest does not change the rule of an audience.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        creator: AudienceCreator,
        safeguards: Safeguards,
        *,
        if_refused: Literal["fail", "new_audience"],
    ) -> None:
        self._pinterest = pinterest
        self._creator = creator
        self._safeguards = safeguards
        self._if_refused = if_refused

    def finish(self, target: AudienceTarget, *, is_complete: bool, has_rows: bool, sent: int) -> Iterator[TargetUpdate]:
        """Swaps the shadow list in, if it may. Yields each step once it is taken, so that a failure keeps the earlier.

        Where there is no audience yet, the list that it would be made of is treated as the audience's, since the next
        sync would add to it.

        Args:
            target: an audience with a shadow list.
            is_complete: whether all of the table is proven to have come.
            has_rows: whether any row of it came in this attempt.
            sent: identifiers that this attempt added.

        Raises:
            AudienceTooEarlyError: Pinterest does not make the audience yet, and this sync can't leave it at that.
            IncompleteStreamError: the table is not whole, and a later attempt would start from nothing.
            RemovalGuardError: too many people would leave.
            RuleChangeRefusedError: Pinterest does not change the rule of the audience.
        """
        if target.live is not None and target.list_id == target.live.id:
            return  # An earlier attempt of this job got so far.
        if not is_complete:
            yield from self._leave(target, has_rows=has_rows)
        elif target.list_id is not None:
            self._check_removal(target, target.list_id, has_rows=has_rows, sent=sent)
            if target.audience_id is None:
                yield from self._begin(target, has_rows=has_rows)
            else:
                yield from self._swap(target, target.list_id)
        elif target.audience_id is not None or target.adoptable is not None:
            yield from self._empty(target, has_rows=has_rows)

    def _leave(self, target: AudienceTarget, *, has_rows: bool) -> Iterator[TargetUpdate]:
        if not has_rows:
            return
        if target.shadow is None or target.shadow.spans != "job":
            self._safeguards.require_complete(target.name, is_complete=False)
        note = (
            "The input ended without proof that the whole table came, so the audience keeps the people it had. The "
            "next attempt goes on with the list that is to replace them."
        )
        yield TargetUpdate(target, (note,))

    def _begin(self, target: AudienceTarget, *, has_rows: bool) -> Iterator[TargetUpdate]:
        """Creates the audience.

        Where Pinterest makes one of a list only once that is matched, each new list is too young at its sync's end. An
        earlier one is old enough; whether it is whole, nobody knows, so the new one takes its place at once.
        """
        target = _without_adoptable(target)
        update = self._creator.ensure_audience(target)
        # An earlier attempt may have begun to empty it: whoever is in an older list has left.
        may_be_empty = self._safeguards.allow_empty and not has_rows
        if update.target.audience_id is None and target.fallback_list_id is not None and not may_be_empty:
            update = self._creator.begin_with(target, target.fallback_list_id)
            yield update
            if update.target.audience_id is not None and target.list_id is not None:
                yield from self._swap(update.target, target.list_id)
        else:
            yield update
        if update.target.audience_id is None and target.shadow is not None and target.shadow.continued_by_job:
            # With the states back, a later attempt of the job would bring the rest alone, and nothing tells it that
            # this list, which no audience uses, is the whole table but for that.
            raise AudienceTooEarlyError(
                Code.AUDIENCE_NOT_READY,
                f'Pinterest does not create the audience "{target.name}" of the customer list {target.list_id} yet: '
                "fewer than 100 of its identifiers may be matched so far, which takes 24 to 48 hours. Let the job "
                "end; the ordinary sync after it adds to that list, which holds the whole table, and creates the "
                "audience once Pinterest is ready.",
            )

    def _empty(self, target: AudienceTarget, *, has_rows: bool) -> Iterator[TargetUpdate]:
        keeps = "the audience keeps the people it had"
        if target.adoptable is not None:
            keeps = f"the customer list {target.adoptable.id}, which has no audience yet, keeps the people it had"
        if has_rows:
            yield TargetUpdate(target, (f"None of the table's rows could be used, so {keeps}.",))
            return
        if not self._safeguards.allow_empty:
            yield TargetUpdate(target, (self._safeguards.empty_table_note(keeps),))
            return
        empty = self._creator.create_list(target, _NOBODY)
        target = replace(target, list_id=empty.id)
        if target.adoptable is None:
            yield TargetUpdate(target)
            yield from self._swap(target, empty.id)
            return
        # Being the newest, the empty list is adopted by the next sync. No audience is made of nobody.
        note = (
            f"The table holds nobody, so the audience is not made of the customer list {target.adoptable.id} any more, "
            f"but of an empty one ({empty.id}) by a later sync."
        )
        yield TargetUpdate(_without_adoptable(target), (note,))

    def _check_removal(self, target: AudienceTarget, list_id: str, *, has_rows: bool, sent: int) -> None:
        before = target.live or target.adoptable
        if not self._safeguards.limits_removals or before is None:
            return
        old = _people_in(before)
        new = self._new_people(target, list_id, sent)
        if old is None or new is None:
            raise RemovalGuardError(
                Code.REMOVAL_NOT_COUNTABLE,
                f'The audience "{target.name}" was not replaced: Pinterest does not tell how many identifiers its '
                "customer lists were sent, so nobody knows how many would leave. If the table is right, set Largest "
                "removal (max_removal_percent) to 100.",
            )
        if self._safeguards.allow_empty and new <= 1 and not has_rows:
            return  # An earlier attempt began to empty the audience, as in `_empty`.
        kept = f'The audience "{target.name}" was not replaced and keeps the people it had'
        if target.audience_id is None:
            kept = f'The audience "{target.name}" was not made, since an earlier customer list ({before.id}) holds more'
        counted = "as Pinterest counts, repeats included"
        self._safeguards.check_removal(kept, leaving=old - new, known=old, counted=counted)

    def _new_people(self, target: AudienceTarget, list_id: str, sent: int) -> int | None:
        """Identifiers in the new list; None where Pinterest does not tell.

        Where this attempt alone filled it, Pinterest is not asked: its counters grow when a request is repeated.
        """
        if target.shadow is not None and target.shadow.spans == "attempt":
            return sent
        return _people_in(self._pinterest.customer_list(list_id))

    def _swap(self, target: AudienceTarget, list_id: str) -> Iterator[TargetUpdate]:
        if target.audience_id is None:
            return
        try:
            answer = self._pinterest.update_audience(target.audience_id, customer_list_id=list_id)
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
            yield self._after_refusal(target, list_id, error)
            return
        made_of = answer.customer_list_id or self._pinterest.audience(target.audience_id).customer_list_id
        if made_of != list_id:
            yield self._after_refusal(target, list_id, None)
            return
        yield TargetUpdate(_swapped(target))

    def _after_refusal(self, target: AudienceTarget, list_id: str, error: InvalidRequestError | None) -> TargetUpdate:
        if self._if_refused == "fail" or target.chosen_id is not None:  # Streams stay pointed at what was chosen.
            raise RuleChangeRefusedError(
                Code.SWAP_REFUSED,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest does not let it '
                f"be made of another customer list ({list_id}, which holds the whole table). Set If an audience "
                "can't be replaced (refused_rule_change) to new_audience and point your campaigns to the new one, "
                "set up a membership store, or choose a sync mode that ends in Append.",
                answer=None if error is None else error.answer,
            )
        created = self._creator.create_audience(target, list_id).target.audience_id
        if created == target.audience_id:
            raise AudienceTooEarlyError(
                Code.SECOND_AUDIENCE_NOT_READY,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest neither switches '
                f"it to the new customer list ({list_id}, which holds the whole table) nor creates a second audience "
                "of that list yet, since matching takes 24 to 48 hours. Set up a membership store, which needs no "
                "new list, or choose a sync mode that ends in Append.",
            )
        note = (
            f"Pinterest does not let the audience {target.audience_id} be made of another customer list, so a second "
            f"audience of the same name holds the table now: {created}. Point your campaigns to it; the audience "
            f"{target.audience_id} is not changed any more."
        )
        superseded = replace(target, superseded_audience_id=target.audience_id, audience_id=created)
        return TargetUpdate(_swapped(superseded), (note,))


def _swapped(target: AudienceTarget) -> AudienceTarget:
    return replace(target, swapped_out_list_id=target.live.id if target.live else None)


def _without_adoptable(target: AudienceTarget) -> AudienceTarget:
    """The target once another list has taken the place of the one that would have been adopted."""
    if target.adoptable is None or target.adoptable.id in target.left_over_list_ids:
        return target
    return replace(target, left_over_list_ids=(*target.left_over_list_ids, target.adoptable.id))


def _people_in(customer_list: CustomerList) -> int | None:
    """Identifiers that a list was sent less those taken out, as Pinterest counts: repeats too."""
    if customer_list.num_uploaded_user_records is None:
        return None
    return max(0, customer_list.num_uploaded_user_records - (customer_list.num_removed_user_records or 0))
