"""What a sync would do, without sending anything: rows counted and mapped here, requests and time estimated."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.operation import OperationRule, deletion_columns
from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Operation
from pinterest_audiences.json_values import jsonable
from pinterest_audiences.report_view import Line
from pinterest_audiences.sources.source import Row

# Source: developers.pinterest.com rate limits (read 2026-11-22), category ads_write, per app and user.
STANDARD_A_MINUTE: Final = 400
STANDARD_A_SECOND: Final = 7
TRIAL_A_DAY: Final = 300
_DELETION_KEPT: Final = "deletion_kept"
# How many they are, Pinterest does not tell.
_LEAVING: Final[Line] = (
    "Will leave",
    "whoever is in the audience and in none of these rows; with a membership store, only whom a sync put in",
)


@dataclass(slots=True)
class DryRunCounts:
    """What was found. Identifiers are not told apart: one that comes twice may count twice."""

    rows: int = 0
    usable: int = 0
    not_usable: Counter[str] = field(default_factory=Counter)
    identifiers: Counter[Operation] = field(default_factory=Counter)
    identifiers_refused: Counter[str] = field(default_factory=Counter)

    def requests(self, batch_size: int) -> int:
        """How many requests at most."""
        return sum(math.ceil(count / batch_size) for count in self.identifiers.values())


class DryRun:
    """Maps the rows of one stream as the connector would.

    Args:
        columns: the names of a row's values.
        config: the connection's settings.

    Raises: IdentityColumnsError if no column identifies people.
    """

    def __init__(self, columns: Sequence[str], config: Config) -> None:
        self.identities = identities(columns, config)
        self.counts = DryRunCounts()
        self._map = IdentityMapper(self.identities, maid_case=config.advertising_id_case).map
        self._positions = [columns.index(identity.column) for identity in self.identities]
        setting = config.operation_column
        self._rule = OperationRule(
            add_values=setting.add_values if setting else (),
            remove_values=setting.remove_values if setting else (),
            deletes=config.deletes,
        )
        self._deletion_times = [columns.index(column) for column in deletion_columns(columns)]
        self._operation = _position(columns, setting.column if setting else None)

    def count(self, rows: Iterable[Row]) -> None:
        """Counts rows."""
        for row in rows:
            self._count_row(row)

    def _count_row(self, row: Row) -> None:
        counts = self.counts
        counts.rows += 1
        mapped = self._map([_as_read(row[position]) for position in self._positions])
        deletion_times = (_as_read(row[position]) for position in self._deletion_times)
        does = self._rule.decide(_at(row, self._operation), *deletion_times)
        if not isinstance(does, Operation):
            counts.not_usable[_DELETION_KEPT if does is None else does.value] += 1
        elif not mapped.identifiers:
            counts.not_usable[mapped.rejections[0].reason.value] += 1
        else:
            counts.usable += 1
            counts.identifiers[does] += len(mapped.identifiers)
            for rejection in mapped.rejections:
                counts.identifiers_refused[rejection.reason.value] += 1


def identities(columns: Sequence[str], config: Config) -> tuple[IdentityColumn, ...]:
    """The columns that identify people. Raises: IdentityColumnsError, with the columns that there are, if none does."""
    if config.identity_columns is None:
        found = recognise_columns(columns)
    else:
        declared = (IdentityColumn(each.column, each.identifier, each.format) for each in config.identity_columns)
        found = tuple(identity for identity in declared if identity.column in columns)
    if not found:
        raise IdentityColumnsError(
            Code.NO_IDENTITY_COLUMN_RECOGNISED,
            f"No column is recognised as an identity column; the columns are: {', '.join(columns)}. Name one: "
            "--identity COLUMN=EMAIL",
        )
    return found


def standard_duration_s(requests: int) -> float:
    """How long so many requests take at Standard quota."""
    minutes, rest = divmod(requests, STANDARD_A_MINUTE)
    return minutes * 60 + rest / STANDARD_A_SECOND


def dry_run_result(run: DryRun, audience: str, batch_size: int, *, replaces: bool = False) -> dict[str, Any]:
    """What a program reads. `replaces`: whether the table is to be all that the audience holds."""
    counts = run.counts
    requests = counts.requests(batch_size)
    return {
        "schema_version": 1,
        "status": "dry_run",
        "audience": audience,
        "replaces": replaces,
        "identity_columns": [msgspec.to_builtins(identity) for identity in run.identities],
        "rows": counts.rows,
        "usable": counts.usable,
        "not_usable": dict(counts.not_usable),
        "identifiers_to_add": counts.identifiers[Operation.ADD],
        "identifiers_to_remove": counts.identifiers[Operation.REMOVE],
        "identifiers_refused": dict(counts.identifiers_refused),
        "requests": requests,
        "standard_duration_s": round(standard_duration_s(requests), 1),
        "trial_days": math.ceil(requests / TRIAL_A_DAY),
        "trial_quota_of_a_day_suffices": requests <= TRIAL_A_DAY,
    }


def dry_run_lines(result: Mapping[str, Any], batch_size: int) -> list[Line]:
    """What a person reads."""
    requests = result["requests"]
    fits = f"fits into one day's {TRIAL_A_DAY} requests, if none of today's are used yet"
    takes_days = (
        f"{result['trial_days']:,} days of {TRIAL_A_DAY} requests with --cursor, without which every day begins anew; "
        "a larger batch_size sends more a day"
    )
    return [
        *(
            ("Identity column", f"{each['column']} as {each['identifier']} ({each['format']})")
            for each in result["identity_columns"]
        ),
        ("Rows", f"{result['rows']:,}"),
        ("Rows usable", f"{result['usable']:,}"),
        ("Rows not usable", f"{sum(result['not_usable'].values()):,}"),
        *_reasons(result["not_usable"]),
        ("Identifiers to add", f"{result['identifiers_to_add']:,} at most (repeats are not told apart here)"),
        ("Identifiers to remove", f"{result['identifiers_to_remove']:,} at most"),
        *([_LEAVING] if result["replaces"] else []),
        ("Identifiers refused", f"{sum(result['identifiers_refused'].values()):,}, in rows that have others"),
        *_reasons(result["identifiers_refused"]),
        ("Requests", f"{requests:,} at most, of {batch_size:,} identifiers each"),
        (
            "At Standard quota",
            f"about {_duration(result['standard_duration_s'])} ({STANDARD_A_MINUTE} requests a minute)",
        ),
        ("At Trial quota", fits if result["trial_quota_of_a_day_suffices"] else takes_days),
        ("", "Nothing was sent."),
    ]


def _reasons(counts: Mapping[str, int]) -> list[Line]:
    """Each reason with its count and what can be done about it."""
    lines = []
    for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        known = RejectionReason(reason).sentence if reason in set(RejectionReason) else "Deleted rows change nothing."
        lines.append((f"  {reason}", f"{count:,}  {known}"))
    return lines


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"


def _position(columns: Sequence[str], name: str | None) -> int | None:
    return columns.index(name) if name is not None and name in columns else None


def _at(row: Row, position: int | None) -> Any:
    return None if position is None else _as_read(row[position])


def _as_read(value: Any) -> Any:
    """The value as the connector gets it out of JSON."""
    return value if value is None or isinstance(value, str) else msgspec.to_builtins(jsonable(value))
