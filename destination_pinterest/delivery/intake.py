"""Rows on their way in: each goes to its audience's lane or is counted as rejected; states and statuses are taken down.

A row's position is the number of records before it. Rows of one stream with nothing between them share the position of
the first, so that what can be done once a run is not done once a row: this is the hot path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.tracked import LaneMemory
from destination_pinterest.errors import ProtocolError
from destination_pinterest.identity.mapping import MappedRow
from destination_pinterest.identity.rejection import Rejection
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.routing.decision import Decision, take_row
from destination_pinterest.vocabulary import Operation


class RowIntake:
    """Takes lines.

    Args:
        decoder: reads lines.
        routes: where each stream's rows go, by (namespace, name).
        ledger: holds states.
        completeness: learns which streams have come whole.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        decoder: MessageDecoder,
        routes: Mapping[tuple[str | None, str], StreamRoute],
        ledger: CheckpointLedger,
        completeness: Completeness,
        clock: Callable[[], float],
    ) -> None:
        self._decoder = decoder
        self._routes = routes
        self._ledger = ledger
        self._completeness = completeness
        self._clock = clock
        self.position = 0

    def take(self, chunk: bytes) -> None:
        """Takes whole lines, in runs of one stream between two states.

        Raises:
            ProtocolError: they are not what a platform sends.
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
                self._completeness.state_came(message.state)
                self._ledger.hold(message.state, self.position)
            elif kind == "TRACE":
                self._take_run(route, run)
                run = []
                self._completeness.status_came(message.trace)
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
        if route is None or not rows:
            return
        lane, position, now_s = route.lane, self.position, self._clock()
        self.position += len(rows)
        route.tally.received += len(rows)
        lane.tally.entered += len(rows)
        self._completeness.record_came(route.way.stream.key)
        if lane.memory is not None:
            lane.hold(position)
            lane.memory.opened(now_s)
            self._note_run(route, lane.memory, rows, position)
            return
        if lane.awaits_replacement:
            lane.hold(position)
        if route.read_only_column is not None:
            self._take_bulk(route, route.read_only_column, rows, position, now_s)
            return
        for row in rows:
            decision = Operation.ADD if route.decide is None else route.decide(row)
            mapped = route.mapper.map(route.read(row))
            operation = _operation_of(route, mapped, decision, row, position)
            if operation is not None:
                for full in lane.batch.apply(operation, mapped.identifiers, position, now_s):
                    lane.enqueue(full)

    @staticmethod
    def _take_bulk(
        route: StreamRoute, read: Callable[[Any], object], rows: Sequence[Any], position: int, now_s: float
    ) -> None:
        lane = route.lane
        identifiers, others = route.mapper.map_column(map(read, rows))
        for full in lane.batch.add_all(identifiers, position, now_s):
            lane.enqueue(full)
        for mapped in others:
            if _operation_of(route, mapped, Operation.ADD, None, position) is not None:
                for full in lane.batch.apply(Operation.ADD, mapped.identifiers, position, now_s):
                    lane.enqueue(full)

    @staticmethod
    def _note_run(route: StreamRoute, memory: LaneMemory, rows: Sequence[Any], position: int) -> None:
        stream = str(route.way.stream.key)
        for row in rows:
            decision = Operation.ADD if route.decide is None else route.decide(row)
            mapped = route.mapper.map(route.read(row))
            key = None if route.way.only_removes or route.read_key is None else _key_or_none(route.read_key(row))
            if key is not None and not mapped.identifiers and isinstance(decision, Operation):
                # The key says whose row it is: whoever it held leaves, although the row itself names nobody.
                is_deleted = decision is Operation.REMOVE
                memory.note(stream, key, decision, (), counts=is_deleted)
                if is_deleted:
                    continue
            operation = _operation_of(route, mapped, decision, row, position)
            if operation is None:
                continue
            if route.way.only_removes:
                memory.withdraw(mapped.identifiers)
            else:
                memory.note(stream, key, operation, mapped.identifiers, counts=True)


def _key_or_none(values: tuple[object, ...]) -> tuple[object, ...] | None:
    """A key without any value tells no rows apart."""
    return None if all(value is None for value in values) else values


def _operation_of(
    route: StreamRoute, mapped: MappedRow, decision: Decision, row: Any, position: int
) -> Operation | None:
    """What the row does to its people; None if nothing, which is counted, and written down where that is wanted."""
    taken = take_row(decision, mapped, route.way.operation_column, route.lane.tally)
    if isinstance(taken, Rejection):
        route.tally.rejected += 1
        if route.rejected is not None:
            route.rejected.add(row, taken, position)
        return None
    return taken
