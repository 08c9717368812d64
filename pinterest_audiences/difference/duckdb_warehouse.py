"""DuckDB as a warehouse. One process at a time can write to a file, so nobody else changes the table meanwhile.

Source: duckdb 2.0.0 run 2026-11-27: connections of one process see what the others have committed; a statement ends the
    unread result of the one before on the same connection.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from destination_pinterest.error_codes import Code
from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import DUCKDB, Dialect, without_parameters
from pinterest_audiences.difference.failing import failed, no_schema
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.duckdb_source import DuckDBSource
from pinterest_audiences.sources.duckdb_turns import TURNS, Release
from pinterest_audiences.sources.source import Selection

# DuckDB would otherwise take up to 80 % of the memory before it spills.
COMPARING_MEMORY: Final = "1GB"
_PARAMETER: Final = re.compile(r"(?<!\\):([a-z]+\d*)\b")


class DuckDBWarehouse:
    """A DuckDB database, opened for writing.

    Args:
        connection: closed by this object.
        label: the address.
        spill: the folder for what does not fit into memory, once only digests are compared; None: nowhere.
        release: called when it is closed.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        label: str,
        spill: Path | None = None,
        *,
        release: Release = lambda: None,
    ) -> None:
        self._connection = connection
        self._release = release
        self._spill = spill
        self._running: set[DuckDBSession] = set()
        self._source = DuckDBSource(connection, label)
        self._lock = threading.RLock()

    @classmethod
    def of_database(cls, path: Path, *, writes: bool = True) -> Self:
        """Opens a database file, for writing or only to be read.

        Raises: UsageError if it is not one, or another program has it open.
        """
        release = TURNS.alone(path)
        try:
            # What a query of the user's own sorts may be in plain, and would be spilled.
            connection = duckdb.connect(str(path), read_only=not writes, config={"temp_directory": ""})
        except duckdb.Error as error:
            release()
            if "lock" in str(error):
                raise UsageError(
                    Code.SOURCE_NOT_OPENED,
                    f"{path} is open in another program. Close that one first: the difference is kept in the database.",
                ) from None
            raise UsageError(
                Code.SOURCE_NOT_OPENED,
                f"{path} can't be opened for writing, as a DuckDB database that this version of DuckDB knows.",
            ) from None
        return cls(connection, f"duckdb:///{path.resolve()}", path.with_name(path.name + ".tmp"), release=release)

    @property
    def dialect(self) -> Dialect:
        """See Warehouse."""
        return DUCKDB

    @property
    def label(self) -> str:
        """See Warehouse."""
        return self._source.label

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """See Warehouse."""
        return self._source.columns(selection)

    def relation(self, selection: Selection) -> str:
        """See Warehouse."""
        return without_parameters(self._source.relation(selection))

    def comparison(self, statements: Statements, selection: Selection, *, is_first: bool = False) -> Comparison:
        """See Warehouse."""
        return Comparison(statements, holds_nothing=self._source.is_stored(selection), is_first=is_first)

    def check_schema(self, schema: str) -> None:
        """See Warehouse."""
        found = self._connection.execute(
            "SELECT schema_name FROM information_schema.schemata WHERE catalog_name = current_catalog()"
        ).fetchall()
        existing = [name for (name,) in found]
        if schema not in existing:
            raise no_schema(schema, self.label, existing)

    def has_table(self, schema: str, name: str) -> bool:
        """See Warehouse."""
        found = self._connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_catalog = current_catalog() AND table_schema = ? "
            "AND table_name = ?",
            [schema, name],
        ).fetchone()
        return found is not None

    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """See Warehouse."""
        session = DuckDBSession(self._connection.cursor(), self._lock, self._spill)
        self._running.add(session)
        try:
            yield session
        finally:
            self._running.discard(session)
            session.close()

    def interrupt(self) -> None:
        """See Warehouse."""
        for session in list(self._running):
            session.interrupt()

    def close(self) -> None:
        """See Warehouse."""
        self._connection.close()
        self._release()


class DuckDBSession:
    """A connection to a DuckDB database.

    Args:
        cursor: a connection of its own.
        lock: held during what writes, since two of a process that change the same row would fail.
        spill: see DuckDBWarehouse.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, lock: threading.RLock, spill: Path | None) -> None:
        self._cursor = cursor
        self._lock = lock
        self._spill = spill
        self._beside: duckdb.DuckDBPyConnection | None = None

    def lets_spill(self) -> None:
        """See Session. DuckDB takes the folder away again when the database is closed."""
        if self._spill is not None:
            self.run("SET temp_directory = '" + str(self._spill).replace("'", "''") + "'")
        # After the folder is named, since what is in memory may be beyond the limit already.
        self.run(f"SET memory_limit = '{COMPARING_MEMORY}'")

    def interrupt(self) -> None:
        """Makes what runs fail soon, from another thread."""
        for connection in (self._cursor, self._beside):
            if connection is not None:
                connection.interrupt()

    def close(self) -> None:
        """Closes it."""
        self._cursor.close()

    @contextmanager
    def transaction(self, *, is_snapshot: bool = False) -> Iterator[None]:  # noqa: ARG002 - each one is
        """See Session."""
        with self._lock:
            self.run("BEGIN")
            try:
                yield
            except BaseException:
                with suppress(duckdb.Error):
                    self._cursor.execute("ROLLBACK")
                raise
            self.run("COMMIT")

    def run(self, statement: str, **values: Any) -> None:
        """See Session."""
        self.rows(statement, **values)

    def rows(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        """See Session."""
        with self._lock:
            try:
                self._cursor.execute(*_with_values(statement, values))
                return self._cursor.fetchall()
            except duckdb.Error as error:
                raise failed(error) from None

    def stream(self, statement: str, batch_rows: int) -> Iterator[Sequence[Sequence[Any]]]:
        """See Session."""
        self._beside = beside = self._cursor.cursor()
        try:
            beside.execute(_with_colons(statement))
            while rows := beside.fetchmany(batch_rows):
                yield rows
        except duckdb.Error as error:
            raise failed(error) from None
        finally:
            self._beside = None
            beside.close()

    def insert(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Session. One statement for all: row by row would take a millisecond each."""
        if not rows:
            return
        into, _, values = statement.partition(" VALUES ")
        names = _PARAMETER.findall(values)
        lists = {name: [row[name] for row in rows] for name in names}
        self.run(f"{into} SELECT {', '.join(f'unnest(:{name})' for name in names)}", **lists)


def _with_values(statement: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """A statement as DuckDB writes parameters, and the values that it names: it would refuse others."""
    named = {name: value for name, value in values.items() if name in _PARAMETER.findall(statement)}
    if not named:
        return _with_colons(statement), None
    return _with_colons(_PARAMETER.sub(r"$\1", statement)), named


def _with_colons(statement: str) -> str:
    return statement.replace("\\:", ":")
