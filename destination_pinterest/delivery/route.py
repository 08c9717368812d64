"""A stream's rows on their way: how their values are read and mapped, and what each row does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from destination_pinterest.config import Config
from destination_pinterest.dead_letters.queue import DeadLetters
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.identity.mapping import IdentityMapper
from destination_pinterest.identity.operation import OperationRule
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.routing.plan import StreamPlan
from destination_pinterest.vocabulary import Operation

Decision = Operation | RejectionReason | None


class StreamRoute:
    """A stream's rows on their way.

    `read` gives the values of a row that the mapper makes identifiers of; `decide` says what the row does to them
    (None: every row of the stream adds). `read_only_column` is there for streams whose rows all add and have one
    identity column, which are most: they are mapped in bulk. `rejected` takes what is refused, where that is written
    down; it needs the row, so that nothing is mapped in bulk then. `read_key` gives the values of the primary key,
    where a membership store wants them and rows are told apart by them.
    """

    __slots__ = ("decide", "lane", "mapper", "read", "read_key", "read_only_column", "rejected", "tally", "way")

    def __init__(
        self,
        way: StreamPlan,
        config: Config,
        decoder: MessageDecoder,
        lane: AudienceLane,
        tally: StreamTally,
        *,
        rejected: DeadLetters | None = None,
    ) -> None:
        self.way = way
        self.lane = lane
        self.tally = tally
        self.read = decoder.reader([identity.column for identity in way.identities])
        self.mapper = IdentityMapper(way.identities, maid_case=config.advertising_id_case)
        self.decide = _decision(way, config, decoder)
        self.rejected = rejected
        self.read_key: Callable[[Any], tuple[object, ...]] | None = None
        if lane.memory is not None and way.has_key:
            self.read_key = decoder.reader(way.key_columns)
        self.read_only_column: Callable[[Any], object] | None = None
        if self.decide is None and len(way.identities) == 1 and rejected is None:
            self.read_only_column = decoder.reader_of(way.identities[0].column)


def _decision(way: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    if way.only_removes:
        return lambda _row: Operation.REMOVE
    decide = _by_columns(way, config, decoder)
    if config.mode != "remove":
        return decide
    if decide is None:
        return lambda _row: Operation.REMOVE
    return lambda row: _suppressed(decide(row))


def _by_columns(way: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    columns: Sequence[str] = way.deciding_columns
    if not columns:
        return None
    setting = config.operation_column
    rule = OperationRule(
        add_values=setting.add_values if setting else (),
        remove_values=setting.remove_values if setting else (),
        deletes="keep" if config.mode == "additive" else config.deletes,
    )
    values = decoder.reader(columns)
    if way.operation_column is None:
        return lambda row: rule.decide(None, *values(row))
    return lambda row: rule.decide(*values(row))


def _suppressed(decision: Decision) -> Decision:
    """What a row of a suppression table does: people in it leave the audience; one who leaves it changes nothing."""
    if decision is Operation.ADD:
        return Operation.REMOVE
    return None if decision is Operation.REMOVE else decision
