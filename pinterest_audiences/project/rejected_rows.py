"""The rows that runs have rejected, from one run to the next, and how to find them in the source again.

A run with a cursor reads only what is new: what it rejects is added to what earlier runs have rejected, at once. Any
other run reads everything, and what it rejects takes the place of that when it has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.wording.rejected_row import json_line
from pinterest_audiences.failures import UsageError
from pinterest_audiences.json_values import jsonable
from pinterest_audiences.sources.source import Row, RowBatch, RowStream, Selection, Source

Key = tuple[str, ...]
_CSV: Final = ".csv"


def aside(path: Path) -> Path:
    """Where a run that reads everything writes, so that what earlier ones have written stays until it has ended."""
    return path.with_name(f"{path.stem}.now{path.suffix}")


def keep(path: Path) -> None:
    """Puts what a run has written aside in the place of what is there. Raises: OSError."""
    with suppress(FileNotFoundError):
        aside(path).replace(path)


def read_keys(path: Path, columns: Sequence[str]) -> frozenset[Key]:
    """Returns the keys of the rows in a file of rejected rows. Raises: UsageError if it does not tell them."""
    if path.suffix.lower() == _CSV:
        raise _impossible(f"{path} is CSV, which retry does not read. Name a file that ends in .jsonl by `rejected`.")
    try:
        with path.open("rb") as file:
            return frozenset(_keys(file, columns))
    except FileNotFoundError:
        raise _impossible(f"There is no {path} yet. Run the audience first.") from None
    except (OSError, msgspec.DecodeError, LookupError, TypeError, AttributeError):
        raise _impossible(f"{path} does not tell the keys of its rows. Run the audience again.") from None


def _keys(lines: Any, columns: Sequence[str]) -> Iterator[Key]:
    decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
    for line in lines:
        key: Mapping[str, Any] | None = decode(line)["primary_key"]
        # A line of a file that is no row has none, and nothing to find it by.
        if key is not None:
            yield tuple(_digest_of_written(key[column]) for column in columns)


def _digest_of_written(value: Any) -> str:
    """Keys that may identify people are written as digests; the others become one here."""
    return str(value["sha256"]) if isinstance(value, dict) and set(value) == {"sha256"} else _digest(value)


def _digest(value: Any) -> str:
    text = value if isinstance(value, str) else json_line(value).decode()
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class OnlyKeys:
    """A source of which only the rows with certain keys are read.

    Args:
        source: the whole.
        key_columns: the columns of the key.
        keys: which rows.
        found: those of them that were read so far.
    """

    source: Source
    key_columns: Sequence[str]
    keys: frozenset[Key]
    found: set[Key] = field(default_factory=set)

    @property
    def label(self) -> str:
        """See Source."""
        return self.source.label

    @property
    def only_table(self) -> str | None:
        """See Source."""
        return self.source.only_table

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        rows = self.source.open_rows(selection, batch_rows)
        missing = [column for column in self.key_columns if column not in rows.columns]
        if missing:
            raise _impossible(f"The rows have no column {missing[0]!r} of `primary_key`. Correct it.")
        places = [rows.columns.index(column) for column in self.key_columns]
        return RowStream(rows.columns, (self._kept(batch, places) for batch in rows.batches))

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """See Source."""
        return self.source.columns(selection)

    def sample(self, selection: Selection, rows: int) -> tuple[Row, ...]:
        """See Source."""
        return self.source.sample(selection, rows)

    def count(self, selection: Selection) -> int | None:  # noqa: ARG002 - as Source
        """See Source: some of the rows may be gone."""
        return len(self.keys)

    def table_names(self) -> Sequence[str]:
        """See Source."""
        return self.source.table_names()

    def interrupt(self) -> None:
        """See Source."""
        self.source.interrupt()

    def close(self) -> None:
        """See Source."""
        self.source.close()

    def _kept(self, batch: RowBatch, places: Sequence[int]) -> RowBatch:
        keys = [self._key(row, places) for row in batch.rows]
        wanted = [number for number, key in enumerate(keys) if key in self.keys]
        self.found.update(keys[number] for number in wanted)
        lines = None if batch.lines is None else [batch.lines[number] for number in wanted]
        return replace(batch, rows=[batch.rows[number] for number in wanted], lines=lines)

    def _key(self, row: Row, places: Sequence[int]) -> Key:
        return tuple(_digest(_as_sent(row[place])) for place in places)


def _as_sent(value: Any) -> Any:
    """A value as the connector gets it."""
    if isinstance(value, str | int):
        return value
    return msgspec.json.decode(msgspec.json.encode(jsonable(value)))


def _impossible(sentence: str) -> UsageError:
    return UsageError(Code.RETRY_IMPOSSIBLE, sentence)
