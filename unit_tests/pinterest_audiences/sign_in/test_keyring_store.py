"""An app's secret in the machine's keyring."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import main
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sign_in.keyring_store import (
    ABOUT,
    PLACEHOLDER,
    check_keyring,
    forget_secret,
    is_in_keyring,
    keep_secret,
)
from pinterest_audiences.sign_in.profiles import write_about
from unit_tests.support.raises import raises


class Memory(KeyringBackend):
    """A machine's keyring."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def memory() -> Iterator[Memory]:
    before, memory = keyring.get_keyring(), Memory()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profiles" / "default.json"
    path.parent.mkdir()
    credentials = {"auth_method": "oauth2.0", "client_id": "1", "client_secret": PLACEHOLDER, "refresh_token": "pinr_1"}
    path.write_text(json.dumps({"credentials": credentials, "ad_account_id": "7"}))
    path.chmod(0o600)
    write_about(path, {ABOUT: True})
    return path


def test_the_secret_comes_from_the_keyring_and_never_into_the_file(profile: Path, tmp_path: Path) -> None:
    keep_secret(profile, "s3cret")
    config = opened_config(None, None, {"PINTEREST_AUDIENCES_HOME": str(tmp_path)})
    assert config.content["credentials"]["client_secret"] == "s3cret"
    config.keep_credentials({"credentials": {**config.content["credentials"], "refresh_token": "pinr_2"}})
    written = json.loads(profile.read_text())["credentials"]
    assert (written["client_secret"], written["refresh_token"]) == (PLACEHOLDER, "pinr_2")


def test_a_keyring_without_the_secret_says_to_sign_in_again(profile: Path, tmp_path: Path) -> None:
    with raises(Code.KEYRING_UNUSABLE, match="login --profile default"):
        opened_config(None, None, {"PINTEREST_AUDIENCES_HOME": str(tmp_path)})


def test_a_machine_without_a_keyring_is_told_so(profile: Path) -> None:
    keyring.set_keyring(NoKeyring())
    with raises(Code.KEYRING_UNUSABLE, match="without --keyring"):
        keep_secret(profile, "s3cret")


def test_whether_there_is_a_keyring_is_found_out_without_leaving_anything(profile: Path, memory: Memory) -> None:
    check_keyring(profile)
    assert memory.kept == {}
    keyring.set_keyring(NoKeyring())
    with raises(Code.KEYRING_UNUSABLE):
        check_keyring(profile)


def test_the_profile_itself_tells_that_its_secret_is_there_if_all_beside_it_is_lost(profile: Path) -> None:
    profile.with_name("default.about.json").unlink()
    assert is_in_keyring(profile)
    profile.write_text("{}")
    assert not is_in_keyring(profile)


def test_a_logout_says_that_a_keyring_keeps_the_secret(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path))
    keyring.set_keyring(NoKeyring())
    assert main(["logout"]) == 0
    assert not profile.exists()
    assert "still in this machine's keyring, under pinterest-audiences" in capsys.readouterr().err


def test_a_login_without_a_keyring_ends_before_anybody_has_signed_in(
    profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PINTEREST_AUDIENCES_HOME", str(tmp_path))
    monkeypatch.setenv("PINTEREST_CLIENT_SECRET", "s3cret")
    monkeypatch.setattr("sys.stdin", None)
    keyring.set_keyring(NoKeyring())
    assert main(["login", "--keyring", "--no-browser"]) == 2
    said = capsys.readouterr().err
    assert "PIN-CLI-" in said
    assert "Open this address" not in said


def test_a_secret_is_forgotten_with_its_profile(profile: Path, memory: Memory) -> None:
    keep_secret(profile, "s3cret")
    forget_secret(profile)
    assert memory.kept == {}
    forget_secret(profile)  # It is gone already.
