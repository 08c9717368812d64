"""Where the app's ID and secret come from."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.sign_in.secrets_asked import app_keys
from unit_tests.support.raises import raises

KEPT = {"client_id": "1", "client_secret": "kept"}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())


def test_options_win_over_the_environment_and_that_over_the_profile(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("in a file\n")
    environment = {"PINTEREST_CLIENT_ID": "2", "PINTEREST_CLIENT_SECRET": "of the environment"}
    assert app_keys("3", str(file), environment, KEPT) == ("3", "in a file")
    assert app_keys(None, None, environment, KEPT) == ("2", "of the environment")
    assert app_keys(None, None, {}, KEPT) == ("1", "kept")


def test_the_secret_of_another_app_is_not_taken() -> None:
    with raises(Code.APP_KEYS_MISSING, match="--client-secret-file"):
        app_keys("2", None, {}, KEPT)


def test_where_nobody_can_be_asked_the_way_to_give_them_is_said() -> None:
    with raises(Code.APP_KEYS_MISSING, match="--client-id"):
        app_keys(None, None, {}, {})
    with raises(Code.APP_KEYS_MISSING):
        app_keys("1", None, {}, {"client_id": "1", "client_secret": "${KEYRING}"})


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_file_without_a_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    with raises(Code.APP_KEYS_MISSING):
        app_keys("1", str(file), {}, {})
