"""Looks at the first rows of each stream in full, once, and logs what their columns show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.whole_rows import whole_rows
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.routing.sampling import column_sample
from destination_pinterest.wording.column_text import finding_lines


class RowSamples:
    """Takes the first rows of each stream, as lines.

    Args:
        plans: the plans of all streams.
        config: the settings.
        log: logs a sentence at a level.
    """

    def __init__(self, plans: Iterable[StreamPlan], config: Config, log: Callable[[str, str], None]) -> None:
        self._config = config
        self._log = log
        # A stream whose schema names no columns is not known well enough.
        self._open = {
            plan.stream.key: (plan, column_sample(plan, plan.stream.columns, config))
            for plan in plans
            if plan.stream.columns
        }

    def take(self, stream: StreamKey, lines: Sequence[bytes]) -> bool:
        """Looks at a stream's rows, given as the lines of their messages, and logs the findings once there are enough.

        Returns whether more rows of the stream are wanted.
        """
        if stream not in self._open:
            return False
        plan, sample = self._open[stream]
        sample.take(whole_rows(lines, plan.stream.columns))
        if sample.is_full:
            self._close(stream)
        return not sample.is_full

    def close(self) -> None:
        """Logs the findings about streams that had fewer rows."""
        for stream in list(self._open):
            self._close(stream)

    def _close(self, stream: StreamKey) -> None:
        plan, sample = self._open.pop(stream)
        are_declared = self._config.identity_columns is not None
        lines = finding_lines(
            sample.findings(),
            str(stream),
            plan.identities,
            are_declared=are_declared,
            is_for_exclusion=self._config.used_for == "exclusion",
        )
        for level, text in lines:
            self._log(level, text)
