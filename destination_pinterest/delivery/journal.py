"""Reports a running sync to people and to the platform: waits, retries, slow-downs, progress.

Called by the writer's thread alone. Short waits that only space requests are not reported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.tally import AudienceTally, progress_line
from destination_pinterest.delivery.workers import ClientEvent
from destination_pinterest.errors import ObjectBusyError, RateLimitedError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.system import System

# Shorter waits only space requests.
_NOTABLE_WAIT_S: Final = 2.0
# Every request that waits reports it; for this long, the first report is enough.
_QUIET_S: Final = 30.0


class Messages(Protocol):
    """Where messages go."""

    def log(self, level: str, text: str) -> None:
        """Logs a line for people."""

    def figures(self, level: str, text: str) -> None:
        """Logs a line for programs."""

    def stream_status(self, stream: StreamKey, status: str, *, rate_limited_until: float | None = None) -> None:
        """Reports a stream's status to the platform."""


class SyncJournal:
    """Counts what the client does and logs what people should know.

    Args:
        messages: the output.
        lanes: returns those of every audience of the sync so far.
        system: clocks.
        progress_every_s: how often a progress line is written.
    """

    def __init__(
        self,
        messages: Messages,
        lanes: Callable[[], Sequence[AudienceLane]],
        *,
        system: System,
        progress_every_s: float,
    ) -> None:
        self.sync = AudienceTally()
        self.due_s = system.clock() + progress_every_s
        self._messages = messages
        self._lanes = lanes
        self._clock = system.clock
        self._now = system.now
        self._progress_every_s = progress_every_s
        self._quiet_until_s = system.clock()
        self._limited: set[StreamKey] = set()

    def on_event(self, event: ClientEvent) -> None:
        """Counts what the client did and logs it if people should know."""
        tallies = [self.sync] if event.lane is None else [self.sync, event.lane.tally]
        what = event.what
        if isinstance(what, Exchange):
            self._sent(event.lane, what, tallies)
        elif isinstance(what, RetryNotice):
            self._retrying(event.lane, what, tallies)
        else:
            self._waiting(event.lane, what, tallies)

    def log(self, level: str, text: str) -> None:
        """Logs on behalf of another component."""
        self._messages.log(level, text)

    def tick(self) -> None:
        """Writes a progress line when one is due."""
        if self._clock() < self.due_s:
            return
        self.due_s = self._clock() + self._progress_every_s
        lanes = self._lanes()
        tallies = [lane.tally for lane in lanes if not lane.target.repeats_rows]
        only = lanes[0].target.list_id if len(lanes) == 1 else None
        self._messages.figures("INFO", progress_line(tallies, self.sync.requests, self.sync.waited_s, only))

    def _sent(self, lane: AudienceLane | None, exchange: Exchange, tallies: Sequence[AudienceTally]) -> None:
        for tally in tallies:
            tally.requests += 1
            tally.retries += exchange.is_repeat
            tally.unclear += exchange.status is None or exchange.status >= 500
        if exchange.status is None:
            return
        if lane is not None:
            lane.record_latency(exchange.elapsed_s)
        if exchange.status < 300 and self._limited:
            for stream in sorted(self._limited, key=str):
                self._messages.stream_status(stream, "RUNNING")
            self._limited.clear()
            self._quiet_until_s = self._clock()

    def _retrying(self, lane: AudienceLane | None, notice: RetryNotice, tallies: Sequence[AudienceTally]) -> None:
        self._messages.log(
            "WARN", f"{notice.error} Trying again in {notice.delay_s:.1f} s (attempt {notice.attempt} failed)."
        )
        if isinstance(notice.error, ObjectBusyError):
            if lane is not None and lane.slow_down():
                lane.notes.append(
                    "Pinterest answered that writes to the customer list came too fast, so they went one at a time."
                )
        elif isinstance(notice.error, RateLimitedError):
            for tally in tallies:
                tally.waited_s += notice.delay_s
            if self._is_notable(notice.delay_s):
                self._report_rate_limit(lane, self._now() + notice.delay_s)

    def _waiting(self, lane: AudienceLane | None, wait: QuotaWait, tallies: Sequence[AudienceTally]) -> None:
        for tally in tallies:
            tally.waited_s += wait.wait_s
        if not self._is_notable(wait.wait_s):
            return
        until = self._now() + wait.wait_s
        moment = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        self._messages.log(
            "INFO", f"Pinterest's quota for {wait.category} is used up; the next request goes out at {moment}."
        )
        self._report_rate_limit(lane, until)

    def _is_notable(self, wait_s: float) -> bool:
        """Whether to report this wait: it is long, and none was reported lately. Notes that it is reported."""
        if wait_s < _NOTABLE_WAIT_S or self._clock() < self._quiet_until_s:
            return False
        self._quiet_until_s = self._clock() + min(_QUIET_S, wait_s)
        return True

    def _report_rate_limit(self, lane: AudienceLane | None, until: float) -> None:
        lanes = self._lanes() if lane is None else [lane]
        for stream in sorted({stream for lane in lanes for stream in lane.streams}, key=str):
            self._messages.stream_status(stream, "RUNNING", rate_limited_until=until)
            self._limited.add(stream)
