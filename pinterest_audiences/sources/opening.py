"""Opens the source given as --from, and imports only the libraries that it needs."""

from __future__ import annotations

from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.file_source import FileSource
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.sources.local_file import LocalFile
from pinterest_audiences.sources.source import Source
from pinterest_audiences.sources.text.options import TextOptions

_TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat")
TEXT_SUFFIXES = (*_TEXT_ENDINGS, *(f"{ending}.gz" for ending in _TEXT_ENDINGS))
PARQUET_SUFFIXES = (".parquet",)
DUCKDB_SUFFIXES = (".duckdb", ".ddb")
MOTHERDUCK = ("md:", "motherduck:")
SQLITE_SUFFIXES = (".sqlite", ".sqlite3")


def open_source(address: str, text: TextOptions | None = None) -> Source:
    """Opens a SQLAlchemy URL, a DuckDB or SQLite database, a text file or a .parquet.

    Raises: UsageError if it is unknown, missing or unreadable, needs a package that is not installed, or is no text
        file although `text` says how to read one.
    """
    if "://" not in address and address.lower().endswith(TEXT_SUFFIXES):
        return _open_text(existing_file(address), text or TextOptions())
    if text not in {None, TextOptions()}:
        raise UsageError(
            Code.USAGE_WRONG,
            "--encoding, --delimiter, --quote, --no-header and --skip-lines are for text files such as .csv. "
            f"Leave them out for {address.rpartition('@')[2]}.",
        )
    if address.startswith(MOTHERDUCK):
        return _open_motherduck(address)
    if "://" in address:
        scheme = address.split("://", 1)[0]
        return _open_duckdb(address) if scheme == "duckdb" else _open_sqlalchemy(address)
    name = address.lower()
    if name.endswith(DUCKDB_SUFFIXES):
        return _open_duckdb(f"duckdb:///{address}")
    if name.endswith(SQLITE_SUFFIXES):
        return _open_sqlalchemy(f"sqlite:///{address}")
    if name.endswith(PARQUET_SUFFIXES):
        return _open_file(existing_file(address))
    raise UsageError(
        Code.SOURCE_ADDRESS_WRONG,
        f"--from {address!r} is neither a database's URL (duckdb:///customers.duckdb, postgresql://user@host/database, "
        "sqlite:///customers.sqlite, …) nor a file that ends in .csv, .tsv, .txt or .parquet.",
    )


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


def _open_text(path: Path, options: TextOptions) -> Source:
    from pinterest_audiences.sources.text.text_table import open_text_table  # noqa: PLC0415 - other sources need none

    table = open_text_table(LocalFile(path), options)
    return FileSource([table], str(path.resolve()), path.name.split(".", 1)[0])


def _open_file(path: Path) -> Source:
    try:
        from pinterest_audiences.sources.duckdb_source import DuckDBSource  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return DuckDBSource.of_file(path)


def _open_sqlalchemy(address: str) -> Source:
    try:
        from pinterest_audiences.sources.sqlalchemy_source import SQLAlchemySource  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return SQLAlchemySource.of_url(address)
