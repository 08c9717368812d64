"""Reads the times of PostgreSQL that Python has no type for, `infinity` and years before Christ, as the text they are.

psycopg refuses them, and with them the whole table.

Source: psycopg 3.3 read and run against PostgreSQL 15, 2026-11-27.
"""

from __future__ import annotations

from typing import Any, Final

_TYPES: Final = ("date", "timestamp", "timestamptz")


def read_any_time(connection: Any) -> None:
    """Prepares a connection of psycopg."""
    from psycopg import DataError  # noqa: PLC0415 - loaded by SQLAlchemy, for PostgreSQL alone
    from psycopg.adapt import Loader  # noqa: PLC0415
    from psycopg.pq import Format  # noqa: PLC0415

    def tolerant(usual: type[Any]) -> type[Loader]:
        class Tolerant(Loader):
            def __init__(self, oid: int, connection: Any = None) -> None:
                super().__init__(oid, connection)
                self._usual = usual(oid, connection)  # psycopg's own can't be inherited from

            def load(self, data: Any) -> Any:
                try:
                    return self._usual.load(data)
                except DataError:
                    return bytes(data).decode()

        return Tolerant

    for name in _TYPES:
        oid = connection.adapters.types[name].oid
        connection.adapters.register_loader(oid, tolerant(connection.adapters.get_loader(oid, Format.TEXT)))
