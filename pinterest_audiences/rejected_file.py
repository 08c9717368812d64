"""Writes the rows that are not used to a file, each with its place, so that their owner can find and correct them."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REJECTED_REASONS, REJECTED_VALUES, REJECTED_VARIABLE
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.source import RowBatch
from pinterest_audiences.whole_files import write_whole

UNREADABLE: Final = "unreadable_row"
_FIELDS: Final = ("file", "line", "primary_key", "row_used", "column", "reason", "message")
_VALUE: Final = "value"


class RejectedFile:
    """A file of rejected rows and refused values: CSV if its name ends so, otherwise JSON lines. For several threads.

    Args:
        path: the file, which is there already.
        has_values: whether the refused values are wanted.
    """

    def __init__(self, path: Path, *, has_values: bool) -> None:
        self._path = path
        self.has_values = has_values
        self._fields = (*_FIELDS, _VALUE) if has_values else _FIELDS
        self._is_csv = path.suffix.lower() == ".csv"
        self._lock = threading.Lock()
        self.rows = 0

    @classmethod
    def create(cls, path: Path, *, has_values: bool) -> Self:
        """Puts a new file in place of an old one, readable by its owner alone.

        Raises: UsageError if that is impossible.
        """
        made = cls(path, has_values=has_values)
        try:
            write_whole(path, made._header())
        except OSError as error:
            raise made._not_kept(error) from None
        return made

    @property
    def variables(self) -> Mapping[str, str]:
        """What tells the connector to announce rejected rows."""
        return {REJECTED_VARIABLE: REJECTED_VALUES if self.has_values else REJECTED_REASONS}

    def add(self, row: Mapping[str, Any]) -> None:
        """Writes a row that the connector rejects. Raises: UsageError if it can't be written."""
        line = self._csv_line(row) if self._is_csv else self._json_line(row)
        with self._lock:
            try:
                with self._path.open("ab") as file:
                    file.write(line)
            except OSError as error:
                raise self._not_kept(error) from None
            self.rows += 1

    def placed(self, batches: Iterable[RowBatch]) -> Iterator[RowBatch]:
        """Adds to each row a value with its place: file and line, or in a database how many rows were read before it.

        What was read and is in no row is written. Raises: UsageError if that is impossible.
        """
        read = 0
        for batch in batches:
            for refused in batch.refused:
                why = {"reason": UNREADABLE, "message": refused.reason}
                self.add({"file": batch.file, "line": refused.line, "row_used": False, **why})
            numbers = batch.lines if batch.lines is not None else range(read + 1, read + len(batch.rows) + 1)
            places = [(batch.file, int(number)) for number in numbers]
            yield replace(batch, rows=[(*row, place) for row, place in zip(batch.rows, places, strict=True)])
            read += len(batch.rows)

    def summary(self) -> str:
        """Returns a sentence on what was written."""
        lines = "1 line" if self.rows == 1 else f"{self.rows:,} lines"
        return f"Rejected rows and values: {lines} written to {self._path}."

    def _header(self) -> bytes:
        return (",".join(self._fields) + "\n").encode() if self._is_csv else b""

    def _json_line(self, row: Mapping[str, Any]) -> bytes:
        content = {field: row.get(field) for field in self._fields}
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n"

    def _csv_line(self, row: Mapping[str, Any]) -> bytes:
        values = [row.get(field) for field in self._fields]
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(
            json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value
            for value in values
        )
        return line.getvalue().encode("utf-8", "replace")

    def _not_kept(self, error: OSError) -> UsageError:
        return UsageError(
            Code.REJECTED_NOT_KEPT,
            f"The file of rejected rows {self._path} can't be written: {error.strerror}. Name another by --rejected.",
        )
