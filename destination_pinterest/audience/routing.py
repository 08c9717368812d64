"""Which way a stream's rows go: the columns they are read by, what they do, and the audience they lead to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_pinterest.audience.destination_object import chosen_audience
from destination_pinterest.audience.lane import AudienceLane
from destination_pinterest.audience.rejected_records import RejectedRows
from destination_pinterest.config import Config
from destination_pinterest.errors import IdentityColumnsError, InvalidConfigError, SyncModeError
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.operation import DELETED_AT, OperationRule, deletion_columns
from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.protocol.catalog import StreamPlan
from destination_pinterest.protocol.checkpoint import StreamTally
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.vocabulary import Operation

SYNC_MODES: Final = ("append", "append_dedup", "overwrite")
# Data activation's mode for a list of people to take out. No mode of other connections, so `spec` does not name it.
SOFT_DELETE: Final = "soft_delete"

# What msgspec can't tell a key by: JSON has more than one way to write these.
_UNREADABLE_NAME: Final = re.compile(r'["\\\x00-\x1f]')

Decision = Operation | RejectionReason | None


@dataclass(frozen=True, slots=True)
class StreamWay:
    """What is decided about a stream before its first row.

    `audience` is a name; where the stream was pointed at an existing audience, `audience_id` is that one's, and the
    name is what it was called then.
    """

    plan: StreamPlan
    audience: str
    identities: tuple[IdentityColumn, ...]
    operation_column: str | None
    deletion_columns: tuple[str, ...]
    audience_id: str | None = None
    key_columns: tuple[str, ...] = ()

    @property
    def has_key(self) -> bool:
        """Whether the key columns that are read tell rows apart: a later row of a key takes the place of the earlier.

        A full refresh that is not deduplicated may hold several rows of one key, and all of them count.
        """
        if self.plan.sync_mode != "incremental" and self.plan.destination_sync_mode != "append_dedup":
            return False
        return self.plan.is_key_whole and len(self.key_columns) == len(self.plan.primary_key)

    @property
    def lane_key(self) -> tuple[str, str]:
        """The same for all streams that share a lane."""
        return ("name", self.audience) if self.audience_id is None else ("id", self.audience_id)

    @property
    def only_removes(self) -> bool:
        """Whether every row takes its person out, whatever is in it."""
        return self.plan.destination_sync_mode == SOFT_DELETE

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (*(identity.column for identity in self.identities), *self.deciding_columns, *self.key_columns)

    @property
    def deciding_columns(self) -> tuple[str, ...]:
        """The columns that say what a row does: the operation column, if there is one, then those of deletion times."""
        operation = () if self.operation_column is None else (self.operation_column,)
        if not self.deletion_columns:
            return operation
        # PyAirbyte's cache renames the column to lower case, where the decoder would take it for another stream's.
        return (*operation, *dict.fromkeys((*self.deletion_columns, DELETED_AT)))


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
        way: StreamWay,
        config: Config,
        decoder: MessageDecoder,
        lane: AudienceLane,
        tally: StreamTally,
        *,
        rejected: RejectedRows | None = None,
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


def plan_ways(plans: Sequence[StreamPlan], config: Config) -> list[StreamWay]:
    """Decides about the streams of a sync.

    Raises:
        as `plan_way`; InvalidConfigError: the settings name an operation column that no stream has.
    """
    ways = [plan_way(plan, config) for plan in plans]
    concerned = [way for way in ways if not way.only_removes]
    if config.operation_column and concerned and all(way.operation_column is None for way in concerned):
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
        InvalidConfigError: the audience would have no name, or the destination object is none of this ad account's.
    """
    if plan.destination_sync_mode not in (*SYNC_MODES, SOFT_DELETE):
        raise SyncModeError(
            f'The stream "{plan.key}" is set to the sync mode {plan.destination_sync_mode}, which this connector does '
            "not offer. In the connection's settings choose a mode that ends in Append, Append + Deduped or Overwrite."
        )
    if plan.destination_sync_mode == SOFT_DELETE and config.mode == "additive":
        raise SyncModeError(
            f'The stream "{plan.key}" takes people out (soft_delete), and the setting What the table does (mode) is '
            "additive, so that nobody leaves. Change the one or the other."
        )
    chosen = chosen_audience(plan.destination_object_name, config.ad_account_id)
    only_removes = plan.destination_sync_mode == SOFT_DELETE
    operation_column = config.operation_column.column if config.operation_column and not only_removes else None
    if operation_column is not None and plan.columns and operation_column not in plan.columns:
        operation_column = None
    way = StreamWay(
        plan=plan,
        audience=chosen.name if chosen else audience_name(plan, config.audience_name),
        identities=_identities(plan, config),
        operation_column=operation_column,
        deletion_columns=() if only_removes else deletion_columns(plan.columns),
        audience_id=chosen.audience_id if chosen else None,
        key_columns=_key_columns(plan, config),
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
        return _recognised(plan)
    declared = tuple(
        IdentityColumn(setting.column, setting.identifier, setting.format) for setting in config.identity_columns
    )
    present = tuple(column for column in declared if not plan.columns or column.column in plan.columns)
    if not present:
        if plan.destination_object_name:
            return _recognised(plan)  # The settings speak of the source's columns; these are the object's fields.
        names = ", ".join(column.column for column in declared)
        raise IdentityColumnsError(
            f'The stream "{plan.key}" has none of the identity columns of the destination\'s settings ({names}). '
            f"{_has_columns(plan)} Correct the settings, or take the stream out of the connection."
        )
    return present


def _recognised(plan: StreamPlan) -> tuple[IdentityColumn, ...]:
    recognised = recognise_columns(plan.columns)
    if not recognised:
        raise IdentityColumnsError(
            f'No column of the stream "{plan.key}" is recognised as identifying people. {_has_columns(plan)} '
            "Name the right one under Identity columns in the destination's settings, "
            "or take the stream out of the connection."
        )
    return recognised


def _key_columns(plan: StreamPlan, config: Config) -> tuple[str, ...]:
    """The primary key, where something is made of it. A column that can't be read is no reason to fail."""
    if config.object_storage_config is None and config.membership_store is None:
        return ()
    return tuple(column for column in plan.primary_key if not _UNREADABLE_NAME.search(column))


def _has_columns(plan: StreamPlan) -> str:
    return f"Its columns are: {', '.join(plan.columns)}." if plan.columns else "Its schema names no columns."


def _decision(way: StreamWay, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
    if way.only_removes:
        return lambda _row: Operation.REMOVE
    decide = _by_columns(way, config, decoder)
    if config.mode != "remove":
        return decide
    if decide is None:
        return lambda _row: Operation.REMOVE
    return lambda row: _suppressed(decide(row))


def _by_columns(way: StreamWay, config: Config, decoder: MessageDecoder) -> Callable[[Any], Decision] | None:
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
