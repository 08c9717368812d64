"""Fill, drain, release: rows become deliveries, deliveries go out, states come back once all before them is safe.

One thread reads and decides; others only send. A state is released when every record before it was accepted by
Pinterest or counted as rejected, in the order in which states came; a failed delivery releases nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Final

from destination_pinterest.dead_letters.queue import DeadLetterFile, DeadLetterQueue, Stored
from destination_pinterest.delivery.batch import Delivery
from destination_pinterest.delivery.events import EventObserver, Events, Settled, Told
from destination_pinterest.delivery.intake import RowIntake
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.errors import ConnectorError, IncompleteStreamError, RemovalGuardError
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.vocabulary import Operation

# The platform's cancel is followed by a kill after a grace of seconds, so what can't go out by then is left.
STOP_GRACE_S: Final = 5.0
# How long a failed sync waits for requests that are already on their way: their success may still release states.
FAILURE_GRACE_S: Final = 10.0
# The same for a sync that had its grace already.
LAST_GRACE_S: Final = 1.0
# The longest sleep of the loop; only a bound, since whatever matters wakes it.
_LONGEST_WAIT_S: Final = 10.0


class AudienceWriter:
    """Writes one sync.

    Args:
        intake: takes lines.
        lanes: every audience of the sync.
        ledger: holds states.
        completeness: knows which streams have come whole.
        sender: sends a delivery, in one of the executor's threads.
        executor: those threads.
        events, observer: how they report back.
        journal: tells people and the platform what goes on.
        clock: monotonic seconds.
        flush_s: the age at which a part-filled batch goes out.
        interrupt: makes everything that waits in a thread give up.
        rejected: where rejected rows are written down, if they are.
    """

    def __init__(
        self,
        *,
        intake: RowIntake,
        lanes: Sequence[AudienceLane],
        ledger: CheckpointLedger,
        completeness: Completeness,
        sender: DeliverySender,
        executor: Executor,
        events: Events,
        observer: EventObserver,
        journal: SyncJournal,
        clock: Callable[[], float],
        flush_s: float,
        interrupt: Callable[[], None],
        rejected: DeadLetterQueue | None = None,
    ) -> None:
        self._intake = intake
        self._lanes = lanes
        self._ledger = ledger
        self._completeness = completeness
        self._sender = sender
        self._executor = executor
        self._events = events
        self._observer = observer
        self._journal = journal
        self._clock = clock
        self._flush_s = flush_s
        self._interrupt = interrupt
        self._rejected = rejected or DeadLetterQueue(lambda _key, _body: None, clock)  # No route leads to it.
        self._failure: Exception | None = None
        self._stop_by_s: float | None = None

    def run(self, lines: Lines) -> Iterator[bytes]:
        """Reads to the end and yields states as they become safe, each as the content of `state`.

        Raises:
            ConnectorError: what the sync failed with; states that were safe by then have been yielded.
        """
        try:
            yield from self._fill(lines)
            yield from self._drain()
        except ConnectorError:
            yield from self._abandon()
            raise

    def release(self) -> Iterator[bytes]:
        """States that have become safe since `run` ended: an audience that they waited for was replaced."""
        yield from self._ledger.release(self._safe_position())

    def catch_up(self) -> None:
        """Takes what threads have told since, so that the counts are whole; nothing is decided any more."""
        self._handle_events(0.0)

    def stop(self) -> None:
        """Asks the writer to end within STOP_GRACE_S and wakes it; for a signal handler."""
        self._stop_by_s = self._clock() + STOP_GRACE_S
        self._events.put(None)

    @property
    def is_stopped(self) -> bool:
        """Whether the sync was asked to end before its input did."""
        return self._stop_by_s is not None

    def _fill(self, lines: Lines) -> Iterator[bytes]:
        while not self.is_stopped:
            chunk = lines.read(self._patience_s())
            if chunk is None:
                return
            if chunk:
                self._intake.take(chunk)
            yield from self._advance()
            yield from self._settle_due_memories()
            while self._is_backed_up() and not self.is_stopped:
                yield from self._await_event()

    def _drain(self) -> Iterator[bytes]:
        for lane in self._lanes:
            for delivery in lane.batch.take_all():
                lane.enqueue(delivery)
        self._rejected.close()
        yield from self._advance()
        while self._rejected.is_busy or any(lane.is_busy for lane in self._lanes):
            if self._stop_by_s is not None and self._clock() >= self._stop_by_s:
                yield from self._abandon()
                return
            yield from self._await_event()
        yield from self._settle_memories()

    def _settle_memories(self) -> Iterator[bytes]:
        """One audience that must stay as it is does not keep the others from becoming what they should."""
        refusals: list[ConnectorError] = []
        for lane in self._lanes:
            if lane.memory is not None and not self.is_stopped:
                try:
                    yield from self._settle_memory(lane, lane.memory, is_end=True)
                except (IncompleteStreamError, RemovalGuardError) as refusal:
                    refusals.append(refusal)
        if self.is_stopped:
            yield from self._abandon()  # A request that is on its way must have arrived before another sync may send.
            return
        for other in refusals[1:]:
            self._journal.said("ERROR", str(other))
        if refusals:
            raise refusals[0]

    def _settle_due_memories(self) -> Iterator[bytes]:
        for lane in self._lanes:
            memory = lane.memory
            if memory is not None and memory.due_s is not None and memory.due_s <= self._clock():
                yield from self._settle_memory(lane, memory, is_end=False)

    def _settle_memory(self, lane: AudienceLane, memory: LaneMemory, *, is_end: bool) -> Iterator[bytes]:
        """Sends what a lane's rows come to, and only then lets its states go."""
        changes = memory.settle(lane.target, self._completeness.is_complete, is_end=is_end)
        if changes is not None:
            for delivery in memory.deliveries(changes, self._sender.max_identifiers, lane.held_from):
                lane.enqueue(delivery)
                yield from self._advance()
                while lane.is_backed_up and not self.is_stopped:
                    yield from self._await_event()
                if self.is_stopped:
                    return
            while lane.is_busy:
                if self.is_stopped:
                    return
                yield from self._await_event()
            lane.tally.synced += memory.commit(changes, lane.target)
        else:
            lane.tally.synced += memory.forget()
        lane.let_go()
        yield from self._advance()

    def _abandon(self) -> Iterator[bytes]:
        """Starts nothing more; what is on its way may still succeed, and then counts."""
        self._interrupt()
        give_up_s = self._clock() + (LAST_GRACE_S if self.is_stopped else FAILURE_GRACE_S)
        while self._is_waiting_for_answers() and (left_s := give_up_s - self._clock()) > 0:
            self._handle_events(left_s)
        yield from self._ledger.release(self._safe_position())

    def _advance(self, wait_s: float = 0.0) -> Iterator[bytes]:
        self._handle_events(wait_s)
        if self._failure is None:
            self._start_deliveries()
        yield from self._ledger.release(self._safe_position())
        self._journal.tick()
        if self._failure is not None:
            raise self._failure

    def _start_deliveries(self) -> None:
        due_s = self._clock() - self._flush_s
        for lane in self._lanes:
            for delivery in lane.batch.take_due(due_s):
                lane.enqueue(delivery)
            while (started := lane.start_next()) is not None:
                self._executor.submit(self._send, lane, started)
        for file in self._rejected.start_due():
            self._executor.submit(self._store, file)

    def _await_event(self) -> Iterator[bytes]:
        yield from self._advance(self._patience_s())

    def _send(self, lane: AudienceLane, delivery: Delivery) -> None:
        """In a thread of the executor. Whatever happens is told, or the sync would wait for ever."""
        sent, error = 0, None
        try:
            with self._observer.on_behalf_of(lane):
                if lane.memory is not None:
                    lane.memory.require_ours()
                sent = self._sender.send(lane.target, delivery)
        except Exception as caught:  # noqa: BLE001 - raised again by the thread that decides
            error = caught
        self._events.put(Settled(lane, delivery, sent, error))

    def _store(self, file: DeadLetterFile) -> None:
        self._events.put(self._rejected.store(file))

    def _handle_events(self, wait_s: float) -> None:
        event = self._events.take(wait_s)
        while event is not None:  # None: nothing happened, or the wait was only to be ended.
            if isinstance(event, Told):
                self._journal.told(event)
            elif isinstance(event, Stored):
                error = self._rejected.settle(event)
                self._failure = self._failure or error
            else:
                self._settle(event)
            event = self._events.take(0.0)

    def _settle(self, settled: Settled) -> None:
        lane, delivery = settled.lane, settled.delivery
        if settled.error is not None:
            lane.tally.errored += delivery.rows
            lane.fail(delivery)
            self._failure = self._failure or settled.error
            return
        lane.settle(delivery)
        lane.tally.synced += delivery.rows
        if delivery.operation is Operation.ADD:
            lane.tally.identifiers_added += settled.sent
        else:
            lane.tally.identifiers_removed += settled.sent

    def _safe_position(self) -> int:
        positions = [self._rejected.first_position, *(lane.first_position for lane in self._lanes)]
        return min((position for position in positions if position is not None), default=self._intake.position)

    def _is_backed_up(self) -> bool:
        return self._rejected.is_backed_up or any(lane.is_backed_up for lane in self._lanes)

    def _is_waiting_for_answers(self) -> bool:
        return bool(self._rejected.in_flight) or any(lane.in_flight for lane in self._lanes)

    def _patience_s(self) -> float:
        """How long nothing needs doing: until the oldest batch is due, the journal speaks, or the sync must end."""
        now_s = self._clock()
        moments_s = [self._journal.due_s]
        moments_s += [lane.batch.opened_s + self._flush_s for lane in self._lanes if lane.batch.opened_s is not None]
        memories = [lane.memory for lane in self._lanes if lane.memory is not None]
        moments_s += [memory.due_s for memory in memories if memory.due_s is not None]
        if self._rejected.due_s is not None:
            moments_s.append(self._rejected.due_s)
        if self._stop_by_s is not None:
            moments_s.append(self._stop_by_s)
        return min(max(min(moments_s) - now_s, 0.0), _LONGEST_WAIT_S)
