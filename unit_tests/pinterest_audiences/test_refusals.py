"""What a driver's error says about the SQL is shown; what may quote a value is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pinterest_audiences.sources.refusals import about_the_query


def error(module: str, *args: object, **attributes: Any) -> Exception:
    """An error as a driver of that name raises it, with the attributes that it has."""
    kind = type("DatabaseError", (Exception,), {"__module__": module})
    raised: Exception = kind(*args)
    for name, value in attributes.items():
        setattr(raised, name, value)
    return raised


SHOWN = [
    (error("pymysql.err", 1054, "Unknown column 'emial' in 'field list'"), "Unknown column 'emial' in 'field list'"),
    (error("pymysql.err", 1142, "SELECT command denied to user"), "SELECT command denied to user"),
    (
        error("pymssql._pymssql", 208, b"Invalid object name 'x'.DB-Lib error message 20018, severity 16:\n"),
        "Invalid object name 'x'.",
    ),
    (
        error("oracledb.exceptions", SimpleNamespace(code=942, message='ORA-00942: table "X" does not exist\nHelp: …')),
        'ORA-00942: table "X" does not exist',
    ),
    (
        error("snowflake.connector.errors", sqlstate="42000", raw_msg="SQL compilation error:\nsyntax error line 1"),
        "SQL compilation error: syntax error line 1",
    ),
    (
        error("clickhouse_connect.driver.exceptions", "Code: 60. Unknown table\nmore", code=60),
        "Code: 60. Unknown table",
    ),
    (error("trino.exceptions", error_name="COLUMN_NOT_FOUND", message="Column 'x' cannot be resolved"), "Column 'x' "),
    (error("pyathena.error", "TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist"), "TABLE_NOT_FOUND: "),
    (
        error("databricks.sql.exc", "[TABLE_OR_VIEW_NOT_FOUND] The table x\nplan"),
        "[TABLE_OR_VIEW_NOT_FOUND] The table x",
    ),
    (
        error("google.cloud.bigquery.dbapi", SimpleNamespace(code=400, message="Unrecognized name: emial at [1:8]")),
        "Unrecognized name: emial at [1:8]",
    ),
    (
        error("google.cloud.bigquery.dbapi", SimpleNamespace(code=404, message="Not found: Table x")),
        "Not found: Table x",
    ),
]
WITHHELD = [
    error("pymysql.err", 1292, "Truncated incorrect INTEGER value: 'jane@example.com'"),
    error("pymysql.err", 1366, "Incorrect string value: 'jane@example.com'"),
    error("pymysql.err", 1105, "XPATH syntax error: 'jane@example.com'"),
    error("pymysql.err"),
    error("pymssql._pymssql", 245, b"Conversion failed when converting the value 'jane@example.com'"),
    error("pymssql._pymssql", 208),
    error("oracledb.exceptions", SimpleNamespace(code=1722, message="ORA-01722: invalid number jane@example.com")),
    error(
        "oracledb.exceptions", SimpleNamespace(code=942, message="ORA-00942: jane@example.com\nORA-06512: at line 1")
    ),
    error("oracledb.exceptions"),
    error("snowflake.connector.errors", sqlstate="22018", raw_msg="Numeric value 'jane@example.com'"),
    error("clickhouse_connect.driver.exceptions", "Code: 6. Cannot parse jane@example.com", code=6),
    error("trino.exceptions", error_name="INVALID_CAST_ARGUMENT", message="Cannot cast 'jane@example.com'"),
    error("pyathena.error", "INVALID_CAST_ARGUMENT: Cannot cast 'jane@example.com'"),
    error("databricks.sql.exc", "[CAST_INVALID_INPUT] The value 'jane@example.com'"),
    error("databricks.sql.exc", "jane@example.com"),
    error("google.cloud.bigquery.dbapi", SimpleNamespace(code=400, message="Bad int64 value: jane@example.com")),
    error("google.cloud.bigquery.dbapi"),
    error("some_driver", "no such column: jane@example.com"),
]


@pytest.mark.parametrize(("raised", "said"), SHOWN)
def test_a_mistake_in_the_query_is_told_in_one_line(raised: Exception, said: str) -> None:
    told = about_the_query(raised)
    assert told is not None
    assert told.startswith(said)
    assert "\n" not in told


@pytest.mark.parametrize("raised", WITHHELD)
def test_what_may_quote_a_value_is_withheld(raised: Exception) -> None:
    assert about_the_query(raised) is None
