"""Replaces an audience: collects rows in a shadow list and swaps it in once the table is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from destination_pinterest.audiences.remembered import Remembered, holds_nobody
from destination_pinterest.audiences.safeguards import check_rows
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.delivery.append import BatchedStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.precedence import Precedence
from destination_pinterest.delivery.strategy import IsComplete
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectorError,
    IdentityDriftError,
    IncompleteStreamError,
    RemovalGuardError,
    RuleChangeRefusedError,
)
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Identifier


class SwapStrategy(BatchedStrategy):
    """Makes the audience equal to the table, in one request at the end.

    Args:
        lane: the audience's lane, whose target has a shadow list.
        batch, flush_s, kinds, precedence: see `BatchedStrategy`.
        swapper: swaps the shadow list in.
    """

    def __init__(
        self,
        lane: AudienceLane,
        batch: MembershipBatch,
        flush_s: float,
        swapper: AudienceSwapper,
        kinds: Mapping[str, Identifier] = MappingProxyType({}),
        *,
        precedence: Precedence | None = None,
    ) -> None:
        super().__init__(lane, batch, flush_s, kinds, precedence=precedence)
        self._swapper = swapper

    creates_while_filling = False

    def prepare(self) -> None:
        """See `SyncStrategy.prepare`. The rows are to replace an early audience as they would any other.

        Nothing is sent if it is known that the list can't be swapped in.
        """
        target = self.lane.target
        self._swapper.require_rule_change(target)
        if not target.is_begun_early:
            return
        if reason := self._swapper.why_not_begun(target):
            self.lane.notes.append(reason)
        else:
            self._take_begun(self._swapper.begin(target))

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`. If a later attempt would not find the list, no row in it is safe."""
        super().begin_run(run, now_s)
        shadow = self.lane.target.shadow
        if shadow is not None and shadow.spans == "attempt":
            self.lane.pin_watermark(run.position)

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """See `SyncStrategy.object_to`. A later attempt that fills the same list must see the row again."""
        super().object_to(identifiers, key, unchanged)
        self.lane.pin_watermark(self._position)

    def recall(self) -> None:
        """See `SyncStrategy.recall`."""
        super().recall()
        if self.lane.target.is_continued:
            self.lane.take_rest()

    @property
    def mark(self) -> Remembered | None:
        """See `SyncStrategy.mark`; None unless the shadow list is in use."""
        return None if self.lane.target.awaits_swap else super().mark

    @property
    def people(self) -> int | None:
        """See `SyncStrategy.people`."""
        return None if self.lane.target.awaits_swap else super().people

    def foresee(self, is_complete: IsComplete) -> ConnectorError | None:
        """Returns why the rows so far would not replace the members; None if they would. Changes nothing."""
        tally = self.lane.tally
        try:
            self._swapper.require_rule_change(self.lane.target)
            if not all(is_complete(stream) for stream in self.lane.streams):
                self._swapper.require_complete(self.lane.target)
            self._check_consent()
            if self.lane.target.list_id is None and not tally.identifiers_added:
                if update := self._swapper.of_empty_table(self.lane.target, has_rows=self._has_rows):
                    self.lane.update(update)
                return None
            self.lane.notes += self._swapper.check(
                self.lane.target, has_rows=self._has_rows, sent=tally.records, intake=self.lane.count.intake
            )
        except (IdentityDriftError, IncompleteStreamError, RemovalGuardError, RuleChangeRefusedError) as refusal:
            return refusal
        return None

    def finish(self, is_complete: IsComplete) -> None:
        """See `SyncStrategy.finish` and `AudienceSwapper.finish`.

        Raises, besides what these name:
            RemovalGuardError: nobody consents, and the settings don't permit an empty audience.
            UnusableRowsError: too few of the rows could be used.
        """
        is_whole = all(is_complete(stream) for stream in self.lane.streams)
        if is_whole:
            check_rows(self.lane.target.name, self.lane.qualities)
            self._check_consent()
        steps = self._swapper.finish(
            self.lane.target,
            is_complete=is_whole,
            has_rows=self._has_rows,
            sent=self.lane.tally.records,
            intake=self.lane.count.intake,
        )
        for update in steps:
            self.lane.update(update)
        check_rows(self.lane.target.name, self.lane.qualities)
        self.lane.settle_qualities()
        if is_whole or not self._objections:
            self.lane.unpin_watermark()

    @property
    def _has_rows(self) -> bool:
        """Whether there was any row but those without consent: these are a reason to empty the audience."""
        return self.lane.tally.entered > self._objections

    def _check_consent(self) -> None:
        """Refuses a table of which nobody consents: the members, who don't either, must not stay without a word.

        Raises:
            RemovalGuardError: so it is.
        """
        target, entered = self.lane.target, self.lane.tally.entered
        if not self._objections or target.list_id is not None or self.lane.tally.identifiers_added:
            return
        before = target.live or target.adoptable
        if before is None or before.id == target.begun_list_id or holds_nobody(self.remembered, before):
            return  # There is nobody yet who would stay.
        if not self._has_rows and self._swapper.may_empty:
            return
        raise RemovalGuardError(
            Code.NOBODY_CONSENTS,
            f'The audience "{target.name}" stays as it is, though nobody in the {entered:,} rows of its table may join '
            f"and {self._objections:,} have no consent. If that is right, switch on Allow an empty audience "
            "(allow_empty_audience); if not, name the values that permit advertising under Consent column (permits).",
        )
