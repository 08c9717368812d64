"""The databases that need a package of their own: how their URLs begin, which driver reads them, what installs it.

Source: each package installed beside SQLAlchemy 2.1.9 on Python 3.11, imported, its dialect run through its compiler
and its connection arguments read, 2026-11-27. clickhouse-sqlalchemy and mysqlclient were left out: the one stops at
SQLAlchemy 2.0, the other has to be compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A kind of database.

    Args:
        extra: what `pip install "airbyte-destination-pinterest[…]"` calls it.
        driver: SQLAlchemy's name of the dialect with the driver that the extra installs.
        packages: what the extra installs, as the package index names it.
    """

    extra: str
    driver: str
    packages: tuple[str, ...]

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f'pip install "airbyte-destination-pinterest[{self.extra}]"'


_MYSQL: Final = ("PyMySQL",)
# By how a URL begins, without a driver's name. More than one name may lead to a warehouse.
WAREHOUSES: Final[Mapping[str, Warehouse]] = {
    "snowflake": Warehouse("snowflake", "snowflake", ("snowflake-sqlalchemy",)),
    "bigquery": Warehouse("bigquery", "bigquery", ("sqlalchemy-bigquery",)),
    "redshift": Warehouse("redshift", "redshift+psycopg2", ("sqlalchemy-redshift", "psycopg2-binary")),
    "databricks": Warehouse("databricks", "databricks", ("databricks-sqlalchemy",)),
    "clickhouse": Warehouse("clickhouse", "clickhousedb", ("clickhouse-connect",)),
    "clickhousedb": Warehouse("clickhouse", "clickhousedb", ("clickhouse-connect",)),
    "trino": Warehouse("trino", "trino", ("trino",)),
    "athena": Warehouse("athena", "awsathena+rest", ("PyAthena",)),
    "awsathena": Warehouse("athena", "awsathena+rest", ("PyAthena",)),
    "mysql": Warehouse("mysql", "mysql+pymysql", _MYSQL),
    "mariadb": Warehouse("mysql", "mariadb+pymysql", _MYSQL),
    "mssql": Warehouse("mssql", "mssql+pymssql", ("pymssql",)),
    "oracle": Warehouse("oracle", "oracle+oracledb", ("oracledb",)),
}


def warehouse_of(drivername: str) -> Warehouse | None:
    """The warehouse that a URL's beginning leads to, with or without a driver's name; None for another database."""
    return WAREHOUSES.get(drivername.partition("+")[0])
