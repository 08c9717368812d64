"""Finds files on this machine: by a path, by a pattern, or in a folder."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.sources.places.delta_table import refuse_removed_files
from pinterest_audiences.sources.places.found import Found, FoundFile, is_left_out, partition_of
from pinterest_audiences.sources.places.patterns import is_pattern, name_of
from pinterest_audiences.sources.places.stored_file import StoredFile


def find_on_disk(name: str) -> Found:
    """Finds the files. A path that exists is no pattern. Raises: UsageError if there are none or they can't be read."""
    path = Path(name).expanduser()
    if path.is_dir():
        return _in_folder(path)
    if not path.exists() and is_pattern(name):
        return _matching(path)
    return Found(str(existing_file(name).resolve()), path.name, [FoundFile(StoredFile(path))])


def _in_folder(folder: Path) -> Found:
    files = list(_walk(folder, ()))
    if not files:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"The folder {str(folder)!r} has no files. Name another.")
    return Found(str(folder.resolve()), folder.resolve().name, files, is_listing=True)


def _matching(pattern: Path) -> Found:
    files: list[FoundFile] = []
    for match in map(Path, sorted(glob.glob(str(pattern), recursive=True))):  # noqa: PTH207 - an absolute pattern
        folders = match.parts if match.is_dir() else match.parts[:-1]
        partition = partition_of(folders)
        if match.is_dir():
            if "**" not in str(pattern):  # otherwise its files match by themselves
                files += [FoundFile(each.file, (*partition, *each.partition)) for each in _walk(match, ())]
        elif not is_left_out([match.name]):
            files.append(FoundFile(StoredFile(match), partition))
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
    log = folder / "_delta_log"
    if log.is_dir():
        refuse_removed_files(str(folder), {path.name: StoredFile(path) for path in log.iterdir() if path.is_file()})
    for entry in entries:
        if is_left_out([entry.name]):
            continue
        if entry.is_dir():
            yield from _walk(entry, (*inner, entry.name))
        else:
            yield FoundFile(StoredFile(entry), partition_of(inner))
