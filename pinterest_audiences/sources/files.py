"""Checks that a file can be read."""

from __future__ import annotations

import os
from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError


def as_path(name: str) -> Path:
    """Returns the path that a name may be. Raises: UsageError if there can be no such path."""
    try:
        path = Path(name).expanduser()
        os.fsencode(path)
        path.exists()
    except (OSError, ValueError, RuntimeError):  # too long, of no characters that names have, in the home of nobody
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{name!r} can't be a file's path. Correct it.") from None
    if "\x00" in name:
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{name!r} can't be a file's path. Correct it.")
    return path


def existing_file(name: str) -> Path:
    """Returns the file's path. Raises: UsageError if it does not exist or may not be read."""
    path = as_path(name)
    if not path.exists():
        raise UsageError(
            Code.SOURCE_NOT_OPENED, f"There is no file {name!r} (looked in {Path.cwd()}). Correct its path."
        )
    if path.is_dir():
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{name!r} is a folder, not a file. Name a file.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise UsageError(
            Code.SOURCE_NOT_OPENED,
            f"The file {name!r} can't be read: {error.strerror}. Change its permissions or name another.",
        ) from error
    return path
