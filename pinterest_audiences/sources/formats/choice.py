"""Chooses the format of a file, by --format or its name, unless its first bytes say another; and opens its table."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.formats.found_table import FoundTable
from pinterest_audiences.sources.formats.known import (
    JSON,
    MAGIC_BYTES,
    TEXT,
    extensions,
    format_of_content,
    format_of_name,
)
from pinterest_audiences.sources.places.found import FoundFile
from pinterest_audiences.sources.random_access import cut_off
from pinterest_audiences.sources.source import Remark
from pinterest_audiences.sources.table_file import TableFile
from pinterest_audiences.sources.text.options import TextOptions

_NO_TEXT_OPTIONS: Final = TextOptions()


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the user says about files.

    Args:
        format: one of FORMATS; None to find it out.
        table: the sheet of a workbook, or the list in a JSON document; None to find it out.
        text: about text files.
    """

    format: str | None = None
    table: str | None = None
    text: TextOptions = _NO_TEXT_OPTIONS


def table_file_of(found: FoundFile, options: FileOptions) -> TableFile:
    """Opens the table in a file.

    Raises: UsageError if the file can't be read as one; SourceError if it was cut off.
    """
    file = found.file
    chosen, remarks = _format_of(file, options.format)
    if chosen not in TEXT | {"xlsx"} and options.text != _NO_TEXT_OPTIONS:
        raise UsageError(
            Code.USAGE_WRONG,
            "--encoding, --delimiter, --quote, --no-header and --skip-lines are for text files such as .csv. "
            f"Leave them out for {file.label}.",
        )
    try:
        table = _opened(chosen, file, options)
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    said = [*map(Remark, file.remarks), *remarks]
    return FoundTable(table, found.partition, said) if said or found.partition else table


def unknown_format(label: str) -> UsageError:
    """Returns the error for a file whose name tells no format."""
    return UsageError(
        Code.SOURCE_ADDRESS_WRONG,
        f"The name of {label} has none of the known extensions ({extensions()}, each perhaps with .gz, .bz2, .xz, .zst "
        "or .zip). Say what it is by --format csv, for example.",
    )


def _format_of(file: DataFile, wanted: str | None) -> tuple[str, tuple[Remark, ...]]:
    named = wanted or format_of_name(file.name)
    if wanted is not None or named not in TEXT | JSON | {None}:
        return str(named), ()  # the other formats' readers look at the first bytes themselves
    with closing(file.open()) as stream:
        try:
            found = format_of_content(stream.read(MAGIC_BYTES))
        except (OSError, EOFError):
            raise cut_off(file.label) from None
    if found is None and named is None:
        raise unknown_format(file.label)
    if found is None or found == named:
        return str(named), ()
    return found, (
        Remark(f"{file.label} is read as {found}, as its content says; its name does not (--format overrules this)."),
    )


def _opened(chosen: str, file: DataFile, options: FileOptions) -> TableFile:
    # Each format's libraries are loaded only if a file has it.
    if chosen in TEXT:
        from pinterest_audiences.sources.text.text_table import open_text_table  # noqa: PLC0415

        has_tabs = options.format == "tsv" and options.text.delimiter is None
        return open_text_table(file, replace(options.text, delimiter="\t") if has_tabs else options.text)
    if chosen in JSON:
        from pinterest_audiences.sources.formats.json_table import JsonTable  # noqa: PLC0415

        return JsonTable(file, options.table, has_lines=chosen == "jsonl")
    if chosen == "xlsx":
        from pinterest_audiences.sources.formats.workbook import WorkbookTable  # noqa: PLC0415

        return WorkbookTable(file, options.table, options.text)
    return _open_arrow_table(chosen, file)


def _open_arrow_table(chosen: str, file: DataFile) -> TableFile:
    from pinterest_audiences.sources.formats.arrow_table import ArrowTable  # noqa: PLC0415

    if chosen == "parquet":
        from pinterest_audiences.sources.formats.parquet import ParquetFile  # noqa: PLC0415

        return ArrowTable(ParquetFile(file))
    if chosen == "orc":
        from pinterest_audiences.sources.formats.orc import OrcFile  # noqa: PLC0415

        return ArrowTable(OrcFile(file))
    from pinterest_audiences.sources.formats.arrow_ipc import ArrowIpcFile  # noqa: PLC0415

    return ArrowTable(ArrowIpcFile(file))
