"""Finds files on this machine: by a path, by a pattern, or in a folder."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import as_path, existing_file
from pinterest_audiences.sources.places.delta_table import LOG_FOLDER, refuse_removed_files
from pinterest_audiences.sources.places.found import Found, FoundFile, is_left_out, partition_of
from pinterest_audiences.sources.places.patterns import is_pattern, name_of
from pinterest_audiences.sources.places.stored_file import StoredFile


def find_on_disk(name: str) -> Found:
    """Finds the files. A path that exists is no pattern. Raises: UsageError if there are none or they can't be read."""
    path = as_path(name)
    if path.is_dir():
        return _in_folder(path)
    if not path.exists() and is_pattern(name):
        return _matching(path)
    return Found(str(existing_file(name).resolve()), path.name, [FoundFile(StoredFile(path))])


def _in_folder(folder: Path) -> Found:
    _check_tables(folder.resolve())
    files = list(_walk(folder, ()))
    if not files:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"The folder {str(folder)!r} has no files. Name another.")
    return Found(str(folder.resolve()), folder.resolve().name, files, is_listing=True)


def _matching(pattern: Path) -> Found:
    plain = next(number for number, part in enumerate(pattern.parts) if is_pattern(part))
    files: list[FoundFile] = []
    for match in map(Path, sorted(glob.glob(str(pattern), recursive=True))):  # noqa: PTH207 - an absolute pattern
        if is_left_out(match.parts[plain:]):
            continue
        if not match.is_dir():
            _check_tables(match.resolve().parent)
            files.append(FoundFile(StoredFile(match), partition_of(match.parts[:-1])))
        elif "**" not in pattern.parts:  # otherwise its files match by themselves
            _check_tables(match.resolve())
            files += [FoundFile(each.file, (*partition_of(match.parts), *each.partition)) for each in _walk(match, ())]
    if not files:
        raise UsageError(
            Code.SOURCE_NOT_OPENED, f"No file matches {str(pattern)!r} (looked in {Path.cwd()}). Correct the pattern."
        )
    label = str(Path(os.path.abspath(pattern)))  # noqa: PTH100 - resolve() would ask the disk about a pattern
    return Found(label, name_of(pattern.parts), files, is_listing=True)


def _walk(folder: Path, inner: tuple[str, ...]) -> Iterator[FoundFile]:
    """Yields the files of a folder and of the folders in it. Raises: UsageError if one can't be listed."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(
            Code.SOURCE_NOT_OPENED,
            f"The folder {str(folder)!r} can't be listed: {error.strerror}. Change its permissions or name another.",
        ) from error
    for entry in entries:
        if is_left_out([entry.name]):
            continue
        if entry.is_dir():
            _check_table(entry)
            yield from _walk(entry, (*inner, entry.name))
        else:
            yield FoundFile(StoredFile(entry), partition_of(inner))


def _check_tables(folder: Path) -> None:
    """Checks the Delta table that the folder is, or is a part of."""
    for each in (folder, *folder.parents):
        _check_table(each)


def _check_table(folder: Path) -> None:
    log = folder / LOG_FOLDER
    if log.is_dir():
        refuse_removed_files(str(folder), {path.name: StoredFile(path) for path in log.iterdir() if path.is_file()})
