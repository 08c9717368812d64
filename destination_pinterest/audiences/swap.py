"""Putting a finished generation in the place of the list that an audience is made of.

The audience keeps its id, since campaigns target that; only its rule changes, in one request, so that at any moment it
holds either the old people or the new ones. Nothing is switched without proof that the whole table came, nor when too
many people would leave at once.

Source: Pinterest OpenAPI 5.23.0, audiences/update takes a `rule` (read 2026-11-22). Whether Pinterest then changes the
rule of an audience that is in use is not documented, so its answer must name the new list, and a setting says what to
do about a refusal.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import CustomerList
from destination_pinterest.audiences.creation import AudienceCreator, is_too_early
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AudienceTooEarlyError,
    IncompleteStreamError,
    InvalidRequestError,
    RemovalGuardError,
    RuleChangeRefusedError,
)

# A list can't be born empty. This is the digest of a sentence, not of anybody's address.
_NOBODY: Final = hashlib.sha256(b"destination-pinterest begins an empty customer list").hexdigest()


class AudienceSwapper:
    """Ends replacements.

    Args:
        pinterest: the client.
        provisioner: creates lists and audiences.
        max_removal_percent: by how much a list may be smaller than the one before it.
        allow_empty: whether a table without people may replace a list.
        if_refused: what to do if Pinterest does not change the rule of an audience.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        provisioner: AudienceCreator,
        *,
        max_removal_percent: int,
        allow_empty: bool,
        if_refused: Literal["fail", "new_audience"],
    ) -> None:
        self._pinterest = pinterest
        self._provisioner = provisioner
        self._max_removal_percent = max_removal_percent
        self._allow_empty = allow_empty
        self._if_refused = if_refused

    def finish(self, target: AudienceTarget, *, is_complete: bool, has_rows: bool, sent: int) -> None:
        """Replaces the audience's list by the generation's, if it may.

        Args:
            target: an audience with a generation.
            is_complete: whether all of the table is proven to have come.
            has_rows: whether any row of it came in this attempt.
            sent: identifiers that this attempt added.

        Raises:
            AudienceTooEarlyError: Pinterest does not make the audience yet, and this sync can't leave it at that.
            IncompleteStreamError: it is not, and a later attempt would start from nothing.
            RemovalGuardError: too many people would leave.
            RuleChangeRefusedError: Pinterest does not change the rule of the audience.
        """
        if target.before is not None and target.list_id == target.before.id:
            return  # An earlier attempt of this generation got so far.
        if not is_complete:
            self._leave(target, has_rows=has_rows)
            return
        if target.is_open and target.audience_id is None:
            self._begin(target)
        elif target.is_open:
            self._check_removal(target, has_rows=has_rows, sent=sent)
            self._switch(target)
        elif target.audience_id is not None:
            self._empty(target, has_rows=has_rows)

    def _begin(self, target: AudienceTarget) -> None:
        """Creates the audience.

        Where Pinterest makes one of a list only once that is matched, each new list is too young at its sync's end. An
        earlier one is old enough; whether it is whole, nobody knows, so the new one takes its place at once.
        """
        notes = list(target.notes)
        self._provisioner.ensure_audience(target)
        if target.audience_id is None and target.beginning_list_id is not None:
            target.notes[:] = notes
            self._provisioner.begin_with(target, target.beginning_list_id)
            self._switch(target)
        goes_on = target.generation is not None and target.generation.goes_on_in_job is not None
        if target.audience_id is None and goes_on:
            # With the states back, a later attempt of the job would bring the rest alone, and nothing tells it that
            # this list, which no audience uses, is the whole table but for that.
            raise AudienceTooEarlyError(
                Code.AUDIENCE_NOT_READY,
                f'Pinterest does not create the audience "{target.name}" of the customer list {target.list_id} yet: '
                "fewer than 100 of its identifiers may be matched so far, which takes 24 to 48 hours. Let the job "
                "end; the ordinary sync after it adds to that list, which holds the whole table, and creates the "
                "audience once Pinterest is ready.",
            )

    @staticmethod
    def _leave(target: AudienceTarget, *, has_rows: bool) -> None:
        if not has_rows:
            return
        if target.generation is not None and target.generation.spans == "job":
            target.notes.append(
                "The input ended without proof that the whole table came, so the audience keeps the people it had. The "
                "next attempt goes on with the list that is to replace them."
            )
            return
        raise IncompleteStreamError(
            Code.TABLE_INCOMPLETE,
            f'The audience "{target.name}" keeps its members: the input ended without proof that the whole table '
            "came. If the source failed, look for the reason there; if every attempt ends so, choose a sync mode "
            "that ends in Append.",
        )

    def _empty(self, target: AudienceTarget, *, has_rows: bool) -> None:
        if has_rows:
            target.notes.append("None of the table's rows could be used, so the audience keeps the people it had.")
            return
        if not self._allow_empty:
            target.notes.append(
                "The table holds nobody, so the audience keeps the people it had. If it is to be empty, switch on "
                "Allow an empty audience (allow_empty_audience) in the destination's settings."
            )
            return
        self._provisioner.open(target, _NOBODY, 1)
        self._switch(target)

    def _check_removal(self, target: AudienceTarget, *, has_rows: bool, sent: int) -> None:
        if self._max_removal_percent >= 100 or target.before is None or target.list_id is None:
            return
        old = _people_in(target.before)
        new = self._new_people(target, target.list_id, sent)
        if old is None or new is None:
            raise RemovalGuardError(
                Code.REMOVAL_NOT_COUNTABLE,
                f'The audience "{target.name}" was not replaced: Pinterest does not tell how many identifiers its '
                "customer lists were sent, so nobody knows how many would leave. If the table is right, set Largest "
                "removal (max_removal_percent) to 100.",
            )
        if self._allow_empty and new <= 1 and not has_rows:
            return  # An earlier attempt of this generation began to empty the audience, as below.
        if new * 100 < old * (100 - self._max_removal_percent):
            raise RemovalGuardError(
                Code.REMOVAL_ABOVE_LIMIT,
                f'The audience "{target.name}" was not replaced: the new customer list has {new:,} identifiers and '
                f"the one in use {old:,} (as Pinterest counts, repeats included), {_share(old - new, old)} fewer, "
                f"and Largest removal (max_removal_percent) permits {self._max_removal_percent} %. If the table is "
                "right, raise that setting for one sync; if not, correct the table.",
            )

    def _new_people(self, target: AudienceTarget, list_id: str, sent: int) -> int | None:
        """Identifiers in the new list; None where Pinterest does not tell.

        Where this attempt alone filled it, Pinterest is not asked: its counters grow when a request is repeated.
        """
        if target.generation is not None and target.generation.spans == "attempt":
            return sent
        return _people_in(self._pinterest.customer_list(list_id))

    def _switch(self, target: AudienceTarget) -> None:
        if target.audience_id is None or target.list_id is None:
            return
        try:
            answer = self._pinterest.update_audience(target.audience_id, customer_list_id=target.list_id)
        except InvalidRequestError as error:
            if is_too_early(error):
                raise RuleChangeRefusedError(
                    Code.SWAP_NOT_READY,
                    f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest does not '
                    f"switch it to the new customer list ({target.list_id}, which holds the whole table) yet, since "
                    "matching takes 24 to 48 hours, longer than a sync can wait. Set up a membership store, which "
                    "needs no new list, or choose a sync mode that ends in Append.",
                    answer=error.answer,
                ) from None
            self._refused(target, target.list_id, error)
            return
        made_of = answer.customer_list_id or self._pinterest.audience(target.audience_id).customer_list_id
        if made_of != target.list_id:
            self._refused(target, target.list_id, None)
            return
        target.replaced_list_id = target.before.id if target.before else None

    def _refused(self, target: AudienceTarget, list_id: str, error: InvalidRequestError | None) -> None:
        if self._if_refused == "fail" or target.chosen_id is not None:  # Streams stay pointed at what was chosen.
            raise RuleChangeRefusedError(
                Code.SWAP_REFUSED,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest does not let it '
                f"be made of another customer list ({list_id}, which holds the whole table). Set If an audience "
                "can't be replaced (refused_rule_change) to new_audience and point your campaigns to the new one, "
                "set up a membership store, or choose a sync mode that ends in Append.",
                answer=None if error is None else error.answer,
            )
        created = self._provisioner.create_audience(target, list_id)
        if created is None:
            raise AudienceTooEarlyError(
                Code.SECOND_AUDIENCE_NOT_READY,
                f'The audience "{target.name}" ({target.audience_id}) keeps its members: Pinterest neither switches '
                f"it to the new customer list ({list_id}, which holds the whole table) nor creates a second audience "
                "of that list yet, since matching takes 24 to 48 hours. Set up a membership store, which needs no "
                "new list, or choose a sync mode that ends in Append.",
            )
        target.notes.append(
            f"Pinterest does not let the audience {target.audience_id} be made of another customer list, so a second "
            f"audience of the same name holds the table now: {created}. Point your campaigns to it; the audience "
            f"{target.audience_id} is not changed any more."
        )
        target.superseded_audience_id, target.audience_id = target.audience_id, created
        target.replaced_list_id = target.before.id if target.before else None


def _people_in(customer_list: CustomerList) -> int | None:
    """Identifiers that a list was sent less those taken out, as Pinterest counts: repeats too."""
    if customer_list.num_uploaded_user_records is None:
        return None
    return max(0, customer_list.num_uploaded_user_records - (customer_list.num_removed_user_records or 0))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}".replace("%", " %")
