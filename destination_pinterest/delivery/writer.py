"""Fill, drain, release: turns rows into deliveries, sends them, and releases states once all before them is safe.

One thread reads and decides; the others only send. States are released in order, each once every record before it was
accepted by Pinterest or counted as rejected; no state after a failed delivery is released. An audience that fails is
given up alone (isolation.py), unless the failure is about more than that audience.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.dead_letters.queue import DeadLetterQueue, Stored
from destination_pinterest.delivery.by_column import ColumnStrategy
from destination_pinterest.delivery.early_audiences import LOOK_EVERY_S, EarlyAudiences
from destination_pinterest.delivery.isolation import AudienceIsolation
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import AudienceLane, Delivery
from destination_pinterest.delivery.named_audiences import NamedBranch
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.size_trial import TrialSender
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.workers import AudienceTried, ClientEvent, Delivered, ListCreated, WorkerPool
from destination_pinterest.errors import ConnectorError
from destination_pinterest.protocol.input import Input

# The platform kills a cancelled sync after a few seconds, so what can't be sent by then is left.
STOP_GRACE_S: Final = 5.0
# How long a failed sync waits for requests in flight: their success may still release states.
FAILURE_GRACE_S: Final = 10.0
# The same after STOP_GRACE_S has been used.
LAST_GRACE_S: Final = 1.0
# The longest sleep of the loop; only a bound, since events wake it.
_LONGEST_WAIT_S: Final = 10.0


class SyncWriter:
    """Runs the loop of one sync: reads, sends, releases.

    Args:
        source: the input.
        isolation: the streams' routes and the audiences, of which it gives up those that fail.
        pool: the sending threads and their mailbox.
        senders: send a delivery, in one of those threads, by ad account.
        journal: reports to people and to the platform.
        dead_letters: rejected rows to be stored, if that is set up.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        *,
        source: Input,
        isolation: AudienceIsolation,
        pool: WorkerPool,
        senders: Mapping[str, DeliverySender],
        journal: SyncJournal,
        dead_letters: DeadLetterQueue | None,
        clock: Callable[[], float],
    ) -> None:
        self._source = source
        self._isolation = isolation
        self._active = isolation.active
        self._routes = isolation.routes
        self._pool = pool
        self._senders = senders
        self._journal = journal
        self._dead_letters = dead_letters
        self._clock = clock
        self._early = EarlyAudiences(isolation, pool, senders)
        self._look_early_s = clock() + LOOK_EVERY_S
        self._failure: Exception | None = None
        self._stop_by_s: float | None = None

    def run(self) -> Iterator[bytes]:
        """Reads to the end and yields states once they are safe, each as the content of `state`.

        Raises:
            ConnectorError: why the sync failed; states that were safe by then have been yielded.
        """
        try:
            yield from self._fill()
            yield from self._drain()
        except ConnectorError:
            yield from self._abandon()
            raise

    def release(self) -> Iterator[bytes]:
        """Yields the states that are safe now; after `run`, those that waited for a swap."""
        return self._source.release(self._watermark())

    def catch_up(self) -> None:
        """Handles the events posted since, so that the counts are complete; starts nothing."""
        self._handle_events(0.0)

    def stop(self) -> None:
        """Asks the writer to end within STOP_GRACE_S, and wakes it; for a signal handler."""
        if self._stop_by_s is None:  # A second signal does not prolong the grace.
            self._stop_by_s = self._clock() + STOP_GRACE_S
        self._pool.post(None)

    @property
    def is_stopped(self) -> bool:
        """Whether the sync was asked to stop before its input ended."""
        return self._stop_by_s is not None

    def _fill(self) -> Iterator[bytes]:
        while self._stop_by_s is None:
            runs = self._source.read(min(self._patience_s(), self._until_settling_s()))
            if runs is None:
                return
            for run in runs:
                self._routes[run.stream].take(run, self._clock())
            yield from self._advance()
            yield from self._settle_due()
            while self._is_backed_up() and not self.is_stopped:
                yield from self._await_event()

    def _drain(self) -> Iterator[bytes]:
        for strategy in self._isolation.healthy:
            strategy.drain()
        if self._dead_letters is not None:
            self._dead_letters.close()
        yield from self._advance()
        while self._is_busy():
            if self._stop_by_s is not None and self._clock() >= self._stop_by_s:
                yield from self._abandon()
                return
            yield from self._await_event()
        yield from self._settle_all()

    def _settle_all(self) -> Iterator[bytes]:
        for strategy in self._isolation.healthy:
            if self.is_stopped:
                break
            yield from self._settle(strategy, is_end=True)
        while self._is_waiting_for_answers() and not self.is_stopped:
            yield from self._await_event()  # Of an audience that was given up.
        if self.is_stopped:
            yield from self._abandon()  # What is in flight must have arrived before another sync may send.

    def _settle_due(self) -> Iterator[bytes]:
        for strategy in self._isolation.healthy:
            if self.is_stopped:
                return
            due_s = strategy.settle_due_s
            if due_s is not None and due_s <= self._clock():
                yield from self._settle(strategy, is_end=False)

    def _settle(self, strategy: SyncStrategy, *, is_end: bool) -> Iterator[bytes]:
        """Settles an audience; gives it up if that is refused."""
        if strategy.lane.failure is not None:
            return  # It failed while another was settled.
        if isinstance(strategy, ColumnStrategy):
            yield from self._settle_column(strategy, is_end=is_end)
            return
        try:
            for _ in self._sending(strategy.lane, strategy.settle(self._source.is_complete, is_end=is_end)):
                yield from self._await_event()
        except ConnectorError as failure:
            if failure is self._failure:
                raise
            self._isolation.take(strategy.lane, failure)
        yield from self._advance()

    def _sending(self, lane: AudienceLane, slices: Iterator[Iterator[Delivery]]) -> Iterator[None]:
        """Sends slices, each of which counts once all of it was accepted. Yields whenever it waits for that."""
        for deliveries in slices:
            for delivery in deliveries:
                lane.enqueue(delivery)
                self._start_deliveries()
                while lane.is_backed_up and not self.is_stopped:
                    yield
                if self.is_stopped or lane.failure is not None:
                    return
            while lane.is_busy:
                if self.is_stopped:
                    return
                yield
            if lane.failure is not None:  # Asked for the next slice, the strategy would count this one.
                return

    def _settle_column(self, column: ColumnStrategy, *, is_end: bool) -> Iterator[bytes]:
        """Settles the audiences of a column, a few at a time."""
        turns = iter(self._turns(column, is_end=is_end))
        running: list[tuple[NamedBranch, Iterator[None]]] = []
        while not self.is_stopped and column.lane.failure is None:
            while len(running) < column.at_once and (branch := next(turns, None)) is not None:
                running.append((branch, self._turn(column, branch, is_end=is_end)))
            if not running:
                break
            left = [(branch, turn) for branch, turn in running if self._goes_on(column, branch, turn)]
            is_waiting = len(left) == len(running)
            running = left
            if is_waiting:
                yield from self._await_event()
            else:
                yield from self._advance()
        if not self.is_stopped and column.lane.failure is None:
            with self._pool.listening(self._journal.on_event):
                column.end_epoch(is_end=is_end)
        yield from self._advance()

    def _turns(self, column: ColumnStrategy, *, is_end: bool) -> list[NamedBranch]:
        """Returns the audiences of a column to be settled; gives up the column if they can't be told."""

        def give_up(branch: SyncStrategy, failure: ConnectorError) -> None:
            self._isolation.admit(branch)
            self._isolation.take(branch.lane, failure)
            self._isolation.rest(branch)

        try:
            with self._pool.listening(self._journal.on_event):
                return column.begin_settling(self._source.is_complete, give_up, is_end=is_end)
        except ConnectorError as failure:
            self._isolation.take(column.lane, failure)
            return []

    def _goes_on(self, column: ColumnStrategy, branch: NamedBranch, turn: Iterator[None]) -> bool:
        """Goes on with an audience; returns whether it waits. One that fails is given up."""
        strategy = branch.strategy
        try:
            next(turn)
        except StopIteration:
            pass
        except ConnectorError as failure:
            column.check_others(failure)
            self._isolation.take(strategy.lane, failure)
        else:
            return True
        strategy.close()
        if not strategy.lane.in_flight:
            self._isolation.rest(strategy)
        return False

    def _turn(self, column: ColumnStrategy, branch: NamedBranch, *, is_end: bool) -> Iterator[None]:
        """Settles one of a column's audiences; yields whenever it waits."""
        is_complete = self._source.is_complete
        self._isolation.admit(branch.strategy)
        with self._pool.listening(self._journal.on_event):
            column.begin_turn(branch)
        yield from self._sending(branch.strategy.lane, column.settle_branch(branch, is_complete, is_end=is_end))
        if not self.is_stopped and not branch.is_lost:
            with self._pool.listening(self._journal.on_event):
                column.end_turn(branch, is_complete, is_end=is_end)

    def _abandon(self) -> Iterator[bytes]:
        """Starts nothing more; what is in flight still counts if it succeeds."""
        self._pool.interrupt()
        give_up_s = self._clock() + (LAST_GRACE_S if self.is_stopped else FAILURE_GRACE_S)
        while self._is_waiting_for_answers() and (left_s := give_up_s - self._clock()) > 0:
            self._handle_events(left_s)
        for strategy in self._active:
            strategy.count_accepted()
        yield from self.release()

    def _await_event(self) -> Iterator[bytes]:
        if self._failure is None:
            self._start_deliveries()
        return self._advance(self._patience_s())

    def _advance(self, wait_s: float = 0.0) -> Iterator[bytes]:
        self._handle_events(wait_s)
        if self._failure is None:
            self._start_deliveries()
        yield from self.release()
        self._journal.tick()
        if self._failure is not None:
            raise self._failure

    def _start_deliveries(self) -> None:
        now_s = self._clock()
        for strategy in self._active:
            lane = strategy.lane
            if lane.failure is not None:
                continue
            strategy.flush(now_s)
            while (started := lane.start_next()) is not None:
                self._pool.submit(partial(self._send, strategy, lane.target, started), lane)
        if self._look_early_s <= now_s and not self.is_stopped:
            self._look_early_s = self._early.start_due(now_s)
        if self._dead_letters is not None:
            for file in self._dead_letters.start_due():
                self._pool.submit(partial(self._dead_letters.store, file))

    def _send(self, strategy: SyncStrategy, target: AudienceTarget, delivery: Delivery) -> Delivered:
        """Runs in a thread of the pool. Any error is part of the event, or the sync would wait forever."""
        lane = strategy.lane

        def created(list_id: str) -> None:
            self._pool.post(ListCreated(lane, list_id))

        try:
            strategy.check_may_send()
            sender = self._senders[target.ad_account_id]
            if delivery.trial is not None:
                sent, finding = TrialSender(sender).send(target, delivery, delivery.trial, created)
                return Delivered(lane, delivery, sent, None, finding)
            sent = sender.send(target, delivery, created)
        except Exception as error:  # noqa: BLE001 - raised again by the deciding thread
            return Delivered(lane, delivery, 0, error)
        return Delivered(lane, delivery, sent, None)

    def _handle_events(self, wait_s: float) -> None:
        event = self._pool.take(wait_s)
        while event is not None:  # None: nothing happened, or the wait was only ended.
            if isinstance(event, ClientEvent):
                self._journal.on_event(event)
            elif isinstance(event, ListCreated):
                event.lane.list_created(event.list_id)
            elif isinstance(event, Delivered):
                self._ack(event)
            elif isinstance(event, AudienceTried):
                self._early.take(event)
            else:
                self._ack_file(event)
            event = self._pool.take(0.0)

    def _ack(self, delivered: Delivered) -> None:
        if delivered.error is None:
            delivered.lane.ack(delivered.delivery, delivered.sent, delivered.finding)
            return
        lane = delivered.lane
        lane.fail(delivered.delivery)
        if self._failure is not None and lane.failure is None:
            return  # The sync is ending; this only counts.
        try:
            if lane.failure is not None:
                self._isolation.give_up(lane, lane.failure)  # More is lost now, whatever the reason.
            self._isolation.take(lane, delivered.error)
        except Exception as failure:  # noqa: BLE001 - raised again by `_advance`, once all events are read
            self._failure = self._failure or failure

    def _ack_file(self, stored: Stored) -> None:
        if self._dead_letters is not None:
            error = self._dead_letters.ack(stored)  # Even after a failure: what was stored counts.
            self._failure = self._failure or error

    def _watermark(self) -> int:
        marks = [strategy.watermark for strategy in self._active]
        if self._dead_letters is not None:
            marks.append(self._dead_letters.watermark)
        return min((mark for mark in marks if mark is not None), default=self._source.position)

    def _is_busy(self) -> bool:
        return (
            any(strategy.lane.is_busy for strategy in self._active)
            or (self._dead_letters is not None and self._dead_letters.is_busy)
            or self._early.is_busy
        )

    def _is_backed_up(self) -> bool:
        return any(strategy.lane.is_backed_up for strategy in self._active) or (
            self._dead_letters is not None and self._dead_letters.is_backed_up
        )

    def _is_waiting_for_answers(self) -> bool:
        return (
            any(strategy.lane.in_flight for strategy in self._active)
            or (self._dead_letters is not None and bool(self._dead_letters.in_flight))
            or self._early.is_busy
        )

    def _patience_s(self) -> float:
        """How long the loop may wait: until something is due, a progress line is due, or the sync must end."""
        moments_s = [self._journal.due_s, self._stop_by_s]
        moments_s += [strategy.due_s for strategy in self._isolation.healthy]
        if self._dead_letters is not None:
            moments_s.append(self._dead_letters.due_s)
        next_s = min(moment_s for moment_s in moments_s if moment_s is not None)
        return min(max(next_s - self._clock(), 0.0), _LONGEST_WAIT_S)

    def _until_settling_s(self) -> float:
        """How long the reader may wait until an epoch ends. Nobody else waits for that, or the loop would spin."""
        moments_s = [strategy.settle_due_s for strategy in self._isolation.healthy]
        next_s = min((moment_s for moment_s in moments_s if moment_s is not None), default=math.inf)
        return max(next_s - self._clock(), 0.0)
