"""Reads DuckDB databases.

DuckDB's own package is used, not its SQLAlchemy dialect: duckdb-engine has stood at 0.17.0 since DuckDB 1.2. Nothing is
spilled to disk, because that would be people's data in plain.

Source: duckdb 2.0.0 read and run 2026-11-22: `execute` streams (fetchmany of 8 million rows stays flat under a memory
limit); `interrupt` works from another thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

import duckdb

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.cursor_order import CursorOrder
from pinterest_audiences.sources.duckdb_turns import TURNS, Release
from pinterest_audiences.sources.names import check_columns, no_such
from pinterest_audiences.sources.source import Row, RowBatch, RowStream, Selection

ASIDE_TIME_LIMIT_S: Final = 2.0
# A plain read needs no more, and DuckDB would otherwise cache the file in up to 80 % of the memory.
READING_MEMORY: Final = "512MB"


class DuckDBSource:
    """A DuckDB database, opened read-only, or one in memory over the rows of files.

    Args:
        connection: closed by this object.
        label: see Source.
        only_table: the only table, for a file.
        release: called when it is closed.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        label: str,
        only_table: str | None = None,
        *,
        release: Release = lambda: None,
    ) -> None:
        self._connection = connection
        self._label = label
        self._only_table = only_table
        self._release = release

    @classmethod
    def of_database(cls, path: Path) -> Self:
        """Opens a database file. Raises: UsageError if it is not one, SourceError if another program writes to it."""
        release = TURNS.share(path)
        try:
            connection = duckdb.connect(str(path), read_only=True, config={"temp_directory": ""})
        except duckdb.IOException as error:
            release()
            if "lock" in str(error):
                raise SourceError(
                    Code.SOURCE_UNREACHABLE,
                    f"{path} is open in another program that writes to it. Run the command again once that has ended.",
                ) from None
            raise UsageError(
                Code.SOURCE_NOT_OPENED, f"{path} is not a DuckDB database that this version of DuckDB can read."
            ) from None
        return cls(connection, f"duckdb:///{path.resolve()}", release=release)

    @classmethod
    def of_motherduck(cls, database: str) -> Self:
        """Opens a database of MotherDuck; its token is in the environment, or behind a question mark.

        Source: motherduck.com/docs, "Authenticating using an access token", read 2026-11-27; not seen to work, since it
            needs an account.
        Raises: UsageError if it can't be opened.
        """
        name, _, options = database.partition("?")
        try:
            connection = duckdb.connect(f"md:{database}", config={"temp_directory": ""})
        except duckdb.Error as error:
            # The message may quote what is behind the question mark.
            told = type(error).__name__ if options else str(error).partition("\n")[0]
            raise UsageError(
                Code.SOURCE_NOT_OPENED,
                f"md:{name} can't be opened ({told}). See that motherduck_token is set in the environment, and that "
                "DuckDB may load its extension motherduck.",
            ) from None
        return cls(connection, f"md:{name}")

    @property
    def label(self) -> str:
        """See Source."""
        return self._label

    @property
    def only_table(self) -> str | None:
        """The table of a file; None for a database."""
        return self._only_table

    def table_names(self) -> Sequence[str]:
        """See Source."""
        return [name if schema == "main" else f"{schema}.{name}" for schema, name in self._tables()]

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        where = self.relation(selection)
        if selection.cursor is None and selection.query is None:
            self._connection.execute(f"SET memory_limit = '{READING_MEMORY}'")
        if selection.columns is not None or selection.cursor is not None:
            self._run(f"SELECT * FROM {where} LIMIT 0", [])  # noqa: S608 - the name is quoted, the query the user's own
            cursor = () if selection.cursor is None else (selection.cursor,)
            check_columns((*(selection.columns or ()), *cursor), self._columns(), self._named(selection))
        order = None if selection.cursor is None else CursorOrder(selection.cursor, selection.since)
        if order is not None and order.pattern is not None:
            self._check_before(selection, where, order)
        self._run(*_statement(selection, where))
        columns = self._columns()
        check_columns((), columns, self._named(selection))
        batches = self._batches(batch_rows)
        if order is None or selection.cursor is None:
            return RowStream(columns, batches)
        return RowStream(columns, order.checked(batches, columns.index(selection.cursor)))

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """See Source."""
        self._run(f"SELECT * FROM {self.relation(selection)} LIMIT 0", [])  # noqa: S608 - as above
        return self._columns()

    def sample(self, selection: Selection, rows: int) -> tuple[Row, ...]:
        """See Source."""
        aside = self._connection.cursor()
        limit = threading.Timer(ASIDE_TIME_LIMIT_S, aside.interrupt)
        limit.start()
        try:
            found = aside.execute(f"SELECT * FROM {self.relation(selection)} LIMIT {rows}").fetchall()  # noqa: S608
        except duckdb.Error:
            return ()
        finally:
            limit.cancel()
            aside.close()
        return tuple(found)

    def count(self, selection: Selection) -> int | None:
        """See Source."""
        if selection.query is not None:
            return None
        counting = self._connection.cursor()
        limit = threading.Timer(ASIDE_TIME_LIMIT_S, counting.interrupt)
        limit.start()
        try:
            statement, values = _statement(selection, self.relation(selection))
            found = counting.execute(f"SELECT count(*) FROM ({statement})", values).fetchone()  # noqa: S608 - as above
        except duckdb.Error:
            return None
        finally:
            limit.cancel()
            counting.close()
        return int(found[0]) if found else None

    def relation(self, selection: Selection) -> str:
        """Returns what follows FROM. Raises: UsageError if there is no such table."""
        if selection.query is not None:
            return f"(\n{selection.query}\n) AS selected"
        wanted = selection.table or ""
        tables = self._tables()
        for schema, name in tables:
            if wanted in {name, f"{schema}.{name}"}:
                return f"{_quoted(schema)}.{_quoted(name)}"
        raise no_such("table", wanted, self.table_names(), self._label)

    def is_stored(self, selection: Selection) -> bool:
        """Returns whether rows are read as they are stored: a view or a query may sort or join them first."""
        if selection.query is not None:
            return False
        found = self._connection.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
            'AND table_catalog = current_catalog() AND format(\'"{}"."{}"\', '
            "replace(table_schema, '\"', '\"\"'), replace(table_name, '\"', '\"\"')) = ?",
            [self.relation(selection)],
        ).fetchone()
        return found is not None

    def interrupt(self) -> None:
        """See Source."""
        self._connection.interrupt()

    def close(self) -> None:
        """See Source."""
        self._connection.close()
        self._release()

    def _check_before(self, selection: Selection, where: str, order: CursorOrder) -> None:
        """Raises: UsageError if among the rows before the start are texts that only sort there."""
        cursor = _quoted(selection.cursor or "")
        strays = f"SELECT 1 FROM {where} WHERE {cursor} < ? AND {cursor} NOT LIKE ? LIMIT 1"  # noqa: S608 - as above
        self._run(strays, [selection.since, order.pattern])
        if self._connection.fetchone() is not None:
            order.refuse_strays()

    def _tables(self) -> list[tuple[str, str]]:
        """Returns schemas and table names, those of the schema `main` first."""
        return self._connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables "
            "WHERE table_catalog = current_catalog() OR table_type = 'VIEW' "
            "ORDER BY table_schema <> 'main', table_schema, table_name"
        ).fetchall()

    def _run(self, statement: str, values: list[Any]) -> None:
        try:
            self._connection.execute(statement, values)
        except duckdb.OutOfMemoryException:
            raise SourceError(Code.SOURCE_STOPPED, _NO_MEMORY) from None
        except duckdb.Error as error:
            if self._speaks_of_the_query(error, statement):
                raise UsageError(
                    Code.QUERY_REFUSED, f"{self._label} refuses the query: {str(error).splitlines()[0]}"
                ) from None
            raise _stopped(error, 0) from None

    def _speaks_of_the_query(self, error: duckdb.Error, statement: str) -> bool:
        """Whether the message is about the SQL. A message about computed values may quote them.

        A query of several statements, or a PIVOT, which is made of several, may compute names for the next of them.
        """
        try:
            statements = self._connection.extract_statements(statement)
        except duckdb.ParserException:
            return isinstance(error, duckdb.ParserException)
        is_one = [each.type for each in statements] == [duckdb.StatementType.SELECT]
        return is_one and isinstance(error, duckdb.BinderException | duckdb.CatalogException)

    def _columns(self) -> tuple[str, ...]:
        return tuple(column[0] for column in self._connection.description or ())

    def _named(self, selection: Selection) -> str:
        return "the query" if selection.query is not None else f"the table {selection.table!r}"

    def _batches(self, batch_rows: int) -> Iterator[RowBatch]:
        read = 0
        while True:
            try:
                rows = self._connection.fetchmany(batch_rows)
            except duckdb.Error as error:
                raise _stopped(error, read) from None
            if not rows:
                return
            read += len(rows)
            yield RowBatch(rows)


_NO_MEMORY: Final = (
    "DuckDB needs more memory than there is to sort or to compute this, and people's data is not spilled to disk; "
    "select fewer --columns, or store the query's result as a table first."
)


def _statement(selection: Selection, where: str) -> tuple[str, list[Any]]:
    if selection.query is not None and selection.columns is None and selection.cursor is None:
        return selection.query, []
    columns = "*" if selection.columns is None else ", ".join(map(_quoted, selection.columns))
    statement = f"SELECT {columns} FROM {where}"  # noqa: S608 - every name in it is quoted, the query is the user's own
    if selection.cursor is None:
        return statement, []
    cursor = _quoted(selection.cursor)
    if selection.since is None:
        return f"{statement} ORDER BY {cursor}", []
    return f"{statement} WHERE {cursor} >= ? OR {cursor} IS NULL ORDER BY {cursor}", [selection.since]


def _stopped(error: duckdb.Error, read: int) -> SourceError:
    # The message may quote the value that could not be converted, which may be personal.
    return SourceError(
        Code.SOURCE_STOPPED,
        f"DuckDB stopped after {read:,} rows ({type(error).__name__}). Its message may quote people's data and is not "
        "shown, so run the same query in DuckDB to read it.",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
