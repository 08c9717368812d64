"""Reads the arguments of `pinterest-audiences sync` into a request."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier, ValueFormat
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.cursor_state import cursor_state
from pinterest_audiences.failures import UsageError
from pinterest_audiences.json_values import json_types
from pinterest_audiences.lookback import Lookback
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.sources.files import as_path
from pinterest_audiences.sources.formats.choice import FileOptions
from pinterest_audiences.sources.formats.known import FORMATS
from pinterest_audiences.sources.source import Row
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.text_arguments import add_text_arguments, read_text_options

DEFAULT_BATCH_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True)
class IdentityChoice:
    """A column named by --identity."""

    column: str
    identifier: Identifier
    format: ValueFormat

    def setting(self) -> dict[str, str]:
        """Returns the entry for `identity_columns`."""
        return {"column": self.column, "identifier": self.identifier.value, "format": self.format.value}


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A sync to run. `columns` None means all; `state` is None if there is no cursor.

    `settings` take the place of the config's, and `variables` are added to the connector's environment.
    `destination_object` names an audience by its id, as data activation does; `audience` is then what to call it.
    `is_part` says that the source has been narrowed down to some of its rows.
    """

    source: str
    table: str | None
    query: str | None
    columns: tuple[str, ...] | None
    stream: str | None
    audience: str
    config: str | None
    cursor: str | None
    state: Path | None
    lookback: Lookback | None
    primary_key: tuple[str, ...]
    replace: bool
    identities: tuple[IdentityChoice, ...]
    destination: tuple[str, ...]
    batch_rows: int
    dry_run: bool
    offline: bool
    quiet: bool
    json: bool
    text: TextOptions = field(default_factory=TextOptions)
    format: str | None = None
    rejected: Path | None = None
    rejected_values: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    profile: str | None = None
    destination_object: str | None = None
    difference_schema: str | None = None
    is_part: bool = False

    def overlay(self) -> dict[str, Any]:
        """Returns the settings for this run alone."""
        settings: dict[str, Any] = {**self.settings, "audience_name": self.audience}
        if self.identities:
            settings["identity_columns"] = [choice.setting() for choice in self.identities]
        return settings

    def file_options(self) -> FileOptions:
        """What is said about files."""
        return FileOptions(self.format, self.table, self.text)

    def named_columns(self) -> tuple[str, ...]:
        """The columns that must exist."""
        return (*(choice.column for choice in self.identities), *self.primary_key)

    def stream_of(
        self, table: str | None, columns: Sequence[str], first: Sequence[Row], all_columns: Sequence[str] = ()
    ) -> StreamDescription:
        """Describes the stream, from its first rows; `table` is None for a query.

        `all_columns` are those of the table if only some are read: the connector plans with all of them.
        Raises: UsageError if the cursor's values can't be kept in a file with their order.
        """
        if self.cursor is not None and first:
            cursor_state(self.cursor, first[0][list(columns).index(self.cursor)])
        name = self.stream or (table or "query").rpartition(".")[2]
        properties = {**json_types(all_columns, ()), **json_types(columns, first)}
        return StreamDescription(
            name,
            properties,
            self.cursor,
            self.primary_key,
            replaces=self.replace,
            destination_object=self.destination_object,
            is_part=self.is_part,
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    add_source_arguments(parser)
    add = parser.add_argument
    add(
        "--audience",
        metavar="NAME",
        help="the audience's name at Pinterest; created if there is none. {column} stands for each row's value in that "
        "column, so that one table keeps many audiences. Left out, it is what the config says (audience_name or "
        "audience_column)",
    )
    add(
        "--cursor",
        metavar="COLUMN",
        help="read only what is new since the last run, by this column, which must grow with each change",
    )
    add(
        "--lookback",
        metavar="N|SPAN",
        help="begin so far before the last value of --cursor (500, 90s, 15m, 2h, 3d): for rows that are committed late",
    )
    add(
        "--state",
        metavar="FILE",
        help="where the cursor is kept between runs (default: beside the config, or in the current folder)",
    )
    add(
        "--primary-key",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of the primary key: a later row replaces an earlier one of the same key; may be repeated",
    )
    add(
        "--replace",
        action="store_true",
        help="make the audience equal to the table: members that are not in it are removed",
    )
    add(
        "--difference",
        choices=("connector", "warehouse"),
        default="connector",
        help="warehouse: make the audience equal to the table by a difference that the database of --from computes and "
        "keeps. This WRITES to that database: tables in --difference-schema hold the digests that were last sent "
        "(DuckDB, PostgreSQL, MySQL, MariaDB; unproven: Snowflake, BigQuery, Redshift, Databricks, Trino). connector "
        "(the default): the database is only read",
    )
    add(
        "--difference-schema",
        metavar="SCHEMA",
        help="with --difference warehouse: the schema of yours for what was last sent; it must exist",
    )
    add(
        "--dry-run",
        action="store_true",
        help="count rows, ask Pinterest what would change, and estimate requests and time; change nothing",
    )
    add("--offline", action="store_true", help="with --dry-run: don't ask Pinterest")
    add(
        "--destination",
        metavar="EXE",
        help="another destination connector's executable (default: the one of this package)",
    )


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments that say what is read, and how the outcome is shown."""
    add = parser.add_argument
    add(
        "--from",
        dest="source",
        required=True,
        metavar="URL|FILE",
        help="duckdb:///customers.duckdb, sqlite:///…, postgresql://user@host/database, any SQLAlchemy URL; or files: "
        "a path, a folder, a pattern such as 'exports/*.csv', s3://, gs:// or https://, or - for standard input",
    )
    add(
        "--format",
        choices=FORMATS,
        help="the format of files whose names don't tell it (xlsx: any workbook; arrow: Feather too)",
    )
    rows = parser.add_mutually_exclusive_group()
    rows.add_argument(
        "--table", help="the table or view to read, or schema.table; of a workbook, the sheet; other files need none"
    )
    rows.add_argument("--query", help="a SELECT of your own to read instead")
    add_sign_in_arguments(parser)
    add(
        "--identity",
        action="append",
        default=[],
        metavar="COLUMN=IDENTIFIER[:FORMAT]",
        help=f"a column that identifies people ({', '.join(Identifier)}; {', '.join(ValueFormat)}); may be repeated; "
        "default: the config's identity_columns, else columns are recognised by name",
    )
    add(
        "--columns",
        metavar="A,B,…",
        help="read these columns only (default: of a database's table, those that are needed; otherwise all)",
    )
    add(
        "--rejected",
        metavar="FILE",
        help="write the rows that are not used to this file: line or key, column and reason (.csv, else JSON lines)",
    )
    add(
        "--rejected-values",
        action="store_true",
        help="with --rejected: write the refused values too, which may identify people",
    )
    add("--stream", metavar="NAME", help="the stream's name in messages (default: the table's name)")
    add(
        "--batch-rows",
        type=int,
        default=DEFAULT_BATCH_ROWS,
        metavar="N",
        help="rows to read at once, and between two states (default: %(default)s)",
    )
    add("--quiet", action="store_true", help="show warnings, errors and the report only")
    add("--json", action="store_true", help="print the report as one JSON object on standard output")
    add_text_arguments(parser)


def read_request(arguments: argparse.Namespace) -> SyncRequest:
    """Returns the request. Raises: UsageError if arguments contradict each other or can't be read."""
    if arguments.state is not None and arguments.cursor is None:
        raise UsageError(Code.USAGE_WRONG, "--state needs --cursor: without a cursor every run reads everything.")
    if arguments.offline and not arguments.dry_run:
        raise UsageError(Code.USAGE_WRONG, "--offline needs --dry-run: a sync has to reach Pinterest.")
    if arguments.lookback is not None and arguments.cursor is None:
        raise UsageError(Code.USAGE_WRONG, "--lookback needs --cursor: without a cursor every run reads everything.")
    if arguments.replace and arguments.cursor is not None:
        raise UsageError(
            Code.USAGE_WRONG, "--replace needs the whole table, and --cursor reads a part of it. Use one of them."
        )
    if arguments.batch_rows < 1:
        raise UsageError(Code.USAGE_WRONG, "--batch-rows must be at least 1.")
    if (arguments.difference == "warehouse") != (arguments.difference_schema is not None):
        raise UsageError(
            Code.USAGE_WRONG,
            "--difference warehouse and --difference-schema SCHEMA go together: what was last sent is kept in a schema "
            "of your choice.",
        )
    audience = _audience(arguments)
    return SyncRequest(
        source=arguments.source,
        table=arguments.table,
        query=None if arguments.query is None else _one_statement(arguments.query),
        columns=_columns(arguments),
        stream=arguments.stream,
        audience=audience,
        config=arguments.config,
        cursor=arguments.cursor,
        state=_state_path(arguments, audience),
        lookback=None if arguments.lookback is None else Lookback.of(arguments.lookback),
        primary_key=tuple(arguments.primary_key),
        replace=arguments.replace,
        identities=tuple(map(read_identity, arguments.identity)),
        destination=OWN_CONNECTOR if arguments.destination is None else (arguments.destination,),
        batch_rows=arguments.batch_rows,
        dry_run=arguments.dry_run,
        offline=arguments.offline,
        quiet=arguments.quiet,
        json=arguments.json,
        text=read_text_options(arguments),
        format=arguments.format,
        rejected=_rejected_path(arguments, audience),
        rejected_values=arguments.rejected_values,
        profile=arguments.profile,
        difference_schema=arguments.difference_schema,
    )


def read_identity(text: str) -> IdentityChoice:
    """Parses `email=EMAIL` or `hash=EMAIL:sha256`. Raises: UsageError if the form is another."""
    column, equals, kind = text.rpartition("=")
    identifier, _, value_format = kind.partition(":")
    try:
        if not column or not equals:
            raise ValueError
        choice = IdentityChoice(column, Identifier(identifier.upper()), ValueFormat((value_format or "auto").lower()))
    except ValueError:
        raise UsageError(
            Code.USAGE_WRONG,
            f"--identity {text!r} is not COLUMN=IDENTIFIER[:FORMAT]. Identifiers are {', '.join(Identifier)}, formats "
            f"{', '.join(ValueFormat)}.",
        ) from None
    return choice


def _one_statement(query: str) -> str:
    statement = query.strip().rstrip(";").strip()
    if not statement:
        raise UsageError(Code.USAGE_WRONG, "--query is empty.")
    return statement


def _columns(arguments: argparse.Namespace) -> tuple[str, ...] | None:
    """Returns the requested columns, with those that the sync itself needs."""
    if arguments.columns is None:
        return None
    asked = [name.strip() for name in arguments.columns.split(",") if name.strip()]
    if not asked:
        raise UsageError(Code.USAGE_WRONG, "--columns names no column.")
    needed = [arguments.cursor] if arguments.cursor else []
    return tuple(dict.fromkeys([*asked, *needed, *arguments.primary_key]))


def _rejected_path(arguments: argparse.Namespace, audience: str) -> Path | None:
    """Raises: UsageError if the file would replace one that the sync needs, or would be read as data."""
    if arguments.rejected is None:
        if arguments.rejected_values:
            raise UsageError(Code.USAGE_WRONG, "--rejected-values needs --rejected FILE.")
        return None
    path = as_path(arguments.rejected)
    config = None if arguments.config is None else as_path(arguments.config)
    needed = [config, _state_path(arguments, audience), Path(arguments.source).expanduser()]
    target = path.resolve()
    if {other.resolve() for other in needed if other is not None} & {target, *target.parents}:
        raise UsageError(
            Code.USAGE_WRONG,
            f"--rejected {arguments.rejected} is the config, the state file, or among the files of --from. Name "
            "another file.",
        )
    return path


def _audience(arguments: argparse.Namespace) -> str:
    """Returns the audience's name: the argument, or else what the config says.

    Raises: UsageError if neither names one, or the config can't be read.
    """
    if arguments.audience is not None:
        if not arguments.audience.strip():
            raise UsageError(Code.USAGE_WRONG, "--audience must not be blank.")
        return str(arguments.audience)
    settings = opened_config(arguments.config, arguments.profile, os.environ).content
    name, column = settings.get("audience_name"), settings.get("audience_column")
    if isinstance(name, str) and name.strip():
        return name
    if isinstance(column, str) and column.strip():
        return f"{{{column}}}"
    raise UsageError(
        Code.USAGE_WRONG,
        "Nothing names the audience. Add --audience NAME, or audience_name or audience_column to the config.",
    )


def _state_path(arguments: argparse.Namespace, audience: str) -> Path | None:
    if arguments.cursor is None:
        return None
    if arguments.state is not None:
        return Path(arguments.state)
    readable = re.sub(r"\W+", "-", audience.lower()).strip("-")[:40]
    distinct = hashlib.sha256(audience.encode()).hexdigest()[:8]
    folder = Path() if arguments.config is None else Path(arguments.config).parent
    return folder / f"{readable}-{distinct}.state.json"
