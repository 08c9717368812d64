"""How each engine says what the difference needs: SHA-256, regular expressions, the time, tables.

Only what an engine's own documentation promises is used. Patterns have no backslash, no quotation mark and no colon, so
that they are the same text in every engine's literals.

Source: DuckDB 2.0, PostgreSQL 15, MySQL 8.4, MariaDB 10.11, Snowflake, BigQuery, Redshift, Databricks and Trino 480,
    the pages on string functions and on temporary tables, read 2026-11-27. Of these, DuckDB, PostgreSQL and MariaDB
    have been run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PLAIN_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")


def without_parameters(text: str) -> str:
    """Returns a text of the user's as it stands in a session's statement, where `:name` would be a parameter."""
    return text.replace(":", "\\:")


@dataclass(frozen=True, slots=True)
class Dialect:
    """An engine's ways. In the templates, `{x}` is an expression, `{p}` a pattern, `{c}` the characters that it has.

    Args:
        name: as SQLAlchemy calls it.
        text: converts any value to text.
        text_parameter: a parameter, `{name}`, as a text.
        is_text: whether a column's values are texts, or UUIDs, which read the same as text; all others go to Python.
        trimmed: a text without the blanks (U+0020) at its ends.
        lower: the same in lower case, of a text that is ASCII.
        upper: likewise.
        characters: how many characters a text has.
        matches: whether the whole text matches a pattern, with regard to case.
        sha256: the SHA-256 of an ASCII text, in 64 lower-case hexadecimal digits.
        now_s: the moment, in seconds since 1970; within a transaction, too.
        key_type: the type of a key column.
        text_type: that of a longer text.
        table_options: what follows a table's columns.
        has_keys: whether a primary key is declared and helps.
        temporary: how a table begins that lasts for the session; None: a table of the schema, dropped after use.
        parts: selects the parts of a text, `{text}`, that has commas, as `identifier`: for engines where an INSERT of
            one row takes as long as that of many, and where a session has no tables. None: not needed.
        analysed: tells the planner how large a new table is; None where it needs no telling.
        fence: what keeps a subquery from being computed anew for each use of its columns, at its end.
        ordered: what numbers rows are given by.
        has_snapshot: whether all that a transaction reads is as it was at its beginning.
        has_transactions: whether several statements take effect together.
        is_exclusive: whether no other process can have the database open.
        quotes: what names are quoted by.
        leaves_plain_names: whether names of small letters stand for those of capitals, so that quoting changes them.
        qualifies_temporary: whether a table of the session is in a schema: an address may name none to look in.
    """

    name: str
    text: str = "CAST({x} AS VARCHAR)"
    text_parameter: str = "CAST({name} AS VARCHAR)"
    is_text: str = "TRUE"
    trimmed: str = "TRIM({x})"
    lower: str = "LOWER({x})"
    upper: str = "UPPER({x})"
    characters: str = "LENGTH({x})"
    matches: str = "REGEXP_LIKE({x}, '^({p})$')"
    sha256: str = "SHA2({x}, 256)"
    now_s: str = "0"
    key_type: str = "VARCHAR(300)"
    text_type: str = "VARCHAR"
    integer_type: str = "BIGINT"
    table_options: str = ""
    has_keys: bool = False
    temporary: str | None = "CREATE TEMPORARY TABLE"
    parts: str | None = None
    analysed: str | None = None
    fence: str = ""
    ordered: str = "ORDER BY identifier"
    has_snapshot: bool = False
    has_transactions: bool = True
    is_exclusive: bool = False
    quotes: str = '"'
    leaves_plain_names: bool = False
    qualifies_temporary: bool = False

    def quoted(self, name: str) -> str:
        """A name in the engine's quotation marks, where it needs any, as it stands in a session's statement."""
        if self.leaves_plain_names and _PLAIN_NAME.fullmatch(name):
            return name
        return f"{self.quotes}{without_parameters(name.replace(self.quotes, self.quotes * 2))}{self.quotes}"


DUCKDB: Final = Dialect(
    "duckdb",
    is_text="typeof({x}) IN ('VARCHAR', 'UUID')",
    # To trim takes as long as a regular expression, and few values need it.
    trimmed="CASE WHEN prefix({x}, ' ') OR suffix({x}, ' ') THEN trim({x}, ' ') ELSE {x} END",
    matches="regexp_full_match({x}, '{p}')",
    sha256="sha256({x})",
    now_s="CAST(floor(epoch(get_current_timestamp())) AS BIGINT)",
    key_type="VARCHAR",
    temporary=None,
    ordered="",
    has_snapshot=True,
    is_exclusive=True,
)
POSTGRESQL: Final = Dialect(
    "postgresql",
    text="CAST({x} AS text)",
    is_text="CAST(pg_typeof({x}) AS text) IN ('text', 'character varying', 'uuid', 'citext')",
    trimmed="btrim({x}, ' ')",
    # In some locales, the small letter of I is another one.
    lower='lower({x} COLLATE "C")',
    upper='upper({x} COLLATE "C")',
    characters="char_length({x})",
    matches="({x} COLLATE \"C\") ~ '^({p})$'",
    sha256="encode(sha256(convert_to({x}, 'UTF8')), 'hex')",
    now_s="CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint)",
    key_type="text",
    text_type="text",
    has_keys=True,
    analysed="ANALYZE {table}",
    fence=" OFFSET 0",
    ordered="",
    has_snapshot=True,
)
# A $ matches before a line break at the end, too, so no character may be another than those of the pattern.
MYSQL: Final = Dialect(
    "mysql",
    text="CONVERT({x} USING utf8mb4)",
    text_parameter="CONVERT({name} USING utf8mb4)",
    is_text="CHARSET({x}) <> 'binary'",
    trimmed="TRIM({x})",
    lower="LOWER({x} COLLATE utf8mb4_bin)",
    upper="UPPER({x} COLLATE utf8mb4_bin)",
    characters="CHAR_LENGTH({x})",
    matches="({x} COLLATE utf8mb4_bin REGEXP '^({p})$' AND NOT ({x} COLLATE utf8mb4_bin REGEXP '[^{c}]'))",
    sha256="SHA2({x}, 256)",
    now_s="UNIX_TIMESTAMP(SYSDATE())",
    key_type="VARCHAR(255)",
    text_type="TEXT",
    table_options=" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    has_keys=True,
    ordered="",
    quotes="`",
)
# Its functions on texts take the rules of the column's collation; patterns match the whole text, and whether a line
# break may follow is not documented.
SNOWFLAKE: Final = Dialect(
    "snowflake",
    text="COLLATE(TO_VARCHAR({x}), '')",
    is_text="IS_VARCHAR(TO_VARIANT({x}))",
    trimmed="TRIM({x}, ' ')",
    matches="(REGEXP_LIKE({x}, '{p}', 'c') AND REGEXP_INSTR({x}, '[^{c}]') = 0)",
    now_s="DATE_PART(EPOCH_SECOND, CURRENT_TIMESTAMP())",
    leaves_plain_names=True,
    qualifies_temporary=True,
)
BIGQUERY: Final = Dialect(
    "bigquery",
    text="SAFE_CAST({x} AS STRING)",
    text_parameter="CAST({name} AS STRING)",
    is_text="STARTS_WITH(FORMAT('%T', {x}), CHR(34))",
    trimmed="TRIM({x}, ' ')",
    matches="(REGEXP_CONTAINS({x}, '^({p})$') AND NOT REGEXP_CONTAINS({x}, '[^{c}]'))",
    sha256="TO_HEX(SHA256({x}))",
    now_s="UNIX_SECONDS(CURRENT_TIMESTAMP())",
    key_type="STRING",
    text_type="STRING",
    integer_type="INT64",
    # Only within a script or a session of its own, which the driver's connection is not.
    temporary=None,
    parts="SELECT identifier FROM UNNEST(SPLIT({text}, ',')) AS identifier",
    has_transactions=False,
    quotes="`",
)
REDSHIFT: Final = Dialect(
    "redshift",
    text="CAST({x} AS VARCHAR(65535))",
    text_parameter="CAST({name} AS VARCHAR(300))",
    trimmed="BTRIM({x}, ' ')",
    characters="CHAR_LENGTH({x})",
    matches="({x} ~ '^({p})$' AND NOT {x} ~ '[^{c}]')",
    now_s="CAST(EXTRACT(epoch FROM GETDATE()) AS BIGINT)",
    text_type="VARCHAR(65535)",
)
DATABRICKS: Final = Dialect(
    "databricks",
    text="CAST({x} AS STRING)",
    text_parameter="CAST({name} AS STRING)",
    is_text="typeof({x}) = 'string'",
    trimmed="TRIM(BOTH ' ' FROM {x})",
    matches="({x} RLIKE '^({p})$' AND NOT {x} RLIKE '[^{c}]')",
    sha256="sha2({x}, 256)",
    now_s="unix_timestamp()",
    key_type="STRING",
    text_type="STRING",
    # Not on every kind of compute, and not on every runtime.
    temporary=None,
    parts="SELECT EXPLODE(SPLIT({text}, ',')) AS identifier",
    has_transactions=False,
    quotes="`",
)
TRINO: Final = Dialect(
    "trino",
    is_text="(typeof({x}) = 'varchar' OR typeof({x}) LIKE 'varchar(%' OR typeof({x}) = 'uuid')",
    trimmed="TRIM(BOTH ' ' FROM {x})",
    matches="(REGEXP_LIKE({x}, '^({p})$') AND NOT REGEXP_LIKE({x}, '[^{c}]'))",
    sha256="LOWER(TO_HEX(SHA256(TO_UTF8({x}))))",
    now_s="CAST(FLOOR(TO_UNIXTIME(CURRENT_TIMESTAMP)) AS BIGINT)",
    key_type="VARCHAR",
    temporary=None,
    parts="SELECT identifier FROM UNNEST(SPLIT({text}, ',')) AS listed (identifier)",
    has_transactions=False,
)

DIALECTS: Final[Mapping[str, Dialect]] = {
    each.name: each for each in (DUCKDB, POSTGRESQL, MYSQL, SNOWFLAKE, BIGQUERY, REDSHIFT, DATABRICKS, TRINO)
} | {"mariadb": MYSQL}
