"""Chooses among the files of a folder, a pattern or an archive those of one format, and says which it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.formats.choice import unknown_format
from pinterest_audiences.sources.formats.known import format_of_name
from pinterest_audiences.sources.places.found import FoundFile
from pinterest_audiences.sources.source import Remark

_MOST_NAMED: Final = 5


def files_of_one_format(
    files: Sequence[FoundFile], wanted: str | None, label: str
) -> tuple[Sequence[FoundFile], Sequence[Remark]]:
    """Returns the files to read, and what is to be said of the others.

    Raises: UsageError if there are files of several formats, or none whose format is known.
    """
    if len(files) == 1:
        return files, ()
    formats = [_format(found) for found in files]
    kinds = sorted({each for each in formats if each is not None})
    if wanted is None and not kinds:
        raise unknown_format(files[0].file.label)
    if wanted is None and len(kinds) > 1:
        raise UsageError(
            Code.FORMATS_MIXED,
            f"{label} has files of several formats: {', '.join(kinds)}. Choose one by --format {kinds[0]}, or by a "
            "pattern.",
        )
    chosen = wanted or kinds[0]
    # Without a file of its extensions, a format that the user names is that of the files without any.
    meant = chosen if chosen in kinds or kinds else None
    kept = [found for found, each in zip(files, formats, strict=True) if each == meant]
    if not kept:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{label} has no file of the format {chosen}. Name another format.")
    left = [found.file for found, each in zip(files, formats, strict=True) if each != meant]
    return kept, [Remark(_left_out([file.name for file in left], label), is_warning=True)] if left else ()


def _format(found: FoundFile) -> str | None:
    name = found.file.name.lower()
    # A folder's text files are read only if they are named as tables: "README.txt" is none.
    return None if name.endswith(".txt") else format_of_name(name)


def _left_out(names: Sequence[str], label: str) -> str:
    shown = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"Files of other formats in {label} are left out: {shown}{more}."
