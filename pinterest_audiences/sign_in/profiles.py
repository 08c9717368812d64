"""Where profiles are kept, and which one is meant.

A profile is a config file as `--config` reads it, so that everything that runs with one shares its sign-in: whatever
renews it writes it back there. What is known beside the settings (whose ad account it is, when somebody signed in) lies
next to it, in NAME.about.json.

Source: XDG Base Directory Specification 0.8, XDG_CONFIG_HOME: relative paths are ignored (read 2026-11-27).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config.credentials import token_fingerprint
from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, decode_object, read_bytes
from pinterest_audiences.failures import UsageError
from pinterest_audiences.whole_files import write_whole

HOME_VARIABLE: Final = "PINTEREST_AUDIENCES_HOME"
PROFILE_VARIABLE: Final = "PINTEREST_PROFILE"
DEFAULT_NAME: Final = "default"
OWNER_ONLY_FOLDER: Final = 0o700
ABOUT_FORMAT: Final = 1
_FOLDER: Final = "pinterest-audiences"
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
# The end of 9999, in seconds since 1970.
_LATEST: Final = 253_402_300_799


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as it is kept. `expires_at` is when its sign-in ends if nothing runs; None if that is unknown.

    `fault` says why its file can't be used. `reached` has the names of the ad accounts that could be chosen, by their
    IDs.
    """

    name: str
    path: Path
    ad_account_id: str | None
    account_name: str | None
    expires_at: datetime | None
    fault: str | None = None
    reached: Mapping[str, str] = field(default_factory=dict)

    def days_left(self, now: datetime) -> int | None:
        """Whole days until its sign-in ends, 0 if it has ended; None if that is unknown."""
        return days_until(self.expires_at, now)


def days_until(moment: datetime | None, now: datetime) -> int | None:
    """Whole days until a moment, 0 if it is over; None if it is unknown."""
    return None if moment is None else max(0, (moment - now).days)


def home_folder(environment: Mapping[str, str]) -> Path:
    """The folder in which the command line keeps what is its own."""
    if environment.get(HOME_VARIABLE):
        return Path(environment[HOME_VARIABLE]).expanduser()
    configured = environment.get("XDG_CONFIG_HOME", "")
    if configured and Path(configured).is_absolute():
        return Path(configured) / _FOLDER
    own = Path(environment["HOME"]) if environment.get("HOME") else Path.home()
    return own / ("Library/Application Support" if sys.platform == "darwin" else ".config") / _FOLDER


def profiles_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the profiles, whether it exists or not."""
    return home_folder(environment) / "profiles"


def profile_path(name: str, environment: Mapping[str, str]) -> Path:
    """The profile's file, whether it exists or not. Raises: UsageError if no profile can have this name."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            Code.USAGE_WRONG,
            f"{name!r} can't be a profile's name. Use up to 64 letters, digits, hyphens and underscores.",
        )
    return profiles_folder(environment) / f"{name}.json"


def list_profiles(environment: Mapping[str, str]) -> Sequence[Profile]:
    """All profiles, by name; one that can't be read has a fault."""
    return tuple(read_profile(path) for path in _files(environment))


def read_profile(path: Path) -> Profile:
    """The profile in a file; one that can't be read has a fault."""
    try:
        content = decode_object(read_bytes(path, SMALL_BYTES))
    except OSError as error:
        return Profile(path.stem, path, None, None, None, fault=f"can't be read ({error.strerror})")
    except UnreadableDocumentError as error:
        return Profile(path.stem, path, None, None, None, fault=str(error))
    account = content.get("ad_account_id")
    account_id = str(account) if account else None
    about = read_about(path)
    name = about.get("account_name") if about.get("ad_account_id") == account_id else None
    account_name = name if isinstance(name, str) else None
    return Profile(path.stem, path, account_id, account_name, expiry_of(content), reached=_reached(about))


