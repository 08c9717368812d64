"""Each warehouse by name: an extra with its driver, a lock, a URL that leads to it, and statements that it takes."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from packaging.requirements import Requirement

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.cursor_types import bound
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.warehouses import WAREHOUSES
from unit_tests.support.raises import raises

ROOT = Path(__file__).parents[2]
# A module of the driver, and an address, by the beginning of a URL.
DRIVERS = {
    "snowflake": ("snowflake.sqlalchemy", "snowflake://me:canary@account/shop/public?warehouse=small"),
    "bigquery": ("sqlalchemy_bigquery", "bigquery://project/shop"),
    "redshift": ("sqlalchemy_redshift", "redshift://me:canary@127.0.0.1:1/shop"),
    "databricks": ("databricks.sqlalchemy", "databricks://token:canary@127.0.0.1:1?http_path=/sql&catalog=main"),
    "clickhouse": ("clickhouse_connect", "clickhouse://me:canary@127.0.0.1:1/shop"),
    "trino": ("trino", "trino://me:canary@127.0.0.1:1/shop"),
    "athena": ("pyathena", "athena://:canary@athena.eu-west-1.amazonaws.com:443/shop?s3_staging_dir=s3://x/"),
    "mysql": ("pymysql", "mysql://me:canary@127.0.0.1:1/shop"),
    "mariadb": ("pymysql", "mariadb://me:canary@127.0.0.1:1/shop"),
    "mssql": ("pymssql", "mssql://me:canary@127.0.0.1:1/shop"),
    "oracle": ("oracledb", "oracle://me:canary@127.0.0.1:1/?service_name=shop"),
}


def declared() -> dict[str, list[str]]:
    """The lists of drivers in setup.py, by extra."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "WAREHOUSES":
            found: dict[str, list[str]] = ast.literal_eval(node.value)
            return found
    raise AssertionError("setup.py has no WAREHOUSES")


def test_every_extra_installs_the_packages_that_messages_name() -> None:
    named = {w.extra: {package.lower() for package in w.packages} for w in WAREHOUSES.values()}
    installed = {extra: {Requirement(text).name.lower() for text in texts} for extra, texts in declared().items()}
    assert {**named, "motherduck": {"duckdb"}} == installed


def test_every_extra_has_a_lock_that_pins_its_packages_as_the_tests_have_them() -> None:
    development = (ROOT / "requirements" / "development.txt").read_text()
    for extra, texts in declared().items():
        if extra == "motherduck":
            continue  # DuckDB is in every lock
        lock = (ROOT / "requirements" / f"warehouse-{extra}.txt").read_text()
        pinned = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, flags=re.MULTILINE))
        for requirement in map(Requirement, texts):
            assert requirement.specifier.contains(pinned[requirement.name]), requirement
        for package in ("duckdb", "psycopg", "pyarrow", "sqlalchemy", "rich"):
            assert f"{package}=={pinned[package]}" in development


@pytest.mark.parametrize("scheme", DRIVERS)
def test_a_warehouse_without_its_driver_is_answered_with_its_extra_and_package(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, address = DRIVERS[scheme]
    for name in [name for name in sys.modules if name.split(".")[0] == module.split(".")[0]]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    warehouse = WAREHOUSES[scheme]
    install = re.escape(f'Run: pip install "airbyte-destination-pinterest[{warehouse.extra}]"')
    with raises(Code.PACKAGE_MISSING, match=f"needs {' and '.join(warehouse.packages)}, .*{install}") as error:
        open_source(address)
    assert "canary" not in str(error.value)


def test_another_database_without_its_driver_is_answered_with_the_module() -> None:
    with raises(Code.PACKAGE_MISSING, match="needs the Python module 'asyncpg'"):
        open_source("postgresql+asyncpg://me:canary@127.0.0.1:1/shop")


@pytest.mark.parametrize("scheme", DRIVERS)
def test_a_warehouse_takes_our_statements_and_its_address(scheme: str) -> None:
    module, address = DRIVERS[scheme]
    if scheme == "bigquery":
        pytest.skip("its dialect signs in before anything else; see the extra's own environment")
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        pytest.skip(f'not in the development lock; pip install ".[{WAREHOUSES[scheme].extra}]" has it')
    url = sa.make_url(address).set(drivername=WAREHOUSES[scheme].driver)
    dialect = sa.create_engine(url).dialect
    column = sa.column("Updated At")
    statement = sa.select(sa.column("email"), column).select_from(sa.table("customers", schema="shop"))
    statement = statement.where(sa.or_(column >= bound(5), column.is_(None))).order_by(column)
    text = str(statement.compile(dialect=dialect))
    assert dialect.identifier_preparer.quote("Updated At") in text
    plain = " ".join(re.sub(r'["`\[\]]', "", text).split())
    assert plain.startswith("SELECT email, Updated At FROM shop.customers WHERE Updated At >= ")
    assert plain.endswith(" OR Updated At IS NULL ORDER BY Updated At")
    arguments, options = dialect.create_connect_args(url)
    assert re.search("127.0.0.1|account|eu-west-1", str([*arguments, options]))


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "mssql", "oracle"])
def test_a_server_that_does_not_answer_is_told_without_the_password(scheme: str) -> None:
    with raises(Code.SOURCE_UNREACHABLE, match="can't be reached: ") as error:
        open_source(DRIVERS[scheme][1])
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("address", ["md:shop?motherduck_token=canary", "motherduck://shop?motherduck_token=canary"])
def test_motherduck_is_read_by_duckdb_and_its_token_not_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its extension is not downloaded from here.
    monkeypatch.setenv("HOME", "/nonexistent")
    with raises(Code.SOURCE_NOT_OPENED, match=r"md:shop can't be opened \(\w+\)\. See that motherduck_token") as error:
        open_source(address)
    assert "canary" not in str(error.value)
