"""Reads any database with a SQLAlchemy dialect: PostgreSQL with psycopg 3, SQLite, and what else is installed.

Rows come through a server-side cursor if the driver has one.

Source: SQLAlchemy 2.1.9 (stream_results, yield_per) and sqlite3, read and run 2026-11-22; PyMySQL 1.2.4, read and run
    2026-11-27: closing an unread result reads it to its end, unless the query is killed before.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Self

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.cursor_order import CursorOrder
from pinterest_audiences.sources.cursor_types import bound
from pinterest_audiences.sources.names import check_columns, no_such
from pinterest_audiences.sources.refusals import about_the_query
from pinterest_audiences.sources.source import Row, RowBatch, RowStream, Selection
from pinterest_audiences.sources.sqlalchemy_engine import connect, first_line, label_of, read_url
from pinterest_audiences.sources.unreachable import is_locked

# How long a count or a sample may take, which are good to have and no more.
ASIDE_TIME_LIMIT_S: Final = 2.0
_COUNTED: Final = frozenset({"sqlite", "postgresql", "mysql", "mariadb"})
_MYSQL: Final = frozenset({"mysql", "mariadb"})
# They charge for what a query scans, and LIMIT does not make that less.
_CHARGING_BY_SCAN: Final = frozenset({"bigquery", "awsathena"})


class SQLAlchemySource:
    """A database with a SQLAlchemy engine, read through one connection.

    Args:
        connection: closed by this object, with its engine.
        label: see Source.
    """

    only_table = None

    def __init__(self, connection: sa.Connection, label: str) -> None:
        self._connection = connection
        self._label = label
        self._unread: sa.CursorResult[Any] | None = None

    @classmethod
    def of_url(cls, address: str) -> Self:
        """Connects. Raises: UsageError for an unknown scheme, a missing driver, or a database that can't be reached."""
        url = read_url(address)
        return cls(connect(url), label_of(url))

    @property
    def label(self) -> str:
        """See Source."""
        return self._label

    def table_names(self) -> Sequence[str]:
        """See Source."""
        try:
            return self._names(sa.inspect(self._connection))
        except DBAPIError as error:
            raise self._refused(error) from None

    def open_rows(self, selection: Selection, batch_rows: int) -> RowStream:
        """See Source."""
        statement = self._checked_statement(selection)
        order = None if selection.cursor is None else CursorOrder(selection.cursor, selection.since)
        if order is not None and order.pattern is not None:
            self._check_before(statement, selection, order)
        result = self._run(statement, stream_results=True, yield_per=batch_rows)
        self._unread = result
        columns = tuple(result.keys())
        check_columns((), columns, _named(selection))
        batches = self._batches(result, batch_rows)
        if order is None or selection.cursor is None:
            return RowStream(columns, batches)
        return RowStream(columns, order.checked(batches, columns.index(selection.cursor)))

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """See Source."""
        return self._columns_of(self._origin(selection))

    def sample(self, selection: Selection, rows: int) -> tuple[Row, ...]:
        """See Source."""
        if self._connection.dialect.name in _CHARGING_BY_SCAN:
            return ()
        try:
            with self._aside():
                origin = self._origin(selection)
                found: sa.CursorResult[Any] = self._connection.execute(
                    sa.select(sa.literal_column("*")).select_from(origin).limit(rows)
                )
                return tuple(found.all())
        except Exception:  # noqa: BLE001 - whatever a driver raises for a value that it can't read, as of infinity
            return ()

    def count(self, selection: Selection) -> int | None:
        """See Source."""
        if selection.query is not None or self._connection.dialect.name not in _COUNTED:
            return None
        statement = sa.select(sa.func.count()).select_from(self._checked_statement(selection).order_by(None).subquery())
        try:
            with self._aside():
                return int(self._connection.execute(statement).scalar_one())
        except DBAPIError:
            return None

    def relation(self, selection: Selection) -> str:
        """Returns what follows FROM, for a statement in SQLAlchemy's text. Raises: UsageError if there is no table."""
        origin = self._origin(selection)
        if isinstance(origin, sa.TextClause):
            return f"(\n{_without_parameters(selection.query or '')}\n) selected"
        named = self._connection.dialect.identifier_preparer.format_table(origin)
        if self._connection.dialect.paramstyle in {"format", "pyformat"}:
            named = named.replace("%%", "%")  # A text has its percent signs doubled once more.
        return _without_parameters(named)

    def interrupt(self) -> None:
        """See Source."""
        driver = self._connection.connection.driver_connection
        if self._connection.dialect.driver == "pymysql":
            self._kill(getattr(driver, "thread_id", int)())
            return
        stop = getattr(driver, "interrupt", None) or getattr(driver, "cancel", None)
        if stop is not None:
            stop()

    def close(self) -> None:
        """See Source."""
        self._leave_unread()
        with suppress(SQLAlchemyError):  # closing an interrupted cursor may fail
            self._connection.close()
        self._connection.engine.dispose()

    def _leave_unread(self) -> None:
        """Ends a query that was not read to its end. Of MySQL's, closing alone would read the rest."""
        unread, self._unread = self._unread, None
        if unread is None:
            return
        if self._connection.dialect.name in _MYSQL:
            self.interrupt()
        with suppress(Exception):  # that it was interrupted, or is closed already
            unread.cursor.close()

    def _kill(self, query: int) -> None:
        with suppress(SQLAlchemyError), self._connection.engine.connect() as other:
            other.exec_driver_sql(f"KILL QUERY {query}")

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """A query beside the reading, which is interrupted if it takes long, and leaves nothing behind."""
        limit = threading.Timer(ASIDE_TIME_LIMIT_S, self.interrupt)
        limit.start()
        try:
            if self._connection.dialect.name == "postgresql":
                self._connection.execute(sa.text(f"SET LOCAL statement_timeout = {int(ASIDE_TIME_LIMIT_S * 1000)}"))
            yield
        finally:
            limit.cancel()
            limit.join()  # or an interruption that has begun would end the next query
            with suppress(SQLAlchemyError):
                self._connection.rollback()

    def _checked_statement(self, selection: Selection) -> Any:
        origin = self._origin(selection)
        if selection.columns is None and selection.cursor is None:
            return (
                origin if isinstance(origin, sa.TextClause) else sa.select(sa.literal_column("*")).select_from(origin)
            )
        names = self._columns_of(origin)
        cursor = () if selection.cursor is None else (selection.cursor,)
        check_columns((*(selection.columns or ()), *cursor), names, _named(selection))
        rows: sa.FromClause = (
            origin.columns(*(sa.column(name) for name in names)).subquery("selected")
            if isinstance(origin, sa.TextClause)
            else origin
        )
        statement: sa.Select[*tuple[Any, ...]] = sa.select(
            *(sa.column(name) for name in selection.columns or names)
        ).select_from(rows)
        if selection.cursor is None:
            return statement
        column: sa.ColumnElement[Any] = sa.column(selection.cursor)
        if selection.since is not None:
            statement = statement.where(sa.or_(column >= bound(selection.since), column.is_(None)))
        return statement.order_by(column)

    def _check_before(self, statement: sa.Select[*tuple[Any, ...]], selection: Selection, order: CursorOrder) -> None:
        """Raises: UsageError if among the rows before the start are texts that only sort there."""
        column: sa.ColumnElement[Any] = sa.column(selection.cursor or "")
        before = sa.select(sa.literal(1)).select_from(*statement.get_final_froms())
        stray = before.where(column < bound(selection.since), column.not_like(order.pattern)).limit(1)
        if self._run(stray).first() is not None:
            order.refuse_strays()

    def _origin(self, selection: Selection) -> Any:
        return self._query(selection.query) if selection.query is not None else self._table(selection.table or "")

    def _table(self, wanted: str) -> sa.TableClause:
        """Raises: UsageError if there is no such table or view."""
        inspector = sa.inspect(self._connection)
        schema, _, name = wanted.rpartition(".")
        try:
            if inspector.has_table(wanted):
                return sa.table(wanted)
            if schema and self._has_table(inspector, name, schema):
                return sa.table(name, schema=schema)
            names = self._names(inspector)
        except DBAPIError as error:
            raise self._refused(error) from None
        raise no_such("table", wanted, names, self._label)

    def _has_table(self, inspector: sa.Inspector, name: str, schema: str) -> bool:
        # In a warehouse, the schema may have its database or project before it, and no list of schemas has that.
        is_known = self._connection.dialect.name not in _COUNTED or schema in inspector.get_schema_names()
        return is_known and inspector.has_table(name, schema=schema)

    def _names(self, inspector: sa.Inspector) -> list[str]:
        """The tables to suggest. A warehouse is only asked for those of its own schema: it may have thousands."""
        names = [*inspector.get_table_names(), *inspector.get_view_names()]
        if self._connection.dialect.name in _COUNTED:
            for other in inspector.get_schema_names():
                if other not in {inspector.default_schema_name, "information_schema"}:
                    names += [f"{other}.{each}" for each in inspector.get_table_names(schema=other)]
        return names

    def _query(self, query: str) -> sa.TextClause:
        # A comment at the query's end must not swallow what follows.
        return sa.text(_without_parameters(query) + "\n")

    def _columns_of(self, origin: sa.TextClause | sa.TableClause) -> tuple[str, ...]:
        nothing = (
            sa.text(f"SELECT * FROM (\n{origin.text}) selected WHERE 1 = 0")  # noqa: S608 - the query is the user's own
            if isinstance(origin, sa.TextClause)
            else sa.select(sa.literal_column("*")).select_from(origin).where(sa.false())
        )
        result = self._run(nothing)
        columns = tuple(result.keys())
        result.close()
        return columns

    def _run(self, statement: Any, **options: Any) -> sa.CursorResult[Any]:
        try:
            return self._connection.execute(statement, execution_options=options)
        except DBAPIError as error:
            raise self._refused(error) from None
        except Exception as error:  # noqa: BLE001 - not every driver wraps what its network or its cloud raises
            raise _stopped(error, 0) from None

    def _refused(self, error: DBAPIError) -> UsageError | SourceError:
        """The error of a statement that the database did not begin to answer."""
        if is_locked(error.orig):
            return SourceError(
                Code.SOURCE_UNREACHABLE,
                f"{self._label} is locked by another program. Run the command again once that has ended.",
            )
        said = self._said_of_the_query(error)
        if said is None:
            return _stopped(error, 0)
        return UsageError(Code.QUERY_REFUSED, f"{self._label} refuses the query: {said}")

    def _said_of_the_query(self, error: DBAPIError) -> str | None:
        """Returns the first line of a message about the SQL; None if evaluating it failed, which may quote values."""
        if isinstance(error.orig, sqlite3.OperationalError):
            return self._said_while_preparing(error)
        state = _state_of(error)
        if not state.startswith("42"):
            return about_the_query(error.orig)
        # PostgreSQL uses class 42, syntax or access rule, for values too (email::regclass, email::regtype), but then
        # names no position, or a context: what the position is in. For a missing right it never names one.
        diagnosis: Any = getattr(error.orig, "diag", None)
        if diagnosis is None:
            return about_the_query(error.orig)
        if diagnosis.context is not None:
            return None
        is_in_the_query = diagnosis.statement_position is not None
        return first_line(error.orig) if is_in_the_query else self._said_while_preparing(error)

    def _said_while_preparing(self, error: DBAPIError) -> str | None:
        """Returns the message if EXPLAIN, which evaluates nothing, fails for the same reason."""
        parameters: Any = error.params or ()
        try:
            if self._connection.dialect.name != "sqlite":
                self._connection.rollback()  # PostgreSQL answers nothing else in a transaction that has failed
            self._connection.exec_driver_sql(f"EXPLAIN {error.statement}", parameters).close()
        except DBAPIError as again:
            return first_line(again.orig) if _state_of(again) == _state_of(error) else None
        return None

    def _batches(self, result: sa.CursorResult[Any], batch_rows: int) -> Iterator[RowBatch]:
        read = 0
        try:
            for rows in result.partitions(batch_rows):
                read += len(rows)
                yield RowBatch(rows)
        except GeneratorExit:
            self._leave_unread()
            raise
        except Exception as error:  # noqa: BLE001 - as above
            self._unread = None
            raise _stopped(error, read) from None
        self._unread = None


def _without_parameters(query: str) -> str:
    """SQLAlchemy would take ":name" for a parameter, and a string in the query may contain one."""
    return query.replace(":", "\\:")


def _state_of(error: DBAPIError) -> str:
    """The SQLSTATE; blank if the driver has none."""
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""


def _named(selection: Selection) -> str:
    return "the query" if selection.query is not None else f"the table {selection.table!r}"


def _stopped(error: Exception, read: int) -> SourceError:
    cause = getattr(error, "orig", None) or error
    return SourceError(
        Code.SOURCE_STOPPED,
        f"The database stopped after {read:,} rows ({type(cause).__name__}). Its message may quote people's data and "
        "is not shown, so run the same query in a client of the database to read it.",
    )
