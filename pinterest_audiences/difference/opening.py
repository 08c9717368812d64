"""Opens the database of --from so that it can keep what was sent."""

from __future__ import annotations

import os
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.difference.warehouse import Warehouse
from pinterest_audiences.environment import expanded_address, without_values
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.sources.opening import DUCKDB_SUFFIXES

_SERVERS: Final = frozenset(
    {
        *("postgresql", "postgres", "mysql", "mariadb"),
        *("snowflake", "bigquery", "redshift", "databricks", "trino"),
    }
)
_NAMES: Final = "DuckDB, PostgreSQL, MySQL, Snowflake or BigQuery"


def open_warehouse(source: str, *, writes: bool = True) -> Warehouse:
    """Opens what --from names, so that it can be written to or only read.

    Raises: UsageError if it is no database that can compute the difference.
    """
    address = expanded_address(source, os.environ)
    try:
        return _opened(address, writes=writes)
    except UsageError as error:
        if address == source:
            raise
        raise UsageError(error.code, without_values(error.message, source, os.environ)) from None
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error


def _opened(address: str, *, writes: bool) -> Warehouse:
    scheme = address.split("://", 1)[0].lower() if "://" in address else ""
    if scheme == "duckdb" or (not scheme and address.lower().endswith(DUCKDB_SUFFIXES)):
        from pinterest_audiences.difference.duckdb_warehouse import DuckDBWarehouse  # noqa: PLC0415 - a large library

        file = address.split("://", 1)[1].removeprefix("/") if scheme else address
        return DuckDBWarehouse.of_database(existing_file(file), writes=writes)
    if scheme.partition("+")[0] in _SERVERS:
        from pinterest_audiences.difference.sqlalchemy_warehouse import SQLAlchemyWarehouse  # noqa: PLC0415 - as above

        return SQLAlchemyWarehouse.of_url(address)
    raise UsageError(
        Code.DIFFERENCE_NO_WAREHOUSE,
        f"--difference warehouse needs a database that can compute it, such as {_NAMES}, and --from is none of them. "
        "Leave it out, and use --replace or a membership store.",
    )
