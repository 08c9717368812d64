"""How and when an attempt is cut short, in the words of somebody who writes a test.

Source: on a cancel the platform's destination gets no SIGTERM; its input ends without COMPLETE and after a while it is
killed (LocalContainerAirbyteDestination.kt and ContainerCommandFactory.kt, read and run 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol


class Progress(Protocol):
    """How far an attempt is."""

    @property
    def records_sent(self) -> int: ...

    @property
    def states_returned(self) -> int: ...

    @property
    def has_read_everything(self) -> bool:
        """Whether the destination has taken all that was sent out of its pipe."""


Moment = Callable[[Progress], bool]


@dataclass(frozen=True)
class Interruption:
    """Cuts an attempt short.

    The source is read up to its end or to `after_records` records, whichever comes first, or until `when` is true; with
    `after_end` the input ends as if nothing were to come. Then `when` is waited for; without a `when`, only for the
    destination to have read everything.
    """

    how: Literal["kill", "end of input", "SIGTERM"]
    after_records: int | None = None
    when: Moment | None = None
    after_end: bool = False
    grace_s: float | None = None

    def is_due(self, progress: Progress) -> bool:
        """Whether the moment has come, once nothing more is to be sent."""
        return progress.has_read_everything if self.when is None else self.when(progress)

    def stops_before_next(self, progress: Progress) -> bool:
        """Whether nothing more is to be sent, although there is more."""
        if self.after_end:
            return False
        if self.after_records is not None:
            return progress.records_sent >= self.after_records
        return self.when is not None and self.when(progress)


def states_returned(count: int) -> Moment:
    """So many states have come back."""
    return lambda progress: progress.states_returned >= count


def kill(*, after_records: int | None = None, when: Moment | None = None, after_end: bool = False) -> Interruption:
    """SIGKILL: a container without memory, or the end of a cancel's patience."""
    return Interruption("kill", after_records, when, after_end)


def cancel(
    *, after_records: int | None = None, when: Moment | None = None, grace_s: float | None = None
) -> Interruption:
    """The platform's cancel: the input ends without COMPLETE, and who is still there after `grace_s` is killed."""
    return Interruption("end of input", after_records, when, grace_s=grace_s)


def terminate(*, after_records: int | None = None, when: Moment | None = None, after_end: bool = False) -> Interruption:
    """SIGTERM, as a container's end or PyAirbyte sends it; the input stays open."""
    return Interruption("SIGTERM", after_records, when, after_end)
