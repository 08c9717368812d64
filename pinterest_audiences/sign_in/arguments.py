"""The options by which a command is told its settings and its sign-in: --config and --profile."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import GIVEN, ConfigFile, given_settings, read_settings
from pinterest_audiences.environment import ACCESS_TOKEN, REFRESH_TOKEN, has_credentials
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.keyring_store import with_secret
from pinterest_audiences.sign_in.profiles import PROFILE_VARIABLE, chosen_profile, list_profiles
from pinterest_audiences.sources.files import existing_file

CONFIG_HELP: Final = (
    "the connector's settings as JSON: credentials, ad_account_id, …; what it lacks is taken from the environment "
    "(PINTEREST_ACCESS_TOKEN, PINTEREST_AD_ACCOUNT_ID, …) or from the profile"
)


def add_sign_in_arguments(parser: argparse.ArgumentParser, *, config_help: str = CONFIG_HELP) -> None:
    """Declares --config and --profile."""
    parser.add_argument("--config", metavar="FILE", help=config_help)
    add_profile_argument(parser)


def add_profile_argument(parser: argparse.ArgumentParser) -> None:
    """Declares --profile."""
    parser.add_argument(
        "--profile",
        metavar="NAME",
        help="the profile that `pinterest-audiences login` has written: sign-in and ad account (default: "
        "PINTEREST_PROFILE, else the profile `default`, else the only one)",
    )


def opened_config(config: str | None, profile: str | None, environment: Mapping[str, str]) -> ConfigFile:
    """Returns the settings, with the sign-in of the profile that is meant.

    A profile that is named wins. Otherwise the credentials of the config do, then, if no profile is named by
    PINTEREST_PROFILE, those of the environment, and then the default profile.
    Raises: UsageError as ConfigFile and `chosen_profile`; if a config has credentials and --profile is given.
    """
    written = {} if config is None else read_settings(existing_file(config))
    sign_in = _sign_in(written, str(config), profile, environment)
    return ConfigFile(config, with_secret(sign_in, environment), sign_in)


def opened_given(config: Mapping[str, Any], profile: str | None, environment: Mapping[str, str]) -> ConfigFile:
    """Returns the settings that a program gives in place of a file, by the same rules. Raises: UsageError likewise."""
    given = given_settings(config)
    sign_in = _sign_in(given, GIVEN, profile, environment)
    return ConfigFile(None, with_secret(sign_in, environment), sign_in, given=given)


def _sign_in(
    written: Mapping[str, Any], where: str, profile: str | None, environment: Mapping[str, str]
) -> Path | None:
    if has_credentials(written):
        if profile is not None:
            raise UsageError(
                Code.USAGE_WRONG,
                f"{where} has credentials of its own, and --profile {profile} names others. Leave out --profile, or "
                "remove those credentials.",
            )
        return None
    is_named = profile or environment.get(PROFILE_VARIABLE)
    if not is_named and (environment.get(ACCESS_TOKEN) or environment.get(REFRESH_TOKEN)):
        return None
    chosen = chosen_profile(profile, environment)
    if chosen is None and len(names := [each.name for each in list_profiles(environment)]) > 1:
        raise UsageError(
            Code.PROFILE_NOT_CHOSEN,
            f"There are several profiles ({', '.join(names)}), and none is called default. Name one by --profile, by "
            f"{PROFILE_VARIABLE}, or in a project file by `profile`.",
        )
    return chosen