def expiry_of(config: Mapping[str, Any]) -> datetime | None:
    """When the sign-in of a config ends if nothing runs; None if that is unknown."""
    credentials = config.get("credentials")
    if not isinstance(credentials, Mapping):
        return None
    token, mark = credentials.get("refresh_token"), credentials.get("refresh_token_mark")
    if isinstance(token, str) and mark is not None and mark != token_fingerprint(token):
        return None  # It is the time of another token, which was replaced by hand.
    moment = credentials.get("refresh_token_expires_at")
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not 1 <= moment <= _LATEST:
        return None
    return datetime.fromtimestamp(moment, UTC)


def chosen_profile(name: str | None, environment: Mapping[str, str]) -> Path | None:
    """The profile that is meant: by `--profile`, else PINTEREST_PROFILE, else the default one.

    The default one is called `default`, or is the only one; None if there is none. Raises: UsageError if there is no
    profile of the name.
    """
    named = name or environment.get(PROFILE_VARIABLE)
    if named:
        path = profile_path(named, environment)
        if not path.is_file():
            raise _unknown(named, environment)
        return path
    files = _files(environment)
    default = profile_path(DEFAULT_NAME, environment)
    if default in files:
        return default
    return files[0] if len(files) == 1 else None


def read_about(path: Path) -> dict[str, Any]:
    """What lies beside a profile's settings; empty if nothing does, or if it can't be used."""
    with suppress(OSError, UnreadableDocumentError):
        about = decode_object(read_bytes(_about_path(path), SMALL_BYTES))
        if about.get("format") == ABOUT_FORMAT:
            return about
    return {}


def about_to_change(path: Path) -> dict[str, Any]:
    """As `read_about`, for who writes it anew. Raises: UsageError if a later version has written what would be lost."""
    with suppress(OSError, UnreadableDocumentError):
        written = decode_object(read_bytes(_about_path(path), SMALL_BYTES)).get("format")
        if isinstance(written, int) and written > ABOUT_FORMAT:
            raise UsageError(
                Code.PROFILE_LATER,
                f"The profile {path.stem} is of a later version of this program ({_about_path(path)}). Update this "
                "one, or use another profile.",
            )
    return read_about(path)


def write_about(path: Path, about: Mapping[str, Any]) -> None:
    """Puts it beside a profile's settings. Raises: OSError."""
    content = json.dumps({"format": ABOUT_FORMAT, **about}, indent=2, ensure_ascii=False) + "\n"
    write_whole(_about_path(path), content.encode())


def remove_profile(path: Path) -> None:
    """Removes a profile, the settings last. Raises: OSError."""
    _about_path(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def create_folder(environment: Mapping[str, str]) -> Path:
    """Creates the folder of the profiles for its owner alone. Raises: OSError."""
    folder = profiles_folder(environment)
    folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    folder.chmod(OWNER_ONLY_FOLDER)
    return folder


def _reached(about: Mapping[str, Any]) -> Mapping[str, str]:
    reached = about.get("reached")
    if not isinstance(reached, Mapping):
        return {}
    return {account_id: name for account_id, name in reached.items() if isinstance(name, str)}


def _about_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.about.json")


def _files(environment: Mapping[str, str]) -> list[Path]:
    folder = profiles_folder(environment)
    try:
        entries = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise UsageError(
            Code.PROFILE_FOLDER_UNUSABLE,
            f"The profiles in {folder} can't be read: {error.strerror}. Correct the folder's permissions, or name "
            f"another one by {HOME_VARIABLE}.",
        ) from None
    return [path for path in entries if path.suffix == ".json" and _NAME.fullmatch(path.stem) and path.is_file()]


def _unknown(name: str, environment: Mapping[str, str]) -> UsageError:
    names = ", ".join(path.stem for path in _files(environment))
    there = f"there are {names}" if "," in names else f"there is {names}" if names else "there are none yet"
    return UsageError(
        Code.PROFILE_UNKNOWN,
        f"There is no profile {name} ({there}). Sign in by `pinterest-audiences login --profile {name}`, or name "
        "another one.",
    )
