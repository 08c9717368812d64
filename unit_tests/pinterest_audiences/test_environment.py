"""Secrets may come from the environment, and never go from there into a file or a message."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import CONFIG_PATH_VARIABLE, LOCK_PATH_VARIABLE
from pinterest_audiences.__main__ import main
from pinterest_audiences.config_file import ConfigFile, CredentialsFromEnvironmentError, given_settings
from pinterest_audiences.environment import expanded_address, without_values
from pinterest_audiences.sources.opening import open_source
from unit_tests.support.raises import raises

ACCOUNT = {"PINTEREST_AD_ACCOUNT_ID": "5"}
OAUTH = {
    "PINTEREST_CLIENT_ID": "7",
    "PINTEREST_CLIENT_SECRET": "canary-secret",
    "PINTEREST_REFRESH_TOKEN": "canary-token",
}


def written(path: Path, content: Any) -> str:
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return str(path)


def test_the_environment_can_have_the_whole_config() -> None:
    environment = {"PINTEREST_ACCESS_TOKEN": "pina_x", "PINTEREST_AD_ACCOUNT_ID": "5"}
    assert ConfigFile(None, environment).content == {
        "ad_account_id": "5",
        "credentials": {"auth_method": "access_token", "access_token": "pina_x"},
    }
    assert ConfigFile(None, environment).warnings == []


def test_a_sign_in_that_is_renewed_is_preferred_to_a_token_that_ends() -> None:
    assert ConfigFile(None, {**OAUTH, **ACCOUNT, "PINTEREST_ACCESS_TOKEN": "pina_x"}).content["credentials"] == {
        "auth_method": "oauth2.0",
        "client_id": "7",
        "client_secret": "canary-secret",
        "refresh_token": "canary-token",
    }


def test_without_a_config_and_a_token_nothing_can_begin() -> None:
    with raises(Code.CLI_CONFIG_UNUSABLE, match="no profile, and the environment has neither PINTEREST_ACCESS_TOKEN"):
        ConfigFile(None, ACCOUNT)


def test_without_a_config_and_an_ad_account_the_variable_that_is_missing_is_named() -> None:
    with raises(Code.CLI_CONFIG_UNUSABLE, match="no --config, and the environment has no PINTEREST_AD_ACCOUNT_ID"):
        ConfigFile(None, OAUTH)


@pytest.mark.parametrize(
    "credentials",
    [
        {"auth_method": "access_token", "access_token": "mine"},
        {"access_token": "mine"},
        {"auth_method": "oauth2.0", "client_id": "1", "client_secret": "s", "refresh_token": "mine"},
    ],
)
def test_what_the_file_says_stays(credentials: dict[str, str], tmp_path: Path) -> None:
    environment = {**OAUTH, "PINTEREST_ACCESS_TOKEN": "pina_x", "PINTEREST_AD_ACCOUNT_ID": "5"}
    path = written(tmp_path / "c.json", {"ad_account_id": "1", "credentials": credentials})
    content = ConfigFile(path, environment).content
    assert content["ad_account_id"] == "1"
    assert credentials.items() <= content["credentials"].items()
    assert "canary-token" not in str(content)
    assert "pina_x" not in str(content)


def test_credentials_at_the_top_level_are_not_mixed_with_those_of_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path / "c.json", {"access_token": "mine"})
    assert ConfigFile(path, OAUTH).content == {"access_token": "mine"}


def test_variables_stand_anywhere_in_the_texts_of_a_config(tmp_path: Path) -> None:
    content = {"credentials": {"access_token": "${T}"}, "identity_columns": [{"column": "a${X}b"}], "batch_size": 3}
    found = ConfigFile(written(tmp_path / "c.json", content), {"T": "pina", "X": "-"}).content
    assert found == {"credentials": {"access_token": "pina"}, "identity_columns": [{"column": "a-b"}], "batch_size": 3}


def test_two_dollar_signs_stand_for_one_and_a_dollar_sign_alone_for_itself(tmp_path: Path) -> None:
    path = written(tmp_path / "c.json", {"audience_name": "$${X} costs $5", "credentials": {"access_token": "a"}})
    assert ConfigFile(path, {}).content["audience_name"] == "${X} costs $5"


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "c.json", {"credentials": {"access_token": "${MY_TOKEN}"}})
    with raises(Code.ENVIRONMENT_VARIABLE_UNSET, match=r"names \$\{MY_TOKEN\}, .* Set MY_TOKEN\."):
        ConfigFile(path, {"OTHER": "canary"})
    with raises(Code.ENVIRONMENT_VARIABLE_UNSET, match="--from names"):
        expanded_address("postgresql://${DB}", {})


def test_a_password_in_an_address_may_hold_any_character() -> None:
    assert expanded_address("mysql://me:${P}@host/d", {"P": "a@b/c"}) == "mysql://me:a%40b%2Fc@host/d"
    assert expanded_address("${URL}", {"URL": "mysql://me:p@host/d"}) == "mysql://me:p@host/d"
    assert expanded_address("${HOME}/x.csv", {"HOME": "/home/a b"}) == "/home/a b/x.csv"


@pytest.mark.parametrize("address", ["sqlite:///${P}/a.sqlite", "${P}.csv", "duckdb:///x${P}", "$${P}${P}"])
def test_what_a_variable_holds_is_not_quoted_as_a_part_of_an_address(address: str) -> None:
    environment = {"P": "canary's@\u200bword"}
    with pytest.raises(ConnectorError) as caught:
        open_source(expanded_address(address, environment))
    said = without_values(caught.value.message, address, environment)
    assert "canary" not in said
    assert "${P}" in said


def test_an_address_that_is_no_text_is_refused() -> None:
    with raises(Code.SOURCE_ADDRESS_WRONG):
        open_source("postgresql://me@host\udcff/shop")


@pytest.mark.parametrize("value", ["host=db password=canary", "me:canary@db/x.y", 'password="canary\'"'])
def test_what_a_variable_holds_is_not_quoted_where_it_is_no_address(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DSN", value)
    config = written(tmp_path / "c.json", {"credentials": {"access_token": "x"}, "ad_account_id": "1"})
    assert main(["sync", "--from", "${DSN}", "--audience", "VIP", "--config", config]) == 2
    said = capsys.readouterr().err
    assert "'${DSN}'" in said
    assert "canary" not in said


def test_a_variable_in_the_file_stays_when_a_token_is_kept(tmp_path: Path) -> None:
    content = {"credentials": {"client_id": "1", "client_secret": "${S}", "refresh_token": "old"}, "x": "${S}"}
    path = Path(written(tmp_path / "c.json", content))
    config = ConfigFile(str(path), {"S": "canary"})
    config.keep_credentials({"credentials": {"client_id": "1", "client_secret": "canary", "refresh_token": "new"}})
    assert json.loads(path.read_text()) == {
        "x": "${S}",
        "credentials": {"client_id": "1", "client_secret": "${S}", "refresh_token": "new"},
    }


def test_what_a_probe_has_learned_is_written_beside_what_is_there(tmp_path: Path) -> None:
    content = {"credentials": {"access_token": "${S}"}, "ad_account_id": "1", "x": 1}
    path = Path(written(tmp_path / "c.json", content))
    assert ConfigFile(str(path), {"S": "canary"}).keep_setting("pinterest_facts", "learned")
    assert json.loads(path.read_text()) == {**content, "pinterest_facts": "learned"}


def test_what_a_probe_has_learned_is_not_written_over_the_name_of_a_variable_or_without_a_file(tmp_path: Path) -> None:
    content = {"credentials": {"access_token": "t"}, "ad_account_id": "1", "pinterest_facts": "${S}"}
    path = Path(written(tmp_path / "c.json", content))
    assert not ConfigFile(str(path), {"S": "{}"}).keep_setting("pinterest_facts", "learned")
    assert json.loads(path.read_text()) == content
    of_the_environment = {"PINTEREST_ACCESS_TOKEN": "t", "PINTEREST_AD_ACCOUNT_ID": "1"}
    assert not ConfigFile(None, of_the_environment).keep_setting("pinterest_facts", "learned")


def test_a_dollar_sign_that_stands_for_itself_stays_when_a_token_is_kept(tmp_path: Path) -> None:
    content = {"credentials": {"client_secret": "a$${B}c", "refresh_token": "old"}}
    path = Path(written(tmp_path / "c.json", content))
    config = ConfigFile(str(path), {})
    assert config.content["credentials"]["client_secret"] == "a${B}c"
    config.keep_credentials({"credentials": {**config.content["credentials"], "refresh_token": "new"}})
    kept = ConfigFile(str(path), {})
    assert kept.content["credentials"] == {**config.content["credentials"], "refresh_token": "new"}


@pytest.mark.parametrize("token", [{}, {"refresh_token": "${PINTEREST_REFRESH_TOKEN}"}])
def test_a_new_token_in_place_of_one_of_the_environment_is_not_lost_in_silence(
    token: dict[str, str], tmp_path: Path
) -> None:
    path = Path(written(tmp_path / "c.json", {"credentials": {"auth_method": "oauth2.0", **token}}))
    config = ConfigFile(str(path), OAUTH)
    assert "comes from the environment" in config.warnings[0]
    same = {**config.content["credentials"], "access_token": "kept"}
    config.keep_credentials({"credentials": same})
    kept = {"auth_method": "oauth2.0", **token, "access_token": "kept"}
    assert json.loads(path.read_text())["credentials"] == kept
    with pytest.raises(CredentialsFromEnvironmentError):
        config.keep_credentials({"credentials": {**same, "refresh_token": "new"}})
    assert json.loads(path.read_text())["credentials"] == kept


def test_without_a_file_the_same_token_is_no_loss() -> None:
    config = ConfigFile(None, {**OAUTH, **ACCOUNT})
    config.keep_credentials({"credentials": {"refresh_token": "canary-token", "access_token": "new"}})
    with pytest.raises(CredentialsFromEnvironmentError):
        config.keep_credentials({"credentials": {"refresh_token": "new"}})


def test_a_config_of_a_program_is_written_nowhere_and_its_new_token_is_not_lost_in_silence() -> None:
    given = {"credentials": {"auth_method": "oauth2.0", "client_id": "${ID}", "refresh_token": "old"}}
    config = ConfigFile(None, {"ID": "7", **ACCOUNT}, given=given)
    assert config.content == {
        "ad_account_id": ACCOUNT["PINTEREST_AD_ACCOUNT_ID"],
        "credentials": {"auth_method": "oauth2.0", "client_id": "7", "refresh_token": "old"},
    }
    assert config.variables == {}
    assert "comes from the environment or a program" in config.warnings[0]
    with pytest.raises(CredentialsFromEnvironmentError):
        config.keep_credentials({"credentials": {"refresh_token": "new"}})
    assert given["credentials"]["refresh_token"] == "old"


def test_a_config_of_a_program_takes_the_sign_in_of_a_profile(tmp_path: Path) -> None:
    kept = {"credentials": {"auth_method": "oauth2.0", "refresh_token": "old"}, "ad_account_id": "1"}
    profile = tmp_path / "shop.json"
    written(profile, kept)
    config = ConfigFile(None, {}, profile, given={"ad_account_id": "2"})
    assert config.content == {**kept, "ad_account_id": "2"}
    config.keep_credentials({"credentials": {**kept["credentials"], "refresh_token": "new"}})  # type: ignore[dict-item]
    assert json.loads(profile.read_text()) == {
        **kept,
        "credentials": {"auth_method": "oauth2.0", "refresh_token": "new"},
    }


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan"), b"canary"])
def test_a_value_that_no_config_file_could_hold_is_named_by_its_key_alone(value: object) -> None:
    with raises(Code.CLI_CONFIG_NOT_JSON, match="under 'credentials'") as raised:
        given_settings({"ad_account_id": "1", "credentials": value})
    assert "canary" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_key_that_no_config_file_could_hold_is_refused() -> None:
    with raises(Code.CLI_CONFIG_NOT_JSON, match="a key that is no text"):
        given_settings({1: "x"})  # type: ignore[dict-item]


def test_a_file_that_holds_no_token_of_its_own_need_not_be_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    content = {"credentials": {"auth_method": "oauth2.0", "refresh_token": "${PINTEREST_REFRESH_TOKEN}"}}
    assert ConfigFile(written(tmp_path / "c.json", content), OAUTH).content["credentials"]["client_id"] == "7"


def test_null_in_the_file_gives_way_to_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    nothing = {"auth_method": None, "access_token": None, "refresh_token": None}
    path.write_text(json.dumps({"ad_account_id": None, "access_token": None, "credentials": nothing}))
    config = ConfigFile(str(path), {"PINTEREST_AD_ACCOUNT_ID": "7", "PINTEREST_ACCESS_TOKEN": "pina_x"})
    assert config.content["ad_account_id"] == "7"
    assert config.content["credentials"] == {"auth_method": "access_token", "access_token": "pina_x"}


def test_the_connector_is_told_where_the_refresh_token_is_kept_if_it_is_kept(tmp_path: Path) -> None:
    credentials = {"auth_method": "oauth2.0", "client_id": "7", "client_secret": "s"}
    path = written(
        tmp_path / "c.json", {"credentials": {**credentials, "refresh_token": "pinr_x"}, "ad_account_id": "5"}
    )
    assert ConfigFile(path, {}).variables == {CONFIG_PATH_VARIABLE: path, LOCK_PATH_VARIABLE: path}
    named = written(
        tmp_path / "d.json", {"credentials": {**credentials, "refresh_token": "${T}"}, "ad_account_id": "5"}
    )
    assert ConfigFile(named, {"T": "pinr_x"}).variables == {}
    assert ConfigFile(None, {**OAUTH, **ACCOUNT}).variables == {}
