"""A server with a SQLAlchemy dialect as a warehouse. Each session is a connection of its own.

Source: SQLAlchemy 2.1.9, psycopg 3.3 and PyMySQL 1.2, run 2026-11-27 against PostgreSQL 15 and MariaDB 10.11: a
    server-side cursor of PostgreSQL stays open while others run on its connection; one of MySQL needs its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from pinterest_audiences.difference.comparison import Comparison
from pinterest_audiences.difference.dialects import DIALECTS, Dialect
from pinterest_audiences.difference.failing import failed, no_schema
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sources.sqlalchemy_engine import connect, label_of, read_url
from pinterest_audiences.sources.sqlalchemy_source import SQLAlchemySource


class SQLAlchemyWarehouse:
    """A server.

    Args:
        connection: to look at tables; closed by this object.
        label: the address.
    """

    def __init__(self, connection: sa.Connection, label: str) -> None:
        self._connection = connection
        self._source = SQLAlchemySource(connection, label)
        self._dialect = DIALECTS[connection.dialect.name]
        self._running: set[SQLAlchemySession] = set()

    @classmethod
    def of_url(cls, address: str) -> Self:
        """Connects. Raises: UsageError for a missing driver, or a server that can't be reached."""
        url = read_url(address)
        return cls(connect(url, reads_only=False), label_of(url))

    @property
    def dialect(self) -> Dialect:
        """See Warehouse."""
        return self._dialect

    @property
    def label(self) -> str:
        """See Warehouse."""
        return self._source.label

    def columns(self, selection: Selection) -> tuple[str, ...]:
        """See Warehouse."""
        with self._looking():
            return self._source.columns(selection)

    def relation(self, selection: Selection) -> str:
        """See Warehouse."""
        with self._looking():
            return self._source.relation(selection)

    def comparison(
        self,
        statements: Statements,  # noqa: ARG002 - as below
        selection: Selection,  # noqa: ARG002 - as below
        *,
        is_first: bool = False,  # noqa: ARG002 - as below
    ) -> Comparison | None:
        """See Warehouse. Servers read what is committed meanwhile, and plan a staging table better."""
        return None

    def check_schema(self, schema: str) -> None:
        """See Warehouse."""
        with self._looking():
            existing = sa.inspect(self._connection).get_schema_names()
            if schema not in existing:
                raise no_schema(schema, self.label, existing)

    def has_table(self, schema: str, name: str) -> bool:
        """See Warehouse."""
        try:
            with self._looking():
                return sa.inspect(self._connection).has_table(name, schema=schema)
        except Exception as error:  # noqa: BLE001 - not every driver wraps what its network raises
            raise failed(error) from None

    @contextmanager
    def session(self) -> Iterator[SQLAlchemySession]:
        """See Warehouse."""
        try:
            connection = self._connection.engine.connect()
        except Exception as error:  # noqa: BLE001 - not every driver wraps what its network raises
            raise failed(error) from None
        session = SQLAlchemySession(connection, self._dialect)
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
        self._source.close()

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """No transaction stays open while the difference is sent."""
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):
                self._connection.rollback()


class SQLAlchemySession:
    """A connection to a server.

    Args:
        connection: closed by this object.
        dialect: the server's ways.
    """

    def __init__(self, connection: sa.Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect
        self._depth = 0

    @contextmanager
    def transaction(self, *, is_snapshot: bool = False) -> Iterator[None]:
        """See Session."""
        self._depth += 1
        try:
            if is_snapshot and self._dialect.has_snapshot:
                self.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._depth -= 1

    def lets_spill(self) -> None:
        """See Session. A server decides that by itself."""

    def run(self, statement: str, **values: Any) -> None:
        """See Session."""
        self._execute(statement, values).close()
        self._end_statement()

    def rows(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        """See Session."""
        found = self._execute(statement, values).all()
        self._end_statement()
        return found

    def stream(self, statement: str, batch_rows: int) -> Iterator[Sequence[Sequence[Any]]]:
        """See Session."""
        if self._dialect.has_snapshot:
            yield from self._stream(self._connection, statement, batch_rows)
            return
        with self._connection.engine.connect() as beside:
            yield from self._stream(beside, statement, batch_rows)

    def insert(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """See Session."""
        if rows:
            self._execute(statement, [dict(row) for row in rows]).close()
            self._end_statement()

    def interrupt(self) -> None:
        """Makes what runs fail soon, from another thread."""
        driver = self._connection.connection.driver_connection
        if self._connection.dialect.driver == "pymysql":
            number = int(getattr(driver, "thread_id", int)())
            with suppress(SQLAlchemyError), self._connection.engine.connect() as other:
                other.exec_driver_sql(f"KILL QUERY {number}")
            return
        stop = getattr(driver, "cancel", None)
        if stop is not None:
            stop()

    def close(self) -> None:
        """Closes it."""
        with suppress(SQLAlchemyError):
            self._connection.close()

    def _stream(self, connection: sa.Connection, statement: str, batch_rows: int) -> Iterator[Sequence[Sequence[Any]]]:
        options = {"stream_results": True, "yield_per": batch_rows}
        try:
            yield from connection.execute(sa.text(statement), execution_options=options).partitions(batch_rows)
        except Exception as error:
            if isinstance(error, SQLAlchemyError):
                raise failed(error) from None
            raise

    def _execute(self, statement: str, values: Any) -> sa.CursorResult[Any]:
        try:
            return self._connection.execute(sa.text(statement), values)
        except Exception as error:  # noqa: BLE001 - not every driver wraps what its network raises
            if not self._depth:
                self._roll_back()
            raise failed(error) from None

    def _end_statement(self) -> None:
        if not self._depth:
            self._commit()

    def _commit(self) -> None:
        try:
            self._connection.commit()
        except Exception as error:  # noqa: BLE001 - as above
            raise failed(error) from None

    def _roll_back(self) -> None:
        with suppress(Exception):
            self._connection.rollback()
