"""The user's config file: read, overlaid for one run, and updated when a token rotates.

Only `credentials` are written back: the command line's overlay is for this run alone.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.whole_files import write_over, write_whole

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_CREDENTIALS: Final = "credentials"
# Errors if a file can't be replaced, only written to: its folder may not be changed, or it is a mount.
_NOT_REPLACEABLE: Final = frozenset({errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS})


class ConfigFile:
    """A config file.

    Raises: UsageError if it is missing, unreadable or not a JSON object, or if it can't be written although its refresh
        token changes with every use.
    """

    def __init__(self, path: str) -> None:
        self.path = existing_file(path)
        self.content = _read(self.path)
        if "refresh_token" in str(self.content) and not os.access(self.path, os.W_OK):
            raise UsageError(
                Code.CLI_CONFIG_UNUSABLE,
                f"{self.path} can't be written, but each sync may change the refresh token in it. Make it writable.",
            )

    @property
    def warning(self) -> str | None:
        """A warning if other users may read the file."""
        mode = stat.S_IMODE(self.path.stat().st_mode)
        if mode & _FOR_OTHERS:
            return f"Others on this machine may read {self.path}, and it holds secrets; run: chmod 600 '{self.path}'"
        return None

    def overlaid(self, **settings: Any) -> dict[str, Any]:
        """Returns the config with these settings in place of its own."""
        return {**self.content, **settings}

    def keep_credentials(self, config: Mapping[str, Any]) -> None:
        """Saves the credentials of a config that the connector asks to keep.

        Raises: OSError if they can't be written, ValueError if the file is not JSON any more; it is then unchanged.
        """
        if not isinstance(config.get(_CREDENTIALS), dict):
            return
        credentials = config[_CREDENTIALS]
        now = json.loads(self.path.read_text(encoding="utf-8"))
        # Credentials at the top level have been migrated; the old keys would only be dead secrets.
        kept = {key: value for key, value in now.items() if key not in credentials}
        content = (json.dumps({**kept, _CREDENTIALS: credentials}, indent=2, ensure_ascii=False) + "\n").encode()
        try:
            write_whole(self.path, content, mode=stat.S_IMODE(self.path.stat().st_mode))
        except OSError as error:
            if error.errno not in _NOT_REPLACEABLE:
                raise
            write_over(self.path, content)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        place = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(Code.CLI_CONFIG_UNUSABLE, f"The config {path} is not JSON{place}. Correct it.") from None
    if not isinstance(content, dict):
        raise UsageError(Code.CLI_CONFIG_UNUSABLE, f"The config {path} is not one JSON object. Correct it.")
    return content
