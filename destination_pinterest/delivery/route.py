"""A stream's rows on their way: how their values are read and mapped, and what each row does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from destination_pinterest.config import Config
from destination_pinterest.dead_letters.queue import DeadLetters
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.identity.mapping import IdentityMapper
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.routing.decision import Decision, decision_of
from destination_pinterest.routing.plan import StreamPlan


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
        self.decide = _row_decision(way, config, decoder)
        self.rejected = rejected
        self.read_key: Callable[[Any], tuple[object, ...]] | None = None
        if lane.memory is not None and way.has_key:
            self.read_key = decoder.reader(way.key_columns)
        self.read_only_column: Callable[[Any], object] | None = None
        if self.decide is None and len(way.identities) == 1 and rejected is None:
            self.read_only_column = decoder.reader_of(way.identities[0].column)


def _row_decision(way: StreamPlan, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    decide = decision_of(way, config)
    if decide is None or not way.deciding_columns:
        return None if decide is None else lambda _row: decide(())
    values = decoder.reader(way.deciding_columns)
    return lambda row: decide(values(row))
