"""Where the history is: a file that PINTEREST_AUDIENCES_HISTORY names, or one in the user's folder for such things.

Source: XDG Base Directory Specification 0.8 ($XDG_STATE_HOME: history; a relative path in it is to be ignored); Apple,
    File System Programming Guide (~/Library/Application Support) (read 2026-11-27).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pinterest_audiences.sign_in.profiles import HOME_VARIABLE

HISTORY_VARIABLE: Final = "PINTEREST_AUDIENCES_HISTORY"
FILE_NAME: Final = "history.sqlite3"
_OFF: Final = "off"
_FOLDER: Final = "pinterest-audiences"


def default_history_path(environment: Mapping[str, str], platform: str = sys.platform) -> Path | None:
    """Returns the history's file; None if the variable says `off`."""
    named = environment.get(HISTORY_VARIABLE, "").strip()
    if named.lower() == _OFF:
        return None
    if named:
        return Path(named).expanduser()
    if home := environment.get(HOME_VARIABLE, "").strip():
        return Path(home).expanduser() / FILE_NAME
    return _state_home(environment, platform) / _FOLDER / FILE_NAME


def _state_home(environment: Mapping[str, str], platform: str) -> Path:
    user = Path(environment.get("HOME") or "~").expanduser()
    if platform == "darwin":
        return user / "Library" / "Application Support"
    state = Path(environment.get("XDG_STATE_HOME", ""))
    return state if state.is_absolute() else user / ".local" / "state"
