"""Takes the store keys for a change of key: from files, the environment or a person, never from arguments."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from typing import Final

from destination_pinterest.config.membership_store import SHORTEST_KEY
from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, read_bytes
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import existing_file

NEW_KEY: Final = "PINTEREST_NEW_STORE_KEY"
OLD_KEY: Final = "PINTEREST_OLD_STORE_KEY"


def keys_of(
    configured: str | None, old_file: str | None, new_file: str | None, environment: Mapping[str, str]
) -> tuple[str, str]:
    """Returns the present key, empty if it is the config's, and the new one.

    Raises: UsageError if one can't be used.
    """
    old = _given(old_file, environment.get(OLD_KEY))
    new = _given(new_file, environment.get(NEW_KEY)) or _asked_for()
    if len(new) < SHORTEST_KEY:
        raise UsageError(
            Code.STORE_KEY_UNUSABLE,
            f"The new store key has {len(new)} characters. Give one of {SHORTEST_KEY} or more.",
        )
    if new == (old or configured):
        raise UsageError(
            Code.STORE_KEY_UNUSABLE,
            "The new store key is the present one. If the config has the new one already, give the old one by "
            f"{OLD_KEY} or --old-key-file.",
        )
    return old, new


def _given(file: str | None, variable: str | None) -> str:
    if file is None:
        return variable or ""
    try:
        return read_bytes(existing_file(file), SMALL_BYTES).decode("utf-8").rstrip("\r\n")
    except UnreadableDocumentError as error:
        reason = str(error)
    except UnicodeDecodeError:  # It would hold a part of the key.
        reason = "is not text in UTF-8"
    raise UsageError(Code.STORE_KEY_UNUSABLE, f"The file {file} {reason}. Name a file with the store key alone.")


def _asked_for() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            Code.STORE_KEY_UNUSABLE,
            f"There is no new store key, and nobody can be asked for it. Give it by {NEW_KEY} or --new-key-file.",
        )
    new = getpass.getpass("New store key: ")
    if getpass.getpass("The same again: ") != new:
        raise UsageError(
            Code.STORE_KEY_UNUSABLE, "The new store key was typed in two ways. Nothing was changed; run it again."
        )
    return new
