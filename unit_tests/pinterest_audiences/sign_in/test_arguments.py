"""Which settings and which sign-in a command gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import CONFIG_PATH_VARIABLE, LOCK_PATH_VARIABLE
from pinterest_audiences.sign_in.arguments import opened_config
from unit_tests.support.raises import raises

OAUTH = {"auth_method": "oauth2.0", "client_id": "1", "client_secret": "s", "refresh_token": "pinr_1"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "profiles").mkdir()
    return {"PINTEREST_AUDIENCES_HOME": str(tmp_path)}


def written(path: Path, **content: Any) -> str:
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return str(path)


def profile(environment: dict[str, str], name: str = "default", **more: Any) -> str:
    path = Path(environment["PINTEREST_AUDIENCES_HOME"]) / "profiles" / f"{name}.json"
    return written(path, credentials=OAUTH, ad_account_id="7", **more)


def test_without_a_config_the_profile_is_the_config(environment: dict[str, str]) -> None:
    path = profile(environment, batch_size=5)
    config = opened_config(None, None, environment)
    assert config.content == {"credentials": OAUTH, "ad_account_id": "7", "batch_size": 5}
    assert config.variables == {CONFIG_PATH_VARIABLE: path, LOCK_PATH_VARIABLE: path}
    assert config.warnings == []


def test_a_config_without_credentials_takes_the_sign_in_of_the_profile_and_keeps_its_own_settings(
    environment: dict[str, str], tmp_path: Path
) -> None:
    path = profile(environment, batch_size=5, access_tier="trial")
    own = written(tmp_path / "c.json", ad_account_id="8", batch_size=6)
    config = opened_config(own, None, environment)
    assert config.content == {"credentials": OAUTH, "ad_account_id": "8", "batch_size": 6, "access_tier": "trial"}
    config.keep_credentials({"credentials": {**OAUTH, "refresh_token": "pinr_2"}})
    assert json.loads(Path(path).read_text())["credentials"]["refresh_token"] == "pinr_2"
    assert json.loads(Path(own).read_text()) == {"ad_account_id": "8", "batch_size": 6}


def test_a_config_with_credentials_is_not_touched_by_the_default_profile(
    environment: dict[str, str], tmp_path: Path
) -> None:
    profile(environment)
    own = written(tmp_path / "c.json", credentials={"access_token": "pina_x"}, ad_account_id="8")
    config = opened_config(own, None, {**environment, "PINTEREST_PROFILE": "default"})
    assert config.content["credentials"] == {"access_token": "pina_x"}


def test_a_config_with_credentials_and_a_profile_contradict_each_other(
    environment: dict[str, str], tmp_path: Path
) -> None:
    profile(environment)
    own = written(tmp_path / "c.json", refresh_token="pinr_x")
    with raises(Code.USAGE_WRONG, match="credentials of its own"):
        opened_config(own, "default", environment)


def test_a_token_of_the_environment_wins_over_the_default_profile_but_not_over_a_named_one(
    environment: dict[str, str],
) -> None:
    profile(environment)
    environment |= {"PINTEREST_ACCESS_TOKEN": "pina_x", "PINTEREST_AD_ACCOUNT_ID": "9"}
    assert opened_config(None, None, environment).content["ad_account_id"] == "9"
    assert opened_config(None, "default", environment).content["credentials"] == OAUTH
    named = {**environment, "PINTEREST_PROFILE": "default"}
    assert opened_config(None, None, named).content["credentials"] == OAUTH


def test_of_several_profiles_one_has_to_be_named(environment: dict[str, str]) -> None:
    profile(environment, "a")
    profile(environment, "b")
    with raises(Code.PROFILE_NOT_CHOSEN, match=r"a, b"):
        opened_config(None, None, environment)


def test_the_sign_in_of_a_profile_is_never_shown_to_the_server_that_another_file_names(
    environment: dict[str, str], tmp_path: Path
) -> None:
    profile(environment)
    own = written(tmp_path / "c.json", api_base_url="https://elsewhere.example.com/v5")
    with raises(Code.CLI_CONFIG_UNUSABLE, match="must not go there"):
        opened_config(own, None, environment)


def test_nor_to_the_one_that_the_environment_names(environment: dict[str, str], tmp_path: Path) -> None:
    profile(environment)
    environment["PINTEREST_API_BASE_URL"] = "https://elsewhere.example.com/v5"
    assert "api_base_url" not in opened_config(None, "default", environment).content
