"""Writes the rows that are not used to a file, each with its place, so that their owner can find and correct them."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REJECTED_REASONS, REJECTED_VALUES, REJECTED_VARIABLE
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.source import RowBatch
from pinterest_audiences.whole_files import OWNER_ONLY, write_whole

UNREADABLE: Final = "unreadable_row"
_FIELDS: Final = ("file", "line", "primary_key", "row_used", "column", "reason", "message")
_VALUE: Final = "value"
# How every file of rejected rows begins.
_BEGINS_CSV: Final = b"file,line,primary_key,row_used,"
_BEGINS_JSON: Final = b'{"file": '


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
        self._is_settled = True
        self.rows = 0

    @classmethod
    def create(cls, path: Path, *, has_values: bool) -> Self:
        """Puts a new file in place of an old one, readable by its owner alone.

        Raises: UsageError if that is impossible, or if the old one holds something else than rejected rows.
        """
        made = cls(path, has_values=has_values)
        made.check()
        try:
            write_whole(path, made._header())
        except OSError as error:
            raise made._not_kept(error) from None
        return made

    @classmethod
    def continued(cls, path: Path, *, has_values: bool) -> Self:
        """Adds to a file, if there is one: a run that goes on by a cursor reads none of these rows again.

        A last line of which a killed run has written a part is dropped: the state behind its row was not kept.
        Raises: UsageError if that is impossible, or if the file has other columns.
        """
        made = cls(path, has_values=has_values)
        made.check()
        try:
            if not path.exists() or (path.is_file() and not path.stat().st_size):
                return cls.create(path, has_values=has_values)
            if path.is_file():
                path.chmod(OWNER_ONLY)
                made._mend()
        except OSError as error:
            raise made._not_kept(error) from None
        return made

    def check(self) -> None:
        """Makes sure that nothing else than rejected rows is in the file: it would be lost. Raises: UsageError."""
        try:
            if not self._path.exists() or not (self._path.is_file() or self._path.is_dir()):
                return
            with self._path.open("rb") as file:
                begins = file.read(len(_BEGINS_CSV))
        except OSError as error:
            raise self._not_kept(error) from None
        ours = _BEGINS_CSV if self._is_csv else _BEGINS_JSON
        if begins[: len(ours)] != ours[: len(begins)]:
            raise UsageError(
                Code.REJECTED_NOT_KEPT,
                f"{self._path} holds something else than rejected rows, which would be lost. Name another file.",
            )

    @property
    def variables(self) -> Mapping[str, str]:
        """What tells the connector to announce rejected rows."""
        return {REJECTED_VARIABLE: REJECTED_VALUES if self.has_values else REJECTED_REASONS}

    def add(self, row: Mapping[str, Any]) -> None:
        """Writes a row that the connector rejects. Raises: UsageError if it can't be written."""
        line = self._csv_line(row) if self._is_csv else self._json_line(row)
        with self._lock:
            try:
                with self._path.open("ab", buffering=0) as file:
                    _append(file, line)
            except OSError as error:
                raise self._not_kept(error) from None
            self._is_settled = False
            self.rows += 1

    def settle(self) -> None:
        """Makes sure that what was written outlasts the machine. Raises: UsageError if it can't be."""
        with self._lock:
            if self._is_settled:
                return
            try:
                with self._path.open("ab", buffering=0) as file:
                    os.fsync(file.fileno())
            except OSError as error:
                # A pipe or /dev/null has nothing to keep.
                if self._path.is_file():
                    raise self._not_kept(error) from None
            self._is_settled = True

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

    def _mend(self) -> None:
        """Raises: OSError; UsageError if the file has other columns."""
        with self._path.open("r+b") as file:
            if self._is_csv and file.readline() != self._header():
                raise UsageError(
                    Code.REJECTED_NOT_KEPT,
                    f"The file of rejected rows {self._path} has other columns, and this run would add to it. Move it "
                    "away, or name another by --rejected.",
                )
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.seek(0)
                file.truncate(_whole_length(file.read(), is_csv=self._is_csv))

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


def _append(file: io.FileIO, line: bytes) -> None:
    """Raises: OSError; the file is then as it was."""
    before = os.fstat(file.fileno()).st_size
    try:
        while line:
            line = line[file.write(line) :]
    except OSError:
        with suppress(OSError):
            file.truncate(before)
        raise


def _whole_length(content: bytes, *, is_csv: bool) -> int:
    """How much of a file its whole lines take. In CSV, a line may end within quotes, and goes on."""
    end = content.rfind(b"\n") + 1
    while is_csv and content.count(b'"', 0, end) % 2:
        end = content.rfind(b"\n", 0, end - 1) + 1
    return end
