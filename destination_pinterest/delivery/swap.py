"""Replacing an audience: rows are collected in a shadow list, which is swapped in once the whole table has come."""

from __future__ import annotations

from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.delivery.append import BatchedStrategy, MembershipBatch
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.strategy import IsComplete
from destination_pinterest.protocol.input import RowRun


class SwapStrategy(BatchedStrategy):
    """The audience becomes what the table is, in one request at the end.

    Args:
        lane: its target has a shadow list.
        batch, flush_s: see `BatchedStrategy`.
        swapper: ends replacements.
    """

    def __init__(self, lane: AudienceLane, batch: MembershipBatch, flush_s: float, swapper: AudienceSwapper) -> None:
        super().__init__(lane, batch, flush_s)
        self._swapper = swapper

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`. A list that another attempt would not find makes no row safe."""
        super().begin_run(run, now_s)
        shadow = self.lane.target.shadow
        if shadow is not None and shadow.spans == "attempt":
            self.lane.pin_watermark(run.position)

    def finish(self, is_complete: IsComplete) -> None:
        """See `SyncStrategy.finish` and `AudienceSwapper.finish`."""
        steps = self._swapper.finish(
            self.lane.target,
            is_complete=all(is_complete(stream) for stream in self.lane.streams),
            has_rows=self.lane.tally.entered > 0,
            sent=self.lane.tally.identifiers_added,
        )
        for update in steps:
            self.lane.update(update)
        self.lane.unpin_watermark()
