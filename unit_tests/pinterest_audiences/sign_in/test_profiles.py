"""Where profiles are kept, and which one is meant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sign_in.profiles import (
    chosen_profile,
    list_profiles,
    profile_path,
    profiles_folder,
    read_about,
    write_about,
)
from unit_tests.support.raises import raises


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PINTEREST_AUDIENCES_HOME": str(tmp_path)}


def given(name: str, environment: dict[str, str], **content: Any) -> Path:
    path = profile_path(name, environment)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_profiles_are_kept_where_the_platform_keeps_settings_unless_a_folder_is_named() -> None:
    assert profiles_folder({"PINTEREST_AUDIENCES_HOME": "/x"}) == Path("/x/profiles")
    assert profiles_folder({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/pinterest-audiences/profiles")
    assert profiles_folder({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}).is_relative_to("/h")


def test_nothing_is_chosen_where_there_is_no_profile(environment: dict[str, str]) -> None:
    assert list_profiles(environment) == ()
    assert chosen_profile(None, environment) is None


def test_the_only_profile_is_chosen_and_of_several_the_one_called_default(environment: dict[str, str]) -> None:
    acme = given("acme", environment)
    assert chosen_profile(None, environment) == acme
    given("other", environment)
    assert chosen_profile(None, environment) is None
    default = given("default", environment)
    assert chosen_profile(None, environment) == default


def test_the_option_wins_over_the_environment_and_that_over_the_default(environment: dict[str, str]) -> None:
    given("default", environment)
    a, b = given("a", environment), given("b", environment)
    assert chosen_profile(None, {**environment, "PINTEREST_PROFILE": "a"}) == a
    assert chosen_profile("b", {**environment, "PINTEREST_PROFILE": "a"}) == b


def test_a_profile_that_there_is_not_is_refused_with_the_names_of_those_that_there_are(
    environment: dict[str, str],
) -> None:
    given("acme", environment)
    with raises(Code.PROFILE_UNKNOWN, match="there is acme"):
        chosen_profile("acne", environment)


@pytest.mark.parametrize("name", ["../x", "a/b", "a.b", "", "-a", "a" * 65])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str, environment: dict[str, str]) -> None:
    with raises(Code.USAGE_WRONG):
        profile_path(name, environment)


def test_a_profile_shows_its_account_by_name_and_when_its_sign_in_ends(environment: dict[str, str]) -> None:
    path = given("acme", environment, ad_account_id="7", credentials={"refresh_token_expires_at": 1_800_000_000})
    write_about(path, {"ad_account_id": "7", "account_name": "Acme"})
    (found,) = list_profiles(environment)
    assert (found.name, found.ad_account_id, found.account_name) == ("acme", "7", "Acme")
    assert found.expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert found.days_left(found.expires_at - timedelta(days=3, hours=2)) == 3
    assert found.days_left(found.expires_at + timedelta(days=1)) == 0


def test_the_name_of_another_account_is_not_shown(environment: dict[str, str]) -> None:
    path = given("acme", environment, ad_account_id="8")
    write_about(path, {"ad_account_id": "7", "account_name": "Acme"})
    (found,) = list_profiles(environment)
    assert (found.account_name, found.expires_at, found.days_left(datetime.now(UTC))) == (None, None, None)


def test_a_profile_that_can_not_be_read_is_listed_with_its_fault(environment: dict[str, str]) -> None:
    path = given("acme", environment)
    path.write_text("[]")
    (found,) = list_profiles(environment)
    assert found.fault == "is not one JSON object"


def test_what_a_later_version_keeps_beside_a_profile_is_not_guessed_at(environment: dict[str, str]) -> None:
    path = given("acme", environment)
    path.with_name("acme.about.json").write_text('{"format": 2, "account_name": "Acme"}')
    assert read_about(path) == {}
