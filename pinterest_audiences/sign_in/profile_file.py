"""Writes a profile: a sign-in into it, or another ad account."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config_lock import holding
from destination_pinterest.error_codes import Code
from destination_pinterest.system import System
from pinterest_audiences.config_file import read_settings, replace_settings
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.profiles import HOME_VARIABLE, about_to_change, create_folder, write_about
from pinterest_audiences.whole_files import OWNER_ONLY, changing, write_whole

# A profile takes less.
_ROOM: Final = 1 << 14


def check_writable(path: Path, home: Mapping[str, str]) -> None:
    """Finds out before a sign-in whether it can be kept: what Pinterest gives for it is given once.

    Raises: UsageError if it can't.
    """
    about_to_change(path)
    with _told_of(path), tempfile.TemporaryFile(dir=create_folder(home)) as file:
        file.write(bytes(_ROOM))


def write_sign_in(path: Path, settings: Mapping[str, Any], about: Mapping[str, Any], home: Mapping[str, str]) -> None:
    """Puts a new sign-in into a profile, which keeps its other settings. It is its owner's alone.

    A renewal that is under way ends first: it would put the old sign-in back.
    Raises: UsageError if it can't be written.
    """
    with _told_of(path):
        create_folder(home)
        with holding(path, System()), changing(path):
            before = about_to_change(path)
            kept = read_settings(path) if path.exists() else {}
            content = json.dumps({**kept, **settings}, indent=2, ensure_ascii=False) + "\n"
            write_whole(path, content.encode(), mode=OWNER_ONLY)
            write_about(path, {**before, **about})


def write_account(path: Path, account: Mapping[str, Any], reached: Sequence[Mapping[str, Any]]) -> None:
    """Makes an ad account, one of those reached, the one of the profile. Raises: UsageError if it can't be written."""
    with _told_of(path), changing(path):
        before = about_to_change(path)
        replace_settings(path, {**read_settings(path), "ad_account_id": account["ad_account_id"]})
        named = {"ad_account_id": account["ad_account_id"], "account_name": account["name"], "roles": account["roles"]}
        names = {each["ad_account_id"]: each["name"] for each in reached}
        write_about(path, {**before, **named, "reached": names})


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            Code.PROFILE_FOLDER_UNUSABLE,
            f"The profile {path} can't be written: {error.strerror}. Correct the folder's permissions, or name another "
            f"one by {HOME_VARIABLE}.",
        ) from None
