"""Checks that a file can be read."""

from __future__ import annotations

from pathlib import Path

from pinterest_audiences.failures import UsageError


def existing_file(name: str) -> Path:
    """Returns the file's path. Raises: UsageError if it does not exist or may not be read."""
    path = Path(name).expanduser()
    if not path.exists():
        raise UsageError(f"There is no file {name!r} (looked in {Path.cwd()}).")
    if path.is_dir():
        raise UsageError(f"{name!r} is a folder, not a file.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise UsageError(f"The file {name!r} can't be read: {error.strerror}.") from error
    return path
