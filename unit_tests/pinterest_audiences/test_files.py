from __future__ import annotations

import errno
import json
import os
import resource
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences import whole_files
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.cursor_state import cursor_state
from pinterest_audiences.sources.files import existing_file
from pinterest_audiences.state_file import StateFile, SyncIdentity
from unit_tests.support.raises import raises

IDENTITY = SyncIdentity("duckdb:///x", "people", "549755885175", "VIPs", "id")
CONFIG = {"credentials": {"auth_method": "oauth2.0", "refresh_token": "old"}, "ad_account_id": "1", "mine": "ü"}


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG))
    path.chmod(0o600)
    return path


def test_a_rotated_token_is_kept_and_what_was_laid_over_the_config_is_not(config_path: Path) -> None:
    config = ConfigFile(str(config_path), {})
    running = config.overlaid(audience_name="VIPs")
    assert running["audience_name"] == "VIPs"
    running["credentials"] = {"auth_method": "oauth2.0", "refresh_token": "new"}
    config.keep_credentials(running)
    assert json.loads(config_path.read_text()) == {**CONFIG, "credentials": running["credentials"]}
    assert stat.S_IMODE(config_path.stat().st_mode) == 0o600
    assert list(config_path.parent.iterdir()) == [config_path]


def test_what_was_edited_meanwhile_stays(config_path: Path) -> None:
    config = ConfigFile(str(config_path), {})
    config_path.write_text(json.dumps({**CONFIG, "batch_size": 7}))
    config.keep_credentials({"credentials": {"refresh_token": "new"}})
    assert json.loads(config_path.read_text())["batch_size"] == 7


def test_flat_credentials_do_not_stay_behind_as_dead_secrets(config_path: Path) -> None:
    config_path.write_text(json.dumps({"refresh_token": "old", "client_id": "1", "ad_account_id": "1"}))
    ConfigFile(str(config_path), {}).keep_credentials({"credentials": {"refresh_token": "new", "client_id": "1"}})
    assert json.loads(config_path.read_text()) == {
        "ad_account_id": "1",
        "credentials": {"refresh_token": "new", "client_id": "1"},
    }


def test_a_config_to_keep_without_credentials_changes_nothing(config_path: Path) -> None:
    before = config_path.read_bytes()
    ConfigFile(str(config_path), {}).keep_credentials({"ad_account_id": "2"})
    assert config_path.read_bytes() == before


def irreplaceable(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "replace", refuse)


