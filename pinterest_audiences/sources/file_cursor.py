"""Reads what is new in files by a cursor, though their rows stand in any order, without sorting them.

The first reading decides what the values are, and keeps for each batch the lowest of them. In the second, the rows go
out in the files' order, and what a run has reached after a batch is the highest value that nothing still to come is
below: a run that ends in between skips nothing. So memory does not grow with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import accumulate
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.file_values import KINDS
from pinterest_audiences.sources.source import RowBatch

Batches = Callable[[Sequence[str], int], Iterator[RowBatch]]
_TWO_WAYS: Final = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.*")
_ADVICE: Final = "Write it as a number or as 2026-01-31T12:00:00Z throughout, or take another column."


@dataclass(frozen=True, slots=True)
class _Column:
    """What the first reading found out about a column.

    Args:
        read: reads one of its values.
        ends: how many rows there are up to the end of each batch.
        to_come: the lowest new value of each batch and of those behind it; None if there is none.
    """

    read: Callable[[Any], Any]
    ends: Sequence[int]
    to_come: Sequence[Any]

    @property
    def rows(self) -> int:
        return self.ends[-1] if self.ends else 0


class FileCursor:
    """A cursor over the rows of files.

    Args:
        read: reads some columns of the rows from the beginning, in batches.
        label: the files' name in messages.
        cursor: the column.
    """

    def __init__(self, read: Batches, label: str, cursor: str) -> None:
        self._read = read
        self._label = label
        self._cursor = cursor

    def batches(self, columns: Sequence[str], since: Any, batch_rows: int) -> Iterator[RowBatch]:
        """Reads the values of the cursor; returns the rows from `since` on, and those without a value.

        Raises: UsageError if it is not certain what the values are; the iterator raises SourceError if the files
            change meanwhile.
        """
        column = self._look(since, batch_rows)
        return self._rows(column, columns, _start(column.read, since), batch_rows)

    def _look(self, since: Any, batch_rows: int) -> _Column:
        """Reads the column once."""
        is_typed = since is not None and not isinstance(since, str)
        left = {name: read for name, read in KINDS.items() if not is_typed or read(since) is not None}
        if not left:
            raise self._refused("the last run kept a value that is no number or time. Delete the state file.")
        starts = {name: _start(read, since) for name, read in left.items()}
        lowest: dict[str, list[Any]] = {name: [] for name in left}
        ends: list[int] = []
        has_values = False
        for batch in self._read([self._cursor], batch_rows):
            known = [value for row in batch.rows if (value := _plain(row[0])) is not None]
            read = {name: list(map(parse, known)) for name, parse in left.items()}
            fitting = {name: parse for name, parse in left.items() if None not in read[name]}
            if not fitting:
                # The kind that fits longest says best what the others are.
                kind, at = max(((name, values.index(None)) for name, values in read.items()), key=lambda each: each[1])
                is_first = at == 0 and not has_values
                raise self._unfitting(batch, at, None if is_first and not is_typed else kind, ends)
            has_values = has_values or bool(known)
            left = fitting
            ends.append((ends[-1] if ends else 0) + len(batch.rows))
            for name in left:
                start = starts[name]
                lowest[name].append(
                    min((value for value in read[name] if start is None or value >= start), default=None)
                )
        kind = next(iter(left))
        return _Column(left[kind], ends, list(accumulate(reversed(lowest[kind]), _lower))[::-1])

    def _rows(self, column: _Column, columns: Sequence[str], start: Any, batch_rows: int) -> Iterator[RowBatch]:
        place = list(columns).index(self._cursor)
        passed = chunk = 0
        highest = start
        for batch in self._read(columns, batch_rows):
            # What was added since the first reading comes with the next run.
            values = [self._again(column, row[place]) for row in batch.rows[: column.rows - passed]]
            passed += len(values)
            while chunk < len(column.ends) and column.ends[chunk] <= passed:
                chunk += 1
            taken = [at for at, value in enumerate(values) if value is None or start is None or value >= start]
            for at in taken:
                highest = _higher(highest, values[at])
            to_come = column.to_come[chunk] if chunk < len(column.to_come) else None
            yield replace(_those(batch, taken), reached=None if highest is None else _lower(highest, to_come))
        if passed < column.rows:
            raise self._changed()

    def _again(self, column: _Column, value: Any) -> Any:
        plain = _plain(value)
        if plain is None:
            return None
        read = column.read(plain)
        if read is None:
            raise self._changed()
        return read

    def _changed(self) -> SourceError:
        return SourceError(
            Code.SOURCE_STOPPED, f"{self._label} was changed while it was read. Run the sync again when it is complete."
        )

    def _unfitting(self, batch: RowBatch, at: int, kind: str | None, ends: Sequence[int]) -> UsageError:
        """The error for a known value of a batch, by its number, that is not of the kind of all before it."""
        position = [place for place, row in enumerate(batch.rows) if _plain(row[0]) is not None][at]
        number = (ends[-1] if ends else 0) + position + 1
        place = f"row {number:,}" if batch.lines is None else f"line {batch.lines[position]:,}"
        where = f"{place} of {batch.file or self._label}"
        value = batch.rows[position][0]
        if isinstance(value, str) and _TWO_WAYS.fullmatch(value.strip()):
            return self._refused(f"{where} has a date that can be read in two ways. {_ADVICE}")
        if kind is None:
            return self._refused(f"{where} has neither a number nor an ISO date or time. {_ADVICE}")
        return self._refused(f"{where} has none of the {kind} that were there before. {_ADVICE}")

    def _refused(self, reason: str) -> UsageError:
        return UsageError(Code.CURSOR_UNUSABLE, f"--cursor {self._cursor}: {reason}")


def _start(read: Callable[[Any], Any], since: Any) -> Any:
    """The value to start from.

    A text was kept by a version that sorted values as text. Only for dates is that their own order; otherwise a run
    that was stopped may have left out lower ones.
    """
    if since is None:
        return None
    start = read(since)
    if not isinstance(since, str):
        return start
    if isinstance(start, datetime):
        return None if start.tzinfo is not None else datetime.combine(start, time.min)
    return start if isinstance(start, date) else None


def _plain(value: Any) -> Any:
    """The value without blanks around it; None if there is none."""
    return value.strip() or None if isinstance(value, str) else value


def _lower(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else min(one, other)


def _higher(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else max(one, other)


def _those(batch: RowBatch, taken: Sequence[int]) -> RowBatch:
    if len(taken) == len(batch.rows):
        return batch
    lines = None if batch.lines is None else [batch.lines[at] for at in taken]
    return replace(batch, rows=[batch.rows[at] for at in taken], lines=lines)
