"""Tells a database's message about the SQL itself, which helps, from one that may quote the values of a row.

Each driver says it in its own way. A message is shown only if the server's code for it speaks of names, syntax or
rights; such errors arise before a row is computed. Where a driver has no such code, nothing is shown.

Source: the drivers' classes of errors, read 2026-11-27, and the servers' lists: MariaDB's error codes, SQL Server's
    sys.messages, Oracle's ORA-00900 to ORA-01031, Snowflake's SQLSTATE, Trino's StandardErrorCode, Spark's error
    conditions, ClickHouse's ErrorCodes.cpp, BigQuery's error messages. Of these, MariaDB and PostgreSQL have been seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_MYSQL: Final = frozenset({
    *(1044, 1142, 1143, 1227, 1370),  # rights
    *(1046, 1049, 1051, 1109, 1146, 1305, 1356),  # databases, tables, views, functions that are not there
    *(1052, 1054, 1055, 1056, 1060, 1140, 1221, 1222, 1241, 1247, 1248, 1630),  # columns, grouping, shape
    *(1064, 1065, 1149),  # syntax
})  # fmt: skip
_SQL_SERVER: Final = frozenset({102, 103, 105, 156, 195, 207, 208, 209, 229, 230, 916, 4104, 8120, 8155, 8156})
_ORACLE: Final = frozenset({900, 903, 904, 905, 907, 911, 918, 920, 923, 933, 936, 937, 942, 979, 1031, 41900})
_CLICKHOUSE: Final = frozenset({46, 47, 60, 62, 81, 497})
_TRINO: Final = frozenset({
    *("SYNTAX_ERROR", "PERMISSION_DENIED", "AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE"),
    *("CATALOG_NOT_FOUND", "SCHEMA_NOT_FOUND", "TABLE_NOT_FOUND", "COLUMN_NOT_FOUND", "FUNCTION_NOT_FOUND"),
    *("MISSING_CATALOG_NAME", "MISSING_SCHEMA_NAME", "MISSING_COLUMN_NAME"),
})  # fmt: skip
_SPARK: Final = frozenset({
    *("PARSE_SYNTAX_ERROR", "PARSE_EMPTY_STATEMENT", "INSUFFICIENT_PERMISSIONS", "AMBIGUOUS_REFERENCE"),
    *("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG_EXCEPTION", "UNRESOLVED_COLUMN"),
    "UNRESOLVED_ROUTINE",
})  # fmt: skip
_SPARK_CONDITION: Final = re.compile(r"(?:[\w.]+: )?\[([A-Z_]+)")
_BIGQUERY_STATUS: Final = frozenset({403, 404})
_BIGQUERY: Final = (
    "Syntax error: ",
    "Unrecognized name: ",
    "Function not found: ",
    "Table-valued function not found: ",
)


def about_the_query(error: Any) -> str | None:
    """Returns in one line what a driver's error says of the SQL; None if it speaks of something else, or may."""
    tell = _BY_DRIVER.get(type(error).__module__.partition(".")[0])
    said = None if tell is None else tell(error)
    return None if said is None else " ".join(said.split())


def _mysql(error: Any) -> str | None:
    number, *texts = error.args or (None,)
    return str(texts[0]) if number in _MYSQL and texts else None


def _sql_server(error: Any) -> str | None:
    number, *texts = error.args or (None,)
    if number not in _SQL_SERVER or not texts:
        return None
    text = texts[0].decode("utf-8", "replace") if isinstance(texts[0], bytes) else str(texts[0])
    return text.partition("DB-Lib error message")[0]


def _oracle(error: Any) -> str | None:
    said = error.args[0] if error.args else None
    text = str(getattr(said, "message", ""))
    # With a stack behind it, it was raised by a statement that a function made, perhaps of values.
    if getattr(said, "code", None) not in _ORACLE or "ORA-06512" in text:
        return None
    return text.partition("\n")[0]


def _snowflake(error: Any) -> str | None:
    is_of_class_42 = (getattr(error, "sqlstate", None) or "").startswith("42")
    return str(error.raw_msg) if is_of_class_42 and getattr(error, "raw_msg", None) else None


def _clickhouse(error: Any) -> str | None:
    return str(error).partition("\n")[0] if getattr(error, "code", None) in _CLICKHOUSE else None


def _trino(error: Any) -> str | None:
    return str(error.message) if getattr(error, "error_name", None) in _TRINO else None


def _athena(error: Any) -> str | None:
    text = str(error)
    return text if text.partition(":")[0] in _TRINO else None


def _databricks(error: Any) -> str | None:
    text = str(error)
    condition = _SPARK_CONDITION.match(text)
    return text.partition("\n")[0] if condition and condition[1] in _SPARK else None


def _bigquery(error: Any) -> str | None:
    answer = error.args[0] if error.args else error
    text = str(getattr(answer, "message", ""))
    is_plain = getattr(answer, "code", None) in _BIGQUERY_STATUS or text.startswith(_BIGQUERY)
    return text if is_plain and text else None


_BY_DRIVER: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "pymysql": _mysql,
    "MySQLdb": _mysql,
    "pymssql": _sql_server,
    "oracledb": _oracle,
    "snowflake": _snowflake,
    "clickhouse_connect": _clickhouse,
    "trino": _trino,
    "pyathena": _athena,
    "databricks": _databricks,
    "google": _bigquery,
}
