"""Which way a stream's rows go: the columns they are read by, what they do, and the audience they lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.config import Config
from destination_pinterest.errors import IdentityColumnsError, InvalidConfigError, SyncModeError
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.operation import OperationRule
from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.catalog import StreamPlan
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.vocabulary import Operation

# Source: docs.airbyte.com, Change Data Capture (read 2026-11-22): set when the row was deleted at the source.
DELETED_AT: Final = "_ab_cdc_deleted_at"
SYNC_MODES: Final = ("append", "append_dedup")

# What msgspec can't tell a key by: JSON has more than one way to write these.
_UNREADABLE_NAME: Final = re.compile(r'["\\\x00-\x1f]')

Decision = Operation | RejectionReason | None


@dataclass(frozen=True, slots=True)
class StreamWay:
    """What is decided about a stream before its first row."""

    plan: StreamPlan
    audience: str
    identities: tuple[IdentityColumn, ...]
    operation_column: str | None
    reads_deletions: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (*(identity.column for identity in self.identities), *self.deciding_columns)

    @property
    def deciding_columns(self) -> tuple[str, ...]:
        """The columns that say what a row does."""
        deleted_at = (DELETED_AT,) if self.reads_deletions else ()
        return deleted_at if self.operation_column is None else (*deleted_at, self.operation_column)


class StreamRoute:
    """A stream's rows on their way.

    `read` gives the values of a row that the mapper makes identifiers of; `decide` says what the row does to them
    (None: every row of the stream adds). `read_only_column` is there for streams whose rows all add and have one
    identity column, which are most: they are mapped in bulk.
    """

    __slots__ = ("decide", "lane", "mapper", "read", "read_only_column", "tally", "way")

    def __init__(
        self, way: StreamWay, config: Config, decoder: MessageDecoder, lane: AudienceLane, tally: StreamTally
    ) -> None:
        self.way = way
        self.lane = lane
        self.tally = tally
        self.read = decoder.reader([identity.column for identity in way.identities])
        self.mapper = IdentityMapper(way.identities, maid_case=config.advertising_id_case)
        self.decide = _decision(way, config, decoder)
        self.read_only_column: Callable[[Any], object] | None = None
        if self.decide is None and len(way.identities) == 1:
            self.read_only_column = decoder.reader_of(way.identities[0].column)


def plan_ways(plans: Sequence[StreamPlan], config: Config) -> list[StreamWay]:
    """Decides about the streams of a sync.

    Raises:
        as `plan_way`; InvalidConfigError: the settings name an operation column that no stream has.
    """
    ways = [plan_way(plan, config) for plan in plans]
    if config.operation_column and ways and all(way.operation_column is None for way in ways):
        raise InvalidConfigError(
            f'No stream has the column "{config.operation_column.column}", which the settings name as the operation '
            "column: everybody would be added, also those whom it removes. Correct the name (upper and lower case "
            "count), or take the setting out."
        )
    return ways


def plan_way(plan: StreamPlan, config: Config) -> StreamWay:
    """Decides about a stream.

    Raises:
        SyncModeError: the stream wants to be written in a way that is not offered.
        IdentityColumnsError: no column of it identifies people, or one that is needed has a name that can't be read.
        InvalidConfigError: the audience would have no name.
    """
    if plan.destination_sync_mode not in SYNC_MODES:
        raise SyncModeError(
            f'The stream "{plan.key}" is set to the sync mode {plan.destination_sync_mode}, which this connector does '
            "not offer. In the connection's settings choose a mode that ends in Append or Append + Deduped."
        )
    operation_column = config.operation_column.column if config.operation_column else None
    if operation_column is not None and plan.columns and operation_column not in plan.columns:
        operation_column = None
    way = StreamWay(
        plan=plan,
        audience=audience_name(plan, config.audience_name),
        identities=_identities(plan, config),
        operation_column=operation_column,
        reads_deletions=not plan.columns or DELETED_AT in plan.columns,
    )
    for column in way.columns:
        if _UNREADABLE_NAME.search(column):
            raise IdentityColumnsError(
                f'The column {column!r} of the stream "{plan.key}" has a quotation mark, a backslash or a control '
                "character in its name and so can't be read. Rename it where the data comes from, or name other "
                "columns in the destination's settings."
            )
    return way


def audience_name(plan: StreamPlan, template: str) -> str:
    """The template filled in.

    Raises:
        InvalidConfigError: nothing is left of it.
    """
    words = {"{namespace}": plan.key.namespace or "", "{stream}": plan.key.name}
    name = re.sub(r"\{(?:namespace|stream)\}", lambda word: words[word[0]], template).strip()
    if not name:
        raise InvalidConfigError(
            f'The audience name "{template}" comes to nothing for the stream "{plan.key}". Put {{stream}} into it.'
        )
    return name


def _identities(plan: StreamPlan, config: Config) -> tuple[IdentityColumn, ...]:
    if config.identity_columns is None:
        recognised = recognise_columns(plan.columns)
        if not recognised:
            raise IdentityColumnsError(
                f'No column of the stream "{plan.key}" is recognised as identifying people. {_has_columns(plan)} '
                "Name the right one under Identity columns in the destination's settings, "
                "or take the stream out of the connection."
            )
        return recognised
    declared = tuple(
        IdentityColumn(setting.column, setting.identifier, setting.format) for setting in config.identity_columns
    )
    present = tuple(column for column in declared if not plan.columns or column.column in plan.columns)
    if not present:
        names = ", ".join(column.column for column in declared)
        raise IdentityColumnsError(
            f'The stream "{plan.key}" has none of the identity columns of the destination\'s settings ({names}). '
            f"{_has_columns(plan)} Correct the settings, or take the stream out of the connection."
        )
    return present


def _has_columns(plan: StreamPlan) -> str:
    return f"Its columns are: {', '.join(plan.columns)}." if plan.columns else "Its schema names no columns."


def _decision(way: StreamWay, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    columns: Sequence[str] = way.deciding_columns
    if not columns:
        return None
    setting = config.operation_column
    rule = OperationRule(
        add_values=setting.add_values if setting else (),
        remove_values=setting.remove_values if setting else (),
        deletes=config.deletes,
    )
    values = decoder.reader(columns)
    if way.operation_column is None:
        return lambda row: rule.decide(*values(row))
    if not way.reads_deletions:
        return lambda row: rule.decide(None, *values(row))
    return lambda row: rule.decide(*values(row))
