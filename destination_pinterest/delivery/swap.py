"""Replaces an audience: collects rows in a shadow list and swaps it in once the table is complete."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.audiences.safeguards import check_rows
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.delivery.append import BatchedStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.strategy import IsComplete
from destination_pinterest.errors import (
    ConnectorError,
    IdentityDriftError,
    IncompleteStreamError,
    RemovalGuardError,
)
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Identifier


class SwapStrategy(BatchedStrategy):
    """Makes the audience equal to the table, in one request at the end.

    Args:
        lane: the audience's lane, whose target has a shadow list.
        batch, flush_s, kinds: see `BatchedStrategy`.
        swapper: swaps the shadow list in.
    """

    def __init__(
        self,
        lane: AudienceLane,
        batch: MembershipBatch,
        flush_s: float,
        swapper: AudienceSwapper,
        kinds: Mapping[str, Identifier] = MappingProxyType({}),
    ) -> None:
        super().__init__(lane, batch, flush_s, kinds)
        self._swapper = swapper

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`. If a later attempt would not find the list, no row in it is safe."""
        super().begin_run(run, now_s)
        shadow = self.lane.target.shadow
        if shadow is not None and shadow.spans == "attempt":
            self.lane.pin_watermark(run.position)

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
            if not all(is_complete(stream) for stream in self.lane.streams):
                self._swapper.require_complete(self.lane.target)
            self.lane.notes += self._swapper.check(
                self.lane.target,
                has_rows=tally.entered > 0,
                sent=tally.records,
                intake=self.lane.count.intake,
                is_filled=self.lane.target.list_id is not None or tally.identifiers_added > 0,
            )
        except (IdentityDriftError, IncompleteStreamError, RemovalGuardError) as refusal:
            return refusal
        return None

    def finish(self, is_complete: IsComplete) -> None:
        """See `SyncStrategy.finish` and `AudienceSwapper.finish`.

        Raises, besides what these name:
            UnusableRowsError: too few of the rows could be used.
        """
        is_whole = all(is_complete(stream) for stream in self.lane.streams)
        if is_whole:
            check_rows(self.lane.target.name, self.lane.qualities)
        steps = self._swapper.finish(
            self.lane.target,
            is_complete=is_whole,
            has_rows=self.lane.tally.entered > 0,
            sent=self.lane.tally.records,
            intake=self.lane.count.intake,
        )
        for update in steps:
            self.lane.update(update)
        check_rows(self.lane.target.name, self.lane.qualities)
        self.lane.settle_qualities()
        self.lane.unpin_watermark()
