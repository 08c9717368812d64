"""`pinterest-audiences profiles` shows the profiles, `pinterest-audiences logout` removes one, without Pinterest."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from destination_pinterest.config_lock import holding
from destination_pinterest.error_codes import Code
from destination_pinterest.system import System
from pinterest_audiences.failures import EXIT_DONE, UsageError
from pinterest_audiences.printing import Printer
from pinterest_audiences.sign_in.arguments import add_profile_argument
from pinterest_audiences.sign_in.expiry import expiry_json, expiry_sentence
from pinterest_audiences.sign_in.keyring_store import forget_secret, is_in_keyring, left_behind
from pinterest_audiences.sign_in.profiles import (
    Profile,
    chosen_profile,
    list_profiles,
    profiles_folder,
    remove_profile,
)


def register(commands: Any) -> None:
    """Adds the commands to the parser's commands."""
    profiles = commands.add_parser(
        "profiles",
        help="show the profiles, and when their sign-ins end",
        description="Show the profiles that `pinterest-audiences login` has written, and when their sign-ins end.",
    )
    profiles.set_defaults(run=run_profiles)
    logout = commands.add_parser(
        "logout",
        help="remove a profile",
        description="Remove a profile with its sign-in from this machine. Audiences stay as they are. The app keeps "
        "its access until you take that away in Pinterest's settings, or the tokens end.",
    )
    add_profile_argument(logout)
    logout.set_defaults(run=run_logout)
    for parser in (profiles, logout):
        parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")


def run_profiles(arguments: argparse.Namespace) -> int:
    """Shows the profiles. Returns the exit code. Raises: UsageError."""
    now = datetime.now(UTC)
    found, chosen = list_profiles(os.environ), chosen_profile(None, os.environ)
    printer = Printer(sys.stdout, as_json=arguments.json)
    shown = [
        {
            "name": one.name,
            "path": str(one.path),
            "is_default": one.path == chosen,
            "ad_account_id": one.ad_account_id,
            "ad_account_name": one.account_name,
            "fault": one.fault,
            "sign_in": expiry_json(one.name, one.expires_at, now),
        }
        for one in found
    ]
    content = {"schema_version": 1, "status": "succeeded", "profiles": shown}
    if not found:
        folder = profiles_folder(os.environ)
        printer.sentence(f"There are no profiles in {folder}. Sign in by `pinterest-audiences login`.", content)
        return EXIT_DONE
    lines = [(one.name, _described(one, now, is_default=one.path == chosen)) for one in found]
    printer.counts("Profiles", lines, content)
    return EXIT_DONE


def run_logout(arguments: argparse.Namespace) -> int:
    """Removes a profile. Returns the exit code. Raises: UsageError."""
    path = chosen_profile(arguments.profile, os.environ)
    if path is None:
        raise UsageError(
            Code.PROFILE_NOT_CHOSEN,
            "There is no profile to remove, or none was chosen of several. Give --profile NAME.",
        )
    with holding(path, System()):  # A renewal that is under way would write it anew.
        try:
            if is_in_keyring(path):
                _forget_secret(path)
            remove_profile(path)
        except OSError as error:
            raise UsageError(
                Code.PROFILE_FOLDER_UNUSABLE,
                f"The profile {path} can't be removed: {error.strerror}. Correct the folder's permissions.",
            ) from None
    Printer(sys.stdout, as_json=arguments.json).sentence(
        f"The profile {path.stem} is removed. The app keeps its access until you take that away in Pinterest's "
        "settings, or its tokens end.",
        {"schema_version": 1, "status": "succeeded", "profile": path.stem},
    )
    return EXIT_DONE


def _forget_secret(path: Path) -> None:
    """The profile is removed in any case: nobody who signs out wants to keep it."""
    try:
        forget_secret(path)
    except UsageError as error:
        sys.stderr.write(f"{left_behind(path, error)}\n")


def _described(profile: Profile, now: datetime, *, is_default: bool) -> str:
    if profile.fault is not None:
        return f"can't be used: the file {profile.fault}"
    account = f"{profile.account_name} ({profile.ad_account_id})" if profile.account_name else profile.ad_account_id
    parts = [f"ad account {account}" if account else "no ad account chosen", expiry_sentence(profile.expires_at, now)]
    return "; ".join(["in use unless another one is named", *parts] if is_default else parts)
