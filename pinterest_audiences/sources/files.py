"""Checks that a file can be read."""

from __future__ import annotations

from pathlib import Path

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError


def existing_file(name: str) -> Path:
    """Returns the file's path. Raises: UsageError if it does not exist or may not be read."""
    try:
        path = Path(name).expanduser()
        is_there = path.exists()
    except (OSError, ValueError, RuntimeError):  # too long, with a null character, or in the home of nobody
        raise UsageError(Code.SOURCE_NOT_OPENED, f"{name!r} can't be a file's path. Correct it.") from None
    if not is_there:
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
