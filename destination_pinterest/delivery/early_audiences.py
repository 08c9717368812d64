"""Makes audiences of their customer lists while rows still come, as soon as Pinterest does so.

A first sync may take days on Trial quota, and the audience can be targeted only once it exists. Pinterest may refuse
while few people of the list are matched, so it is asked again after pauses that grow, from a sending thread: rows go on
meanwhile. Whatever goes wrong is left to the end of the sync, which tries once more and says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from destination_pinterest.delivery.isolation import AudienceIsolation
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.workers import AudienceTried, WorkerPool

# A sync that is over before the first pause spares itself the question.
FIRST_PAUSE_S: Final = 300.0
LOOK_EVERY_S: Final = 30.0
LONGEST_PAUSE_S: Final = 4 * 3_600.0


@dataclass(slots=True)
class _Attempts:
    """When a lane's audience is next tried. `pause_s` is the pause after that."""

    due_s: float
    pause_s: float = FIRST_PAUSE_S
    is_running: bool = False


class EarlyAudiences:
    """Tries to make the audiences that do not exist yet. For the deciding thread.

    Args:
        isolation: the audiences.
        pool: the sending threads.
        senders: make an audience, in one of them, by ad account.
    """

    def __init__(self, isolation: AudienceIsolation, pool: WorkerPool, senders: Mapping[str, DeliverySender]) -> None:
        self._isolation = isolation
        self._pool = pool
        self._senders = senders
        self._attempts: dict[AudienceLane, _Attempts] = {}

    @property
    def is_busy(self) -> bool:
        """Whether an attempt is running."""
        return any(attempts.is_running for attempts in self._attempts.values())

    def start_due(self, now_s: float) -> float:
        """Starts the attempts that are due; returns when to look again."""
        for strategy in self._isolation.healthy:
            lane = strategy.lane
            if not strategy.creates_while_filling or lane.target.list_id is None or lane.target.audience_id is not None:
                continue
            attempts = self._attempts.setdefault(lane, _Attempts(now_s + FIRST_PAUSE_S))
            if attempts.due_s <= now_s and not attempts.is_running:
                attempts.is_running = True
                attempts.pause_s = min(2 * attempts.pause_s, LONGEST_PAUSE_S)
                attempts.due_s = now_s + attempts.pause_s
                self._start(lane)
        return now_s + LOOK_EVERY_S

    def take(self, tried: AudienceTried) -> None:
        """Takes the outcome of an attempt."""
        self._attempts[tried.lane].is_running = False
        if tried.update is not None and tried.update.target.audience_id is not None:
            tried.lane.update(tried.update)

    def _start(self, lane: AudienceLane) -> None:
        target, sender = lane.target, self._senders[lane.target.ad_account_id]

        def attempt() -> AudienceTried:
            try:
                return AudienceTried(lane, sender.make_audience(target))
            except Exception:  # noqa: BLE001 - the end of the sync tries again, and says what is wrong
                return AudienceTried(lane, None)

        self._pool.submit(attempt, lane)
