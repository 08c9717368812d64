"""Plans a sync of a DataFrame by the connector's own rules: what the executors map, and what the connector is fed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.decision import forgets_everywhere
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.routing.replacement import is_whole_pass
from destination_pinterest.vocabulary import Identifier, Operation
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import UsageError
from pinterest_audiences.spark.row_mapping import RowMapping, fed_format

Mode = Literal["append", "replace", "mirror"]
MODES: Final = ("append", "replace", "mirror")
# What a mirrored row does. Of the DataFrame's columns only those that identify people are fed beside it.
OPERATION_COLUMN: Final = "pinterest_audiences_operation"
# In the catalog only, so that the connector takes a difference for one: the slice that a state has reached.
SLICE_COLUMN: Final = "pinterest_audiences_slice"
# These leave as they are, so they are no digests that may be written down.
_PLAIN: Final = frozenset({Identifier.EXTERNAL_ID, Identifier.LIVERAMP_ENVELOPE})


@dataclass(frozen=True, slots=True)
class SparkPlan:
    """What is mapped, what the connector is fed, and with which settings.

    Args:
        identities: the identity columns of the DataFrame.
        mapping: what the executors do to its rows.
        stream: the stream that the connector is fed.
        settings: take the place of the config's.
        config: the settings as they hold.
        audience: the audience's name as they make it.
        is_whole: whether few rows prove something too, since they are a whole table.
    """

    identities: tuple[IdentityColumn, ...]
    mapping: RowMapping
    stream: StreamDescription
    settings: Mapping[str, Any]
    config: Config
    audience: str
    is_whole: bool

    @property
    def ad_accounts(self) -> str:
        """The ad accounts in which the audience is kept."""
        return ", ".join(self.config.ad_account_ids)

    @property
    def columns(self) -> tuple[str, ...]:
        """The identity columns' names, in the order of what is fed."""
        return tuple(each.column for each in self.identities)


def planned(
    columns: Sequence[str],
    audience: str,
    mode: Mode,
    config: ConfigFile,
    *,
    settings: Mapping[str, Any],
    name: str = "dataframe",
    is_increment: bool = False,
) -> SparkPlan:
    """Plans a sync.

    Args:
        columns: those of the DataFrame.
        audience: the audience's name.
        mode: how it is kept.
        config: the user's.
        settings: take the place of the config's.
        name: the stream's name in messages and reports.
        is_increment: whether the rows are those that are new, so that few of them prove nothing.

    Raises: UsageError if a setting needs what is not carried through the cluster; what `plan_streams` raises.
    """
    given = {**settings, "audience_name": audience}
    read = read_config(config.overlaid(**given))
    whole = StreamDescription(name, {column: {} for column in columns}, replaces=mode == "replace")
    (described,) = parse_catalog(msgspec.json.encode(whole.catalog()))
    (plan,) = plan_streams([described], read)
    _check_carried(plan, read, mode)
    return SparkPlan(
        plan.identities,
        RowMapping(plan.identities, read.advertising_id_case, by_identifier=mode == "mirror"),
        _fed_stream(name, [each.column for each in plan.identities], mode, is_increment=is_increment),
        {**given, "identity_columns": [_setting(each) for each in plan.identities]},
        read,
        plan.audience,
        is_whole_pass(described) and not is_increment,
    )


@dataclass(frozen=True, slots=True)
class FedKinds:
    """The kinds of identifiers in a difference, each of which has a column in what is fed."""

    kinds: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of a row's values."""
        return (*map(_column_of, self.kinds), OPERATION_COLUMN)

    def plan(self, plan: SparkPlan) -> SparkPlan:
        """Returns the plan by which a difference is fed."""
        identities = []
        for kind in self.kinds:
            identifier, value_format = kind.split("/")
            identities.append({"column": _column_of(kind), "identifier": identifier, "format": value_format})
        settings = {
            **plan.settings,
            "identity_columns": identities,
            "operation_column": {"mode": "column", "column": OPERATION_COLUMN},
            # A difference has other shares of identifiers than the table; those are compared before.
            "allow_identity_drift": True,
        }
        stream = _fed_stream(plan.stream.name, self.columns, "mirror", is_increment=True)
        return replace(plan, stream=stream, settings=settings)


def _fed_stream(name: str, columns: Sequence[str], mode: Mode, *, is_increment: bool) -> StreamDescription:
    if is_increment:
        return StreamDescription(name, {column: {} for column in (*columns, SLICE_COLUMN)}, SLICE_COLUMN)
    return StreamDescription(name, {column: {} for column in columns}, replaces=mode == "replace")


def _column_of(kind: str) -> str:
    return kind.replace("/", "_").lower()


def operation_of(*, joins: bool) -> str:
    """Returns what the operation column says of an identifier."""
    return (Operation.ADD if joins else Operation.REMOVE).value


def _setting(column: IdentityColumn) -> dict[str, str]:
    return {
        "column": column.column,
        "identifier": column.identifier.value,
        "format": fed_format(column).value,
    }


def _check_carried(plan: StreamPlan, config: Config, mode: Mode) -> None:
    """Raises: UsageError if rows say more than whom they identify, or the settings and the mode differ."""
    deciding = [*plan.deciding_columns, *(() if plan.naming is None else plan.naming.columns)]
    if plan.account_column is not None:
        deciding.append(plan.account_column)
    if deciding:
        raise UsageError(
            Code.SPARK_NOT_CARRIED,
            f"Column {', '.join(dict.fromkeys(deciding))}: what rows say beside whom they identify is not read from a "
            "DataFrame. Filter its rows, drop the column, and sync each audience by a call of its own.",
        )
    if forgets_everywhere(config):
        raise UsageError(
            Code.SPARK_NOT_CARRIED,
            "remove_from is everywhere, which needs people's plain values, and executors give away digests only. Take "
            "people out of every list by `pinterest-audiences forget`.",
        )
    if mode != "mirror":
        return
    if config.mode != "mirror" or config.deletes == "keep" or config.membership_store is not None:
        raise UsageError(
            Code.SPARK_NOT_CARRIED,
            'With mode="mirror", Spark finds out who leaves, and the settings mode, deletes or membership_store say '
            "otherwise. Leave them out.",
        )
    plain = [each.column for each in plan.identities if each.identifier in _PLAIN]
    if plain:
        raise UsageError(
            Code.SPARK_NOT_CARRIED,
            f"Column {', '.join(plain)}: such IDs leave in plain, and what was last sent holds digests only. Use "
            'mode="replace", or another identity column.',
        )
