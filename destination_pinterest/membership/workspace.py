"""A DuckDB database with a private folder on the local disk.

Only encrypted identifiers and keyed digests get here, in memory and on disk.
Source: duckdb.org/docs, "Configuration" and "Larger-than-memory workloads"; duckdb 2.0.0 (read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, cast

import duckdb
import numpy as np
import numpy.typing as npt

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError
from destination_pinterest.private_folder import PrivateFolder

# For the ledger that is at work; a sync compares one after the other. A million rows fill it, ten million don't need
# more. DuckDB needs a third more, as measured.
MEMORY_MIB: Final = 160
# For the others, which only take rows. With less, DuckDB can't even sort.
_LEAST_MIB: Final = 48
THREADS: Final = 2

_ADVICE: Final = (
    "Free about 400 bytes for each row of the sync and each member, or name a folder on a larger disk in the "
    "environment variable TMPDIR."
)

Columns = Mapping[str, npt.NDArray[Any]]


class Workspace:
    """An empty database. Use it from one thread at a time.

    Every method raises:
        StorageFailedError: the disk or the memory is too small.

    Args:
        parent: where the private folder is created; by default, in the system's folder for temporary files.
        shared_by: how many workspaces share the memory.

    Raises:
        StorageRefusedError: the folder can't be created.
    """

    def __init__(self, parent: Path | None = None, *, shared_by: int = 1) -> None:
        self._private = PrivateFolder(parent)
        self.folder = self._private.path
        self._memory_limit = self._least = f"{max(_LEAST_MIB, MEMORY_MIB // shared_by)}MiB"
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": self._memory_limit,
            "threads": THREADS,
            "preserve_insertion_order": False,
            "temp_directory": str(self.folder / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._connection = duckdb.connect(":memory:", config=settings)
        # What is sent is read a slice at a time, and a large file's directory takes longer to read than a slice.
        self._connection.execute("SET parquet_metadata_cache = true")

    def execute(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Runs a statement and returns all of its rows."""
        with self._explained():
            return self._connection.execute(statement, list(parameters)).fetchall()

    def number(self, statement: str) -> int:
        """Returns the single number of a query."""
        return int(self.execute(statement)[0][0])

    def insert(self, statement: str, batch: Columns) -> None:
        """Runs a statement that reads the table `batch`: columns of equal length."""
        with self._explained():
            self._connection.register("batch", batch)
            try:
                self._connection.execute(statement)
            finally:
                self._connection.unregister("batch")

    def attach(self, name: str, file: Path | None) -> None:
        """Adds a database by this name, in the file or in memory."""
        if file is None:
            self.execute(f"ATTACH ':memory:' AS {name}")
            return
        # What is encrypted does not compress.
        self.execute("SET force_compression = 'uncompressed'")
        self.execute(f"ATTACH '{_quoted(file)}' AS {name}")

    def detach(self, name: str, file: Path | None) -> None:
        """Takes away a database with all that is in it, and deletes its file."""
        self.execute(f"DETACH {name}")
        if file is not None:
            for path in (file, file.with_name(f"{file.name}.wal")):
                path.unlink(missing_ok=True)

    def chunks(self, query: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yields the rows of a query, at most `size` at a time. Other statements may run in between."""
        with self._explained():
            cursor = self._connection.cursor()
            try:
                cursor.execute(query)
                while rows := cursor.fetchmany(size):
                    yield rows
            finally:
                cursor.close()

    def columns(self, query: str) -> Columns:
        """Returns all rows of a query, by column."""
        with self._explained():
            cursor = self._connection.cursor()
            try:
                return cast("Columns", cursor.execute(query).fetchnumpy())
            finally:
                cursor.close()

    def take_room(self) -> None:
        """Takes the memory of all workspaces, which the others don't need while this one is at work."""
        self._limit(f"{MEMORY_MIB}MiB")

    def leave_room(self) -> None:
        """Makes do with a share of the memory again, as soon as what is kept fits into it."""
        with suppress(duckdb.OutOfMemoryException):
            self._limit(self._least)

    def close(self) -> None:
        """Closes the database and deletes the folder."""
        self._connection.close()
        self._private.close()

    def _limit(self, limit: str) -> None:
        if limit != self._memory_limit:
            self._connection.execute(f"SET memory_limit = '{limit}'")
            self._memory_limit = limit

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise StorageFailedError(
                Code.LOCAL_DISK_FAILED,
                f"Work on the membership store ran out of memory ({self._memory_limit}), most likely because the "
                f"disk of {self.folder} is full. {_ADVICE}",
            ) from error
        except duckdb.OperationalError as error:
            raise StorageFailedError(
                Code.LOCAL_DISK_FAILED,
                f"Work on the membership store failed in {self.folder} ({type(error).__name__}). {_ADVICE}",
            ) from error


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def as_columns(records: bytes, names: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    """Turns records of little-endian 64-bit words, one word for each name, into columns."""
    words = np.frombuffer(records, dtype="<u8").reshape(-1, len(names))
    return {name: np.ascontiguousarray(words[:, at]) for at, name in enumerate(names)}