@contextmanager
def files_no_larger_than(size_bytes: int) -> Iterator[None]:
    """What a full disk does to a write, done by the system itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.EPERM, errno.EROFS])
@pytest.mark.parametrize("token", ["new", "a new one that is longer than the file was" * 9])
def test_a_file_that_can_be_written_but_not_replaced_is_written(
    number: int, token: str, config_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    irreplaceable(monkeypatch, number)
    ConfigFile(str(config_path), {}).keep_credentials({"credentials": {"refresh_token": token}})
    assert json.loads(config_path.read_text()) == {**CONFIG, "credentials": {"refresh_token": token}}
    assert list(config_path.parent.iterdir()) == [config_path]


def no_new_file(**_: object) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


@pytest.mark.parametrize("can_be_replaced", [True, False])
def test_a_full_disk_leaves_the_config_as_it_was(
    can_be_replaced: bool, config_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_be_replaced:
        monkeypatch.setattr(tempfile, "mkstemp", no_new_file)
    before = config_path.read_bytes()
    config = ConfigFile(str(config_path), {})
    with files_no_larger_than(len(before)), pytest.raises(OSError, match="File too large"):
        config.keep_credentials({"credentials": {"refresh_token": "x" * 500}})
    assert config_path.read_bytes() == before
    assert list(config_path.parent.iterdir()) == [config_path]


def test_a_file_beside_the_config_that_can_not_be_written_does_not_touch_the_config(
    config_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    irreplaceable(monkeypatch, errno.ENOSPC)
    before = config_path.read_bytes()
    with pytest.raises(OSError, match="No space left"):
        ConfigFile(str(config_path), {}).keep_credentials({"credentials": {"refresh_token": "new"}})
    assert config_path.read_bytes() == before


def test_a_link_to_a_config_stays_a_link(config_path: Path) -> None:
    link = config_path.parent / "link.json"
    link.symlink_to(config_path)
    ConfigFile(str(link), {}).keep_credentials({"credentials": {"refresh_token": "new"}})
    assert link.is_symlink()
    assert json.loads(config_path.read_text())["credentials"] == {"refresh_token": "new"}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_config_that_others_may_read_is_warned_of(config_path: Path, mode: int) -> None:
    config_path.chmod(mode)
    assert "chmod 600" in ConfigFile(str(config_path), {}).warnings[0]


def test_a_config_of_the_owner_s_alone_is_not_warned_of(config_path: Path) -> None:
    assert list(ConfigFile(str(config_path), {}).warnings) == []


@pytest.mark.parametrize(
    ("content", "said"), [('{"a": "pina_secret",}', r"is not JSON \(line 1"), ("[]", "is not one JSON object")]
)
def test_a_config_that_is_no_object_is_refused_without_quoting_it(config_path: Path, content: str, said: str) -> None:
    config_path.write_text(content)
    with raises(Code.CLI_CONFIG_UNUSABLE, match=said) as error:
        ConfigFile(str(config_path), {})
    assert "pina_secret" not in str(error.value)


def test_a_config_whose_token_rotates_must_be_writable(config_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with raises(Code.CLI_CONFIG_UNUSABLE, match="can't be written"):
        ConfigFile(str(config_path), {})


def test_a_state_comes_back_as_the_value_to_go_on_from(tmp_path: Path) -> None:
    state_file = StateFile(tmp_path / "state.json", IDENTITY)
    assert state_file.since() is None
    state_file.save(cursor_state("id", 41))
    assert state_file.since() == 41
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("field", ["source", "rows", "ad_account", "audience", "cursor"])
def test_a_state_of_another_sync_is_refused(tmp_path: Path, field: str) -> None:
    path = tmp_path / "state.json"
    StateFile(path, IDENTITY).save(cursor_state("id", 41))
    other = SyncIdentity(**{**{name: getattr(IDENTITY, name) for name in IDENTITY.__slots__}, field: "other"})
    with raises(Code.STATE_FILE_UNUSABLE, match="belongs to a sync of another"):
        StateFile(path, other).since()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"sync": {}, "state": {}}', '{"sync": 3}'])
def test_a_damaged_state_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "state.json").write_text(content)
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(tmp_path / "state.json", IDENTITY).since()


def test_a_state_with_an_unreadable_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    StateFile(path, IDENTITY).save({"cursor": "x", "cursor_type": "integer"})
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, IDENTITY).since()


def test_a_state_that_is_a_folder_can_not_be_read(tmp_path: Path) -> None:
    with raises(Code.STATE_FILE_UNUSABLE, match="can't be read"):
        StateFile(tmp_path, IDENTITY).since()


def test_a_state_file_in_a_missing_folder_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with raises(Code.STATE_FILE_UNUSABLE, match="does not exist"):
        StateFile(tmp_path / "none" / "state.json", IDENTITY).check_writable()


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        whole_files.write_whole(path, b"new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        whole_files.write_whole(pipe, b"new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_state_of_the_released_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    StateFile(path, IDENTITY).save(cursor_state("id", 41))
    released = {**json.loads(path.read_text()), "version": 1}
    path.write_text(json.dumps(released))
    assert StateFile(path, IDENTITY).since() == 41


def test_a_time_of_mysql_that_the_released_version_kept_in_the_server_s_zone_starts_before_it(tmp_path: Path) -> None:
    identity = SyncIdentity("mysql+pymysql://me@host/shop", "people", "549755885175", "VIPs", "at")
    noon = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - MySQL's times have no zone
    path = tmp_path / "state.json"
    StateFile(path, identity).save(cursor_state("at", noon))
    assert StateFile(path, identity).since() == noon
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 1}))
    assert StateFile(path, identity).since() == noon - timedelta(hours=14)


def test_a_state_of_a_later_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    StateFile(path, IDENTITY).save(cursor_state("id", 41))
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    with raises(Code.STATE_FILE_UNUSABLE, match="of a later version of this program"):
        StateFile(path, IDENTITY).since()
    path.write_text(json.dumps({"version": 3, "syncs": []}))
    with raises(Code.STATE_FILE_UNUSABLE, match="of a later version of this program"):
        StateFile(path, IDENTITY).since()


@pytest.mark.parametrize("content", ["[]", "null", '{"version": "x"}'])
def test_what_is_no_state_at_all_is_said_to_be_none(content: str, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, IDENTITY).since()


@pytest.mark.parametrize(
    "state",
    [
        {"cursor": "abc", "cursor_type": "decimal"},
        {"cursor": "NaN", "cursor_type": "decimal"},
        {"cursor": "nan", "cursor_type": "float"},
        {"cursor": "9" * 5_000, "cursor_type": "integer"},
        {"cursor": "half \ud800", "cursor_type": "text"},
        {"cursor": 5, "cursor_type": "text"},
        {"cursor": ["x"], "cursor_type": "text"},
        {"cursor": "x", "cursor_type": ["text"]},
        {"cursor": "x", "cursor_type": "later"},
        {},
    ],
)
def test_a_state_with_a_value_that_nobody_kept_is_refused(tmp_path: Path, state: dict[str, object]) -> None:
    path = tmp_path / "state.json"
    content = {"version": 2, "sync": {name: getattr(IDENTITY, name) for name in IDENTITY.__slots__}, "state": state}
    path.write_text(json.dumps(content))
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, IDENTITY).since()


@pytest.mark.parametrize("version", ["1e400", "-1e400", "[]", "null", '"2"x', "9" * 5_000])
def test_a_state_of_an_absurd_version_is_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(f'{{"version": {version}}}')
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, IDENTITY).since()


def test_a_time_before_which_there_is_none_is_refused(tmp_path: Path) -> None:
    identity = SyncIdentity("mysql+pymysql://me@host/shop", "people", "549755885175", "VIPs", "at")
    path = tmp_path / "state.json"
    StateFile(path, identity).save(cursor_state("at", datetime.min))  # noqa: DTZ901 - MySQL's times have no zone
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 1}))
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, identity).since()


def test_a_state_of_any_depth_or_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("[" * 100_000 + "]" * 100_000)
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(path, IDENTITY).since()
    with raises(Code.STATE_FILE_UNUSABLE, match="damaged or not ours"):
        StateFile(Path("/dev/zero"), IDENTITY).since()


def test_a_byte_order_mark_in_a_state_is_read_past(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    StateFile(path, IDENTITY).save(cursor_state("id", 41))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert StateFile(path, IDENTITY).since() == 41


def test_a_byte_order_mark_in_a_config_is_read_past_and_a_new_token_is_kept(config_path: Path) -> None:
    config_path.write_bytes(b"\xef\xbb\xbf" + config_path.read_bytes())
    config = ConfigFile(str(config_path), {})
    config.keep_credentials({"credentials": {"auth_method": "oauth2.0", "refresh_token": "new"}})
    assert json.loads(config_path.read_text()) == {
        **CONFIG, "credentials": {"auth_method": "oauth2.0", "refresh_token": "new"}
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "is nested more than 100 levels deep"),
        (b'{"a":1,"a":2}', 'has the key "a" twice'),
        (b" " * 10_000_001, "has more than 10,000,000 bytes"),
    ],
)
def test_why_a_config_cannot_be_read_is_said(config_path: Path, content: bytes, said: str) -> None:
    config_path.write_bytes(content)
    with raises(Code.CLI_CONFIG_UNUSABLE, match=said):
        ConfigFile(str(config_path), {})


@pytest.mark.parametrize("name", ["x" * 5_000, "nul\x00byte", "~nobody-has-this-name/config.json"])
def test_what_cannot_be_a_path_is_refused(name: str) -> None:
    with raises(Code.SOURCE_NOT_OPENED):
        existing_file(name)


def test_a_state_file_of_no_possible_path_is_refused() -> None:
    with raises(Code.STATE_FILE_UNUSABLE):
        StateFile(Path("x" * 5_000) / "state.json", IDENTITY).check_writable()


def test_a_new_token_is_kept_beside_half_of_a_surrogate_pair(config_path: Path) -> None:
    config_path.write_text(json.dumps({**CONFIG, "mine": "half \ud800"}))
    ConfigFile(str(config_path), {}).keep_credentials(
        {"credentials": {"auth_method": "oauth2.0", "refresh_token": "new"}}
    )
    kept = json.loads(config_path.read_text())
    assert (kept["mine"], kept["credentials"]["refresh_token"]) == ("half \ud800", "new")
