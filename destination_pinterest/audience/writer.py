"""Fill, drain, release: rows become deliveries, deliveries go out, states come back once all before them is safe.

One thread reads, maps and decides; others only send. A state is released when every record before it was accepted by
Pinterest or counted as rejected, in the order in which states came; a failed delivery releases nothing after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Final

from destination_pinterest.audience.batch import Delivery
from destination_pinterest.audience.events import EventObserver, Events, Settled, Told
from destination_pinterest.audience.journal import SyncJournal
from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.audience.routing import Decision, StreamRoute
from destination_pinterest.audience.sender import DeliverySender
from destination_pinterest.errors import ConnectorError, ProtocolError
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.vocabulary import Operation

# The platform's cancel is followed by a kill after a grace of seconds, so what can't go out by then is left.
STOP_GRACE_S: Final = 5.0
# How long a failed sync waits for requests that are already on their way: their success may still release states.
FAILURE_GRACE_S: Final = 10.0
# The same for a sync that had its grace already.
LAST_GRACE_S: Final = 1.0
# The longest sleep of the loop; only a bound, since whatever matters wakes it.
_LONGEST_WAIT_S: Final = 10.0
# Rows whose deletion is not wanted: settled, and counted under this word.
DELETION_KEPT: Final = "deletion_kept"


class AudienceWriter:
    """Writes one sync.

    Args:
        decoder: reads lines.
        routes: where each stream's rows go, by (namespace, name).
        lanes: every audience of the sync.
        ledger: holds states.
        sender: sends a delivery, in one of the executor's threads.
        executor: those threads.
        events, observer: how they report back.
        journal: tells people and the platform what goes on.
        clock: monotonic seconds.
        flush_s: the age at which a part-filled batch goes out.
        interrupt: makes everything that waits in a thread give up.
    """

    def __init__(
        self,
        *,
        decoder: MessageDecoder,
        routes: Mapping[tuple[str | None, str], StreamRoute],
        lanes: Sequence[AudienceLane],
        ledger: CheckpointLedger,
        sender: DeliverySender,
        executor: Executor,
        events: Events,
        observer: EventObserver,
        journal: SyncJournal,
        clock: Callable[[], float],
        flush_s: float,
        interrupt: Callable[[], None],
    ) -> None:
        self._decoder = decoder
        self._routes = routes
        self._lanes = lanes
        self._ledger = ledger
        self._sender = sender
        self._executor = executor
        self._events = events
        self._observer = observer
        self._journal = journal
        self._clock = clock
        self._flush_s = flush_s
        self._interrupt = interrupt
        self._position = 0
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
                self._take(chunk)
            yield from self._advance()
            while self._is_backed_up() and not self.is_stopped:
                yield from self._await_event()

    def _drain(self) -> Iterator[bytes]:
        for lane in self._lanes:
            for delivery in lane.batch.take_all():
                lane.enqueue(delivery)
        yield from self._advance()
        while any(lane.is_busy for lane in self._lanes):
            if self._stop_by_s is not None and self._clock() >= self._stop_by_s:
                yield from self._abandon()
                return
            yield from self._await_event()

    def _abandon(self) -> Iterator[bytes]:
        """Starts nothing more; what is on its way may still succeed, and then counts."""
        self._interrupt()
        give_up_s = self._clock() + (LAST_GRACE_S if self.is_stopped else FAILURE_GRACE_S)
        while any(lane.in_flight for lane in self._lanes) and (left_s := give_up_s - self._clock()) > 0:
            self._handle_events(left_s)
        yield from self._ledger.release(self._safe_position())

    def _take(self, chunk: bytes) -> None:
        """Sends every row of a chunk to its lane, in runs of one stream between two states.

        This is the hot path: what can be done once a run is not done once a row.
        """
        run: list[Any] = []
        route: StreamRoute | None = None
        stream = namespace = None
        for message in self._decoder.decode(chunk):
            kind = message.type
            if kind == "RECORD":
                record = message.record
                if record is None or route is None or record.stream != stream or record.namespace != namespace:
                    self._take_run(route, run)
                    route = self._route_of(record)
                    stream, namespace = record.stream, record.namespace
                    run = []
                run.append(record.data)
            elif kind == "STATE":
                self._take_run(route, run)
                run = []
                self._ledger.hold(message.state, self._position)
        self._take_run(route, run)

    def _route_of(self, record: Any) -> StreamRoute:
        if record is None:
            raise ProtocolError("A RECORD message has no record in it. Update the source connector.")
        route = self._routes.get((record.namespace, record.stream))
        if route is None:
            name = record.stream if record.namespace is None else f"{record.namespace}.{record.stream}"
            raise ProtocolError(
                f'A record of the stream "{name}" came, which the catalog does not name. '
                "Refresh the connection's schema."
            )
        return route

    def _take_run(self, route: StreamRoute | None, rows: Sequence[Any]) -> None:
        """Rows of one stream with no state between them, so that they share one position: that of the first."""
        if route is None or not rows:
            return
        position, now_s = self._position, self._clock()
        self._position += len(rows)
        route.tally.received += len(rows)
        route.lane.tally.entered += len(rows)
        if route.read_only_column is not None:
            identifiers, others = route.mapper.map_column(map(route.read_only_column, rows))
            for full in route.lane.batch.add_all(identifiers, position, now_s):
                route.lane.enqueue(full)
            for mapped in others:
                self._apply(route, mapped, Operation.ADD, position, now_s)
            return
        for row in rows:
            operation = Operation.ADD if route.decide is None else route.decide(row)
            self._apply(route, route.mapper.map(route.read(row)), operation, position, now_s)

    @staticmethod
    def _apply(route: StreamRoute, mapped: MappedRow, operation: Decision, position: int, now_s: float) -> None:
        lane = route.lane
        if operation is None:
            lane.tally.not_synced[DELETION_KEPT] += 1
        elif isinstance(operation, RejectionReason) or not mapped.identifiers:
            reason = operation if isinstance(operation, RejectionReason) else mapped.rejections[0].reason
            lane.tally.not_synced[reason.value] += 1
            route.tally.rejected += 1
        else:
            for rejection in mapped.rejections:
                lane.tally.identifiers_refused[rejection.reason.value] += 1
            for full in lane.batch.apply(operation, mapped.identifiers, position, now_s):
                lane.enqueue(full)

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

    def _await_event(self) -> Iterator[bytes]:
        yield from self._advance(self._patience_s())

    def _send(self, lane: AudienceLane, delivery: Delivery) -> None:
        """In a thread of the executor. Whatever happens is told, or the sync would wait for ever."""
        sent, error = 0, None
        try:
            with self._observer.on_behalf_of(lane):
                sent = self._sender.send(lane.target, delivery)
        except Exception as caught:  # noqa: BLE001 - raised again by the thread that decides
            error = caught
        self._events.put(Settled(lane, delivery, sent, error))

    def _handle_events(self, wait_s: float) -> None:
        event = self._events.take(wait_s)
        while event is not None:  # None: nothing happened, or the wait was only to be ended.
            if isinstance(event, Told):
                self._journal.told(event)
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
        positions = [lane.first_position for lane in self._lanes]
        return min((position for position in positions if position is not None), default=self._position)

    def _is_backed_up(self) -> bool:
        return any(lane.is_backed_up for lane in self._lanes)

    def _patience_s(self) -> float:
        """How long nothing needs doing: until the oldest batch is due, the journal speaks, or the sync must end."""
        now_s = self._clock()
        moments_s = [self._journal.due_s]
        moments_s += [lane.batch.opened_s + self._flush_s for lane in self._lanes if lane.batch.opened_s is not None]
        if self._stop_by_s is not None:
            moments_s.append(self._stop_by_s)
        return min(max(min(moments_s) - now_s, 0.0), _LONGEST_WAIT_S)
