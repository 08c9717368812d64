"""The books of a sync's audiences: opened together before the first row, and given back at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.errors import ConnectorError

if TYPE_CHECKING:
    from destination_pinterest.membership import MembershipLedger

# A sync that was killed leaves a lease on every book, each of which is watched for a minute before it is taken over.
_AT_ONCE: Final = 16


class Memories:
    """Opens and closes the books of lanes that have a memory.

    Args:
        lanes: every audience of the sync.
        config: the settings.
        sleep: waits so many seconds, and can be ended from outside.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        lanes: Iterable[AudienceLane],
        config: Config,
        *,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._lanes = [(lane.memory, lane.target) for lane in lanes if lane.memory is not None]
        self._config = config
        self._sleep = sleep
        self._clock = clock

    def open(self) -> list[str]:
        """Opens all of them, once the audiences are known. What people may want to know of them, in sentences.

        Raises:
            ConnectorError: one of them can't be opened. Those that were are still to be closed.
        """
        if not self._lanes or self._config.membership_store is None:
            return []
        # Brings DuckDB and NumPy with it, which other syncs do without.
        from destination_pinterest.membership import open_membership_store  # noqa: PLC0415

        store = open_membership_store(
            self._config.membership_store, sleep=self._sleep, clock=self._clock, books=len(self._lanes)
        )
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            opened: list[tuple[LaneMemory, AudienceTarget, Future[MembershipLedger]]] = [
                (memory, target, threads.submit(store.open, self._config.ad_account_id, _name(target)))
                for memory, target in self._lanes
            ]
        failures: list[ConnectorError] = []
        for memory, target, book in opened:
            try:
                memory.open(book.result(), target)
            except ConnectorError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return [remark for memory, target in self._lanes for remark in _remarks(memory, target)]

    def close(self) -> None:
        """Gives back what was opened."""
        for memory, _ in self._lanes:
            memory.close()


def _name(target: AudienceTarget) -> str:
    """By which the store knows an audience. One that was chosen by its id may be renamed at any time."""
    return target.name if target.chosen_id is None else f"audience {target.chosen_id}"


def _remarks(memory: LaneMemory, target: AudienceTarget) -> Iterable[str]:
    if memory.other_streams:
        yield (
            f'The audience "{target.name}" also has people of streams that are not in this sync: '
            f"{', '.join(memory.other_streams)}. They stay in it."
        )
