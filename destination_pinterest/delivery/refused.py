"""Stands for an audience that can't be kept because a stream of it can't be planned. Nothing is ever sent to it."""

from __future__ import annotations

from collections.abc import Sequence

from destination_pinterest.delivery.strategy import IsComplete, SyncStrategy
from destination_pinterest.protocol.input import RowRun
from destination_pinterest.vocabulary import Operation


class RefusedStrategy(SyncStrategy):
    """Takes nothing: the audience is given up before its first row."""

    def begin_run(self, run: RowRun, now_s: float) -> None:
        """See `SyncStrategy.begin_run`."""

    def take(
        self,
        operation: Operation,
        identifiers: Sequence[str],
        key: Sequence[object] | None,
        columns: Sequence[str] = (),
    ) -> None:
        """See `SyncStrategy.take`."""

    def object_to(
        self, identifiers: Sequence[str], key: Sequence[object] | None, unchanged: Sequence[str] = ()
    ) -> None:
        """See `SyncStrategy.object_to`."""

    @property
    def settle_due_s(self) -> float | None:
        """Never."""
        return None

    @property
    def due_s(self) -> float | None:
        """Never."""
        return None

    def flush(self, now_s: float) -> None:
        """See `SyncStrategy.flush`."""

    def check_may_send(self) -> None:
        """See `SyncStrategy.check_may_send`."""

    def drain(self) -> None:
        """See `SyncStrategy.drain`."""

    def finish(self, is_complete: IsComplete) -> None:
        """See `SyncStrategy.finish`."""
