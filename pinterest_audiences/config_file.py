"""The user's config: read from a file and the environment, overlaid for one run, and updated when a token rotates.

`credentials` are written back, and what a probe has learned: the command line's overlay is for this run alone.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from destination_pinterest.markers import CONFIG_PATH_VARIABLE, LOCK_PATH_VARIABLE
from pinterest_audiences.environment import (
    ACCESS_TOKEN,
    AD_ACCOUNT,
    API_BASE_URL,
    REFRESH_TOKEN,
    expanded,
    filled,
    has_placeholder,
)
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.profiles import expiry_of
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.whole_files import changing, write_over, write_whole

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_CREDENTIALS: Final = "credentials"
_AD_ACCOUNT: Final = "ad_account_id"
# What messages call a config that is no file.
GIVEN: Final = "The config that was passed"
# Errors if a file can't be replaced, only written to: its folder may not be changed, or it is a mount.
_NOT_REPLACEABLE: Final = frozenset({errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS})


class CredentialsFromEnvironmentError(Exception):
    """A new refresh token can't be kept, since the old one came from the environment."""


class ConfigFile:
    """A config: a file, and what it takes from the environment.

    Args:
        path: the file; None if the environment or the profile has everything.
        environment: the variables that texts in the file name, and that hold what it lacks.
        profile: the profile whose sign-in is used; its other settings hold where the file has none.
        given: what a program gives in place of a file; nothing of it is written anywhere.

    Raises: UsageError if the file is missing, unreadable or not a JSON object, or if it can't be written although its
        refresh token changes with every use; if a variable is not set; or if nothing says how to sign in,
        or to which ad account.
    """

    def __init__(
        self,
        path: str | None,
        environment: Mapping[str, str],
        profile: Path | None = None,
        *,
        given: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = profile if path is None else existing_file(path)
        self.sign_in_path = profile or self.path
        where = GIVEN if given is not None else str(self.path)
        written = dict(given) if given is not None else {} if self.path is None else read_settings(self.path)
        if profile is not None and (given is not None or self.path != profile):
            written = _over_profile(written, read_settings(profile), where, profile.stem)
        # A sign-in goes to the server that gave it, whatever the environment says.
        lent = environment if profile is None else {k: v for k, v in environment.items() if k != API_BASE_URL}
        self.content = filled(expanded(written, environment, where), lent)
        if self.path is None and given is None and _CREDENTIALS not in self.content:
            raise UsageError(
                Code.CLI_CONFIG_UNUSABLE,
                f"There is no --config and no profile, and the environment has neither {ACCESS_TOKEN} nor "
                f"{REFRESH_TOKEN}. Sign in by `pinterest-audiences login`, or give one of them.",
            )
        if self.path is None and given is None and _AD_ACCOUNT not in self.content:
            raise UsageError(
                Code.CLI_CONFIG_UNUSABLE,
                f"There is no --config, and the environment has no {AD_ACCOUNT}. Set it to the ad account's ID.",
            )
        token = _refresh_token(written)
        self._is_token_elsewhere = _refresh_token(self.content) is not None and (
            token is None or has_placeholder(token) or self.sign_in_path is None
        )
        self._expires_at = expiry_of(self.content)
        self.profile = None if profile is None else profile.stem
        kept = self.sign_in_path
        if kept is not None and token and not self._is_token_elsewhere and not os.access(kept, os.W_OK):
            raise UsageError(
                Code.CLI_CONFIG_UNUSABLE,
                f"{kept} can't be written, but each sync may change the refresh token in it. Make it writable.",
            )

    @property
    def expires_at(self) -> datetime | None:
        """When the sign-in ends if nothing runs, as it is kept now: another process may have renewed it; else None."""
        if self.sign_in_path is not None and not self._is_token_elsewhere:
            with suppress(ConnectorError, OSError):
                return expiry_of(read_settings(self.sign_in_path))
        return self._expires_at

    @property
    def warnings(self) -> Sequence[str]:
        """What should be said of it: that others may read the file, that a new refresh token can't be kept."""
        warnings = [
            f"Others on this machine may read {path}, and it holds secrets; run: chmod 600 '{path}'"
            for path in dict.fromkeys((self.path, self.sign_in_path))
            if path is not None and stat.S_IMODE(path.stat().st_mode) & _FOR_OTHERS
        ]
        if self._is_token_elsewhere:
            warnings.append(
                "The refresh token comes from the environment or a program. If Pinterest replaces it, the new one "
                "can't be kept and you have to sign in again; a config file that holds the token keeps it."
            )
        return warnings

    @property
    def variables(self) -> Mapping[str, str]:
        """Tells the connector where to look whether another run has renewed the sign-in, and what to lock to do so."""
        is_kept = self.sign_in_path is not None and not self._is_token_elsewhere
        kept = str(self.sign_in_path)
        return {CONFIG_PATH_VARIABLE: kept, LOCK_PATH_VARIABLE: kept} if is_kept else {}

    def overlaid(self, **settings: Any) -> dict[str, Any]:
        """Returns the config with these settings in place of its own."""
        return {**self.content, **settings}

    def keep_credentials(self, config: Mapping[str, Any]) -> None:
        """Saves the credentials of a config that the connector asks to keep; a text that names a variable stays.

        Raises: OSError if they can't be written, ValueError if the file is not JSON any more; it is then unchanged.
            CredentialsFromEnvironmentError if there is a new refresh token, and the old one is not in the file.
        """
        credentials = config.get(_CREDENTIALS)
        if not isinstance(credentials, dict):
            return
        self._expires_at = expiry_of(config)
        if self.sign_in_path is not None:
            # Of a token that is elsewhere, only what saves the next run a request is kept.
            with suppress(OSError) if self._is_token_elsewhere else nullcontext(), changing(self.sign_in_path):
                self._write(self.sign_in_path, credentials)
        if self._is_token_elsewhere and credentials.get("refresh_token") != _refresh_token(self.content):
            raise CredentialsFromEnvironmentError

    def keep_setting(self, key: str, value: str) -> bool:
        """Writes one setting into the file. Returns False if the file names a variable for it, and is unchanged.

        Raises: OSError if it can't be written, ValueError if the file is not JSON any more; it is then unchanged.
        """
        if self.path is None:
            return False
        with changing(self.path):
            now = decode_object(read_bytes(self.path, SMALL_BYTES))
            if has_placeholder(now.get(key)):
                return False
            replace_settings(self.path, {**now, key: value})
        return True

    def _write(self, path: Path, credentials: Mapping[str, Any]) -> None:
        now = decode_object(read_bytes(path, SMALL_BYTES))
        written = {**now, **(now.get(_CREDENTIALS) or {})}
        given = self.content.get(_CREDENTIALS) or {}
        read = {**self.content, **given}
        # What the file names a variable for, or is as it was, stays as it is written there; and what only the
        # environment has does not go into it.
        new = {
            key: written[key] if key in written and (has_placeholder(written[key]) or value == read.get(key)) else value
            for key, value in credentials.items()
            if key in written or key not in given or (key == "auth_method")
        }
        # Credentials at the top level have been migrated; the old keys would only be dead secrets.
        kept = {key: value for key, value in now.items() if key not in credentials}
        replace_settings(path, {**kept, _CREDENTIALS: new})


def given_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a program's settings as a config file would have them; what the program changes later is not in them.

    Raises: UsageError if a value is none of JSON's; it is not quoted, since it may be a secret.
    """
    for key, value in config.items():
        if not isinstance(key, str):
            raise UsageError(Code.CLI_CONFIG_NOT_JSON, f"{GIVEN} has a key that is no text. Use a config file's keys.")
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            failure = UsageError(
                Code.CLI_CONFIG_NOT_JSON,
                f"{GIVEN} has a value that JSON can't hold, under {key!r}. Use texts, numbers, true or false, lists "
                "and dicts, as in a config file.",
            )
        else:
            continue
        raise failure
    content: dict[str, Any] = json.loads(json.dumps(dict(config)))
    return content


def read_settings(path: Path) -> dict[str, Any]:
    """Returns what a config file holds, as it is written. Raises: UsageError if it can't be read as a JSON object."""
    try:
        return decode_object(read_bytes(path, SMALL_BYTES))
    except UnreadableDocumentError as error:
        raise UsageError(Code.CLI_CONFIG_UNUSABLE, f"The config {path} {error}. Correct it.") from None
    except OSError as error:
        raise UsageError(
            Code.CLI_CONFIG_UNUSABLE, f"The config {path} can't be read: {error.strerror}. Make it readable."
        ) from None


def replace_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Writes settings over a config file that exists, whole or not at all. Raises: OSError."""
    content = _written(settings)
    try:
        write_whole(path, content, mode=stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        if error.errno not in _NOT_REPLACEABLE:
            raise
        write_over(path, content)


def _over_profile(written: Mapping[str, Any], kept: Mapping[str, Any], where: str, profile: str) -> dict[str, Any]:
    """Returns a config's settings over those of a profile, with the profile's sign-in.

    Raises: UsageError if the sign-in would be shown to another server than the one that gave it.
    """
    address = written.get("api_base_url")
    if address is not None and address != kept.get("api_base_url"):
        raise UsageError(
            Code.CLI_CONFIG_UNUSABLE,
            f"{where} names another api_base_url than the profile {profile}, whose sign-in must not go there. Remove "
            "api_base_url from the file, or use a profile of that server.",
        )
    own = {key: value for key, value in written.items() if value is not None and key != _CREDENTIALS}
    return {**kept, **own}


def _written(content: Mapping[str, Any]) -> bytes:
    try:
        return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # Half of a surrogate pair: no text, but a legal escape.
        return (json.dumps(content, indent=2) + "\n").encode()


def _refresh_token(content: Mapping[str, Any]) -> Any:
    """The refresh token, from among the credentials or from the top level, where older configs have it."""
    credentials = content.get(_CREDENTIALS)
    inside = credentials.get("refresh_token") if isinstance(credentials, dict) else None
    return inside or content.get("refresh_token")
