"""Opens the source given as --from, and imports only the libraries that it needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.compression import unpack
from pinterest_audiences.sources.file_source import FileSource
from pinterest_audiences.sources.files import as_path, existing_file
from pinterest_audiences.sources.formats.choice import FileOptions, table_file_of
from pinterest_audiences.sources.formats.found_table import FoundTable
from pinterest_audiences.sources.formats.known import JSON, format_of_name
from pinterest_audiences.sources.formats.listing import files_of_one_format
from pinterest_audiences.sources.locations import SCHEMES, STANDARD_INPUT, find_files
from pinterest_audiences.sources.names import no_such
from pinterest_audiences.sources.places.patterns import is_pattern
from pinterest_audiences.sources.source import Source
from pinterest_audiences.sources.text.options import TextOptions

DUCKDB_SUFFIXES: Final = (".duckdb", ".ddb")
MOTHERDUCK: Final = ("md:", "motherduck:")
SQLITE_SUFFIXES: Final = (".sqlite", ".sqlite3")
_NAMES_TABLES: Final = JSON | {"xlsx"}


def open_source(address: str, options: FileOptions | None = None) -> Source:
    """Opens a SQLAlchemy URL, a DuckDB or SQLite database, or files, wherever they are.

    Raises: UsageError if it is unknown, missing or unreadable, needs a package that is not installed, or is a database
        although the options are for files; SourceError if the place where it is kept doesn't answer.
    """
    options = options or FileOptions()
    scheme = address.split("://", 1)[0].lower() if "://" in address else ""
    is_duckdb = scheme == "duckdb" or (not scheme and address.lower().endswith(DUCKDB_SUFFIXES))
    is_sqlite = not scheme and address.lower().endswith(SQLITE_SUFFIXES)
    is_motherduck = address.startswith(MOTHERDUCK)
    if not is_duckdb and not is_sqlite and not is_motherduck and scheme in {"", *SCHEMES}:
        return _open_files(address, options)
    if options.format is not None or options.text != TextOptions():
        raise UsageError(
            Code.USAGE_WRONG,
            "--format, --encoding, --delimiter, --quote, --no-header and --skip-lines are for files. Leave them out "
            "for a database.",
        )
    if is_motherduck:
        return _open_motherduck(address)
    if is_duckdb:
        return _open_duckdb(address if scheme else f"duckdb:///{address}")
    return _open_sqlalchemy(f"sqlite:///{address}" if is_sqlite else address)


def _open_files(address: str, options: FileOptions) -> Source:
    is_named = address == STANDARD_INPUT or "://" in address or is_pattern(address) or "." in Path(address).name
    if not is_named and not as_path(address).exists():
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            f"--from {address!r} is neither a database's URL (duckdb:///customers.duckdb, "
            "postgresql://user@host/database, sqlite:///customers.sqlite, …) nor a file or folder that exists.",
        )
    found = find_files(address, options.format)
    files = [inner for each in found.files for inner in unpack(each, options.format)]
    chosen, remarks = files_of_one_format(files, options.format, found.label)
    name = found.name.split(".", 1)[0] or "files"
    kind = options.format or format_of_name(chosen[0].file.name)
    if options.table == name and kind != "xlsx":
        options = replace(options, table=None)
    if options.table is not None and kind not in _NAMES_TABLES:
        raise no_such("table", options.table, [name], found.label)
    tables = [table_file_of(each, options) for each in chosen]
    if remarks:
        tables[0] = FoundTable(tables[0], (), remarks)
    return FileSource(tables, found.label, name)


def _open_motherduck(address: str) -> Source:
    try:
        from pinterest_audiences.sources.duckdb_source import DuckDBSource  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return DuckDBSource.of_motherduck(address.partition(":")[2].removeprefix("//"))


def _open_duckdb(address: str) -> Source:
    try:
        from pinterest_audiences.sources.duckdb_source import DuckDBSource  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    database = address.split("://", 1)[1].removeprefix("/")
    if not database:
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            "--from duckdb:/// needs a file: duckdb:///customers.duckdb, or duckdb:////srv/customers.duckdb.",
        )
    return DuckDBSource.of_database(existing_file(database))


def _open_sqlalchemy(address: str) -> Source:
    try:
        from pinterest_audiences.sources.sqlalchemy_source import SQLAlchemySource  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return SQLAlchemySource.of_url(address)
