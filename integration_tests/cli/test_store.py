"""`pinterest-audiences store` through the real connector, with stores in a folder and in a bucket."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.membership import MembershipStore, open_membership_store
from destination_pinterest.vocabulary import Operation
from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.s3_server import S3Server

ACCOUNT = "549755885175"
KEY, NEW_KEY = "canary-key-of-the-store", "canary-new-key-of-the-store"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "store").mkdir()
    return {"store_type": "local", "path": str(tmp_path / "store"), "store_key": KEY}


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, s3: S3Server, folder: dict[str, Any]) -> dict[str, Any]:
    """Settings of an empty store."""
    if request.param == "folder":
        return folder
    return {"store_type": "s3", "store_key": KEY, **s3.access(s3.new_bucket())}


def opened(store: Mapping[str, Any]) -> MembershipStore:
    sign_in = {"credentials": {"auth_method": "access_token", "access_token": "x"}, "ad_account_id": ACCOUNT}
    settings = read_config({**sign_in, "membership_store": store}).membership_store
    assert settings is not None
    return open_membership_store(settings)


def fill(store: Mapping[str, Any], *audiences: str) -> None:
    """Puts somebody into each audience's ledger."""
    for number, name in enumerate(audiences):
        with opened(store).open(ACCOUNT, name) as ledger:
            ledger.record("s", (1,), Operation.ADD, [f"{number:064x}"])
            delta = ledger.diff()
            ledger.write_ahead(delta)
            ledger.commit(delta, "2680060704746")


def members(store: Mapping[str, Any], audience: str) -> int:
    with opened(store).view(ACCOUNT, audience) as ledger:
        return ledger.members


def config(tmp_path: Path, store: Mapping[str, Any] | None, name: str = "config.json") -> Path:
    """A config that needs no sign-in, since Pinterest is not asked."""
    path = tmp_path / name
    path.write_text(json.dumps({"ad_account_id": ACCOUNT, **({} if store is None else {"membership_store": store})}))
    path.chmod(0o600)
    return path


def command(*arguments: object, environment: Mapping[str, str] | None = None) -> Result:
    whole = [*PROGRAM, "store", *map(str, arguments)]
    return subprocess.run(
        whole,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )


def states(result: Result) -> dict[str | None, str]:
    found = json.loads(result.stdout)
    return {each["audience"]: each["state"] for each in found["audiences"]}


def test_each_audience_is_whole_or_damaged(tmp_path: Path, store: dict[str, Any], s3: S3Server) -> None:
    fill(store, "VIPs", "Newsletter")
    path = config(tmp_path, store)
    whole = command("verify", "--config", path)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert 'Audience "VIPs"\n' in whole.stdout
    assert "2 of 2 audiences whole." in whole.stdout
    with opened(store).open(ACCOUNT, "VIPs"):
        as_json = command("verify", "--config", path, "--json")
        assert states(as_json) == {"VIPs": "whole", "Newsletter": "whole"}
    name = next(each for each in json.loads(as_json.stdout)["audiences"] if each["audience"] == "VIPs")["folder"]
    damage(store, name, s3)
    damaged = command("verify", "--config", path, "--json")
    assert damaged.returncode == 1
    assert states(damaged) == {"VIPs": "damaged", "Newsletter": "whole"}
    assert json.loads(damaged.stdout)["error_code"] == "PIN-CLI-051"
    assert "PIN-CLI-051: 1 of 2 audiences" in damaged.stderr


def damage(store: Mapping[str, Any], folder: str, s3: S3Server) -> None:
    """Changes a data file of a ledger."""
    if store["store_type"] == "local":
        (data,) = (Path(store["path"]) / folder).glob("*.parquet")
        data.write_bytes(data.read_bytes()[:-1] + b"!")
        return
    bucket = store["s3_bucket_name"]
    (key,) = [key for key in s3.content(bucket) if folder in key and key.endswith(".parquet")]
    s3.client.put_object(Bucket=bucket, Key=key, Body=b"something else")


def test_the_key_is_changed_by_the_environment_or_a_file_and_nothing_shows_it(
    tmp_path: Path, store: dict[str, Any]
) -> None:
    fill(store, "VIPs")
    path = config(tmp_path, store)
    changed = command("rekey", "--config", path, environment={"PINTEREST_NEW_STORE_KEY": NEW_KEY})
    assert (changed.returncode, changed.stderr) == (0, "")
    assert "Only the new key opens the membership store" in changed.stdout
    assert "now: 1 audience. Set it as store_key." in changed.stdout
    assert members({**store, "store_key": NEW_KEY}, "VIPs") == 1
    assert "In use" not in changed.stdout
    wrong = command("verify", "--config", path, "--json")
    assert "1 of 1 audience" in wrong.stderr
    assert "is not whole or can't be read. Do for each what its error says." in wrong.stderr
    assert (wrong.returncode, list(states(wrong).values())) == (1, ["other_key"])
    (tmp_path / "old").write_text(f"{NEW_KEY}\n")
    (tmp_path / "new").write_text(f"{KEY}\n")
    keys = ("--old-key-file", tmp_path / "old", "--new-key-file", tmp_path / "new")
    back = command("rekey", "--config", config(tmp_path, {**store, "store_key": NEW_KEY}), *keys[2:], "--json")
    assert (back.returncode, states(back)) == (0, {"VIPs": "rekeyed"})
    again = command("rekey", "--config", config(tmp_path, {**store, "store_key": NEW_KEY}), *keys, "--json")
    assert (again.returncode, states(again)) == (0, {"VIPs": "unchanged"})
    assert members(store, "VIPs") == 1
    for result in (changed, wrong, back, again):
        assert "canary" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "PIN-CLI-053: There is no new store key"),
        ({"PINTEREST_NEW_STORE_KEY": "short"}, "PIN-CLI-053: The new store key has 5 characters"),
        ({"PINTEREST_NEW_STORE_KEY": KEY}, "PIN-CLI-053: The new store key is the present one"),
    ],
)
def test_a_new_key_that_is_none_changes_nothing(
    tmp_path: Path, folder: dict[str, Any], environment: dict[str, str], said: str
) -> None:
    fill(folder, "VIPs")
    result = command("rekey", "--config", config(tmp_path, folder), environment=environment)
    assert result.returncode == 2
    assert said in result.stderr
    assert members(folder, "VIPs") == 1


def test_a_key_file_is_read_past_its_byte_order_mark(tmp_path: Path, folder: dict[str, Any]) -> None:
    fill(folder, "VIPs")
    (tmp_path / "new").write_bytes(b"\xef\xbb\xbf" + NEW_KEY.encode() + b"\r\n")
    result = command("rekey", "--config", config(tmp_path, folder), "--new-key-file", tmp_path / "new")
    assert (result.returncode, result.stderr) == (0, "")
    assert members({**folder, "store_key": NEW_KEY}, "VIPs") == 1


def test_a_key_file_that_is_no_text_is_named_and_not_shown(tmp_path: Path, folder: dict[str, Any]) -> None:
    (tmp_path / "new").write_bytes(b"canary-key-\xff-of-the-store")
    result = command("rekey", "--config", config(tmp_path, folder), "--new-key-file", tmp_path / "new")
    assert (result.returncode, "PIN-CLI-053" in result.stderr, "canary" in result.stderr) == (2, True, False)


@pytest.mark.parametrize("action", [["verify"], ["rekey"], ["copy", "--to", "."], ["drop", "--all", "--yes"]])
def test_a_store_that_has_not_the_form_of_settings_is_said(tmp_path: Path, action: list[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"ad_account_id": ACCOUNT, "membership_store": "a place"}))
    path.chmod(0o600)
    result = command(*action, "--config", path, environment={"PINTEREST_NEW_STORE_KEY": NEW_KEY})
    assert (result.returncode, "PIN-CONF-001" in result.stderr) == (2, True)


def test_a_change_of_key_that_is_cancelled_gives_the_store_back_and_goes_on(
    tmp_path: Path, folder: dict[str, Any]
) -> None:
    names = [f"Audience {number}" for number in range(6)]
    fill(folder, *names)
    sign_in = {"credentials": {"auth_method": "access_token", "access_token": "x"}, "ad_account_id": ACCOUNT}
    (tmp_path / "whole.json").write_text(json.dumps({**sign_in, "membership_store": folder}))
    (tmp_path / "request.json").write_text(json.dumps({"action": "rekey", "new_key": NEW_KEY}))
    files = ["--config", str(tmp_path / "whole.json"), "--request", str(tmp_path / "request.json")]
    connector = subprocess.Popen(
        [sys.executable, "-m", "destination_pinterest", "store", *files], stdout=subprocess.DEVNULL
    )
    store = Path(folder["path"])
    give_up_at = time.monotonic() + 60
    while not any('"next_key":{' in each.read_text() for each in store.glob("*/manifest.json")):
        assert time.monotonic() < give_up_at
    connector.send_signal(signal.SIGTERM)
    assert connector.wait() == -signal.SIGTERM
    assert [each for each in store.glob("*/manifest.json") if '"lease":null' not in each.read_text()] == []
    assert [members(folder, name) for name in names] == [1] * 6
    result = command("rekey", "--config", config(tmp_path, folder), environment={"PINTEREST_NEW_STORE_KEY": NEW_KEY})
    assert result.returncode == 0
    assert [members({**folder, "store_key": NEW_KEY}, name) for name in names] == [1] * 6


def test_a_copy_goes_from_a_bucket_to_a_folder_and_back(tmp_path: Path, s3: S3Server) -> None:
    bucket = {"store_type": "s3", "store_key": KEY, **s3.access(s3.new_bucket())}
    other = {"store_type": "s3", **s3.access(s3.new_bucket())}
    fill(bucket, "VIPs", "Newsletter")
    backup = tmp_path / "backup"
    backup.mkdir()
    out = command("copy", "--config", config(tmp_path, bucket), "--to", backup)
    assert (out.returncode, out.stderr) == (0, "")
    assert f"The copy at {backup} is up to date: 2 audiences." in out.stdout
    local = {"store_type": "local", "path": str(backup), "store_key": KEY}
    assert members(local, "VIPs") == 1
    target = config(tmp_path, other, "other.json")
    back = command("copy", "--config", config(tmp_path, local), "--to", target, "--json")
    assert states(back) == {"VIPs": "copied", "Newsletter": "copied"}
    assert members({**other, "store_key": KEY}, "Newsletter") == 1
    again = command("copy", "--config", config(tmp_path, local), "--to", target, "--json")
    assert states(again) == {"VIPs": "unchanged", "Newsletter": "unchanged"}
    for result in (out, back, again):
        assert "canary" not in result.stdout + result.stderr


def test_what_is_no_place_for_a_copy_is_said(tmp_path: Path, folder: dict[str, Any]) -> None:
    path = config(tmp_path, folder)
    other = config(tmp_path, {**folder, "store_key": NEW_KEY}, "other.json")
    for to, said in [
        (tmp_path / "nowhere", "There is no folder or file"),
        (config(tmp_path, None, "none.json"), "has no membership_store"),
        (other, "has another store key"),
    ]:
        result = command("copy", "--config", path, "--to", to)
        assert (result.returncode, "PIN-CLI-054" in result.stderr) == (2, True)
        assert said in result.stderr


def test_the_config_of_a_copy_is_read_as_any_other(tmp_path: Path, folder: dict[str, Any]) -> None:
    fill(folder, "VIPs")
    (tmp_path / "copy").mkdir()
    other = config(tmp_path, {**folder, "path": str(tmp_path / "copy")}, "other.json")
    other.write_bytes(b"\xef\xbb\xbf" + other.read_bytes())
    copied = command("copy", "--config", config(tmp_path, folder), "--to", other, "--json")
    assert states(copied) == {"VIPs": "copied"}
    other.write_text("{")
    broken = command("copy", "--config", config(tmp_path, folder), "--to", other)
    assert (broken.returncode, "other.json is not JSON" in broken.stderr) == (2, True)


def test_an_empty_store_is_said_to_be_empty(tmp_path: Path, folder: dict[str, Any]) -> None:
    result = command("verify", "--config", config(tmp_path, folder))
    assert (result.returncode, "There is no audience in the membership store" in result.stdout) == (0, True)


def test_an_audience_is_dropped_once_it_is_confirmed(tmp_path: Path, store: dict[str, Any]) -> None:
    fill(store, "VIPs", "Newsletter")
    path = config(tmp_path, store)
    refused = command("drop", "--config", path, "--audience", "VIPs")
    assert (refused.returncode, "PIN-CLI-052" in refused.stderr) == (2, True)
    assert members(store, "VIPs") == 1
    unknown = command("drop", "--config", path, "--audience", "Nobody", "--yes", "--json")
    assert (unknown.returncode, json.loads(unknown.stdout)["error_code"]) == (2, "PIN-STORE-020")
    dropped = command("drop", "--config", path, "--audience", "VIPs", "--yes")
    assert (dropped.returncode, dropped.stderr) == (0, "")
    assert "The next sync of each starts anew." in dropped.stdout
    assert (members(store, "VIPs"), members(store, "Newsletter")) == (0, 1)
    everything = command("drop", "--config", path, "--all", "--yes", "--json")
    assert states(everything) == {"Newsletter": "dropped"}
    assert states(command("verify", "--config", path, "--json")) == {}


@pytest.mark.parametrize(("answer", "exit_code", "left"), [("yes", 0, 0), ("no", 2, 1)])
def test_a_person_is_asked_before_anything_is_dropped(
    tmp_path: Path, folder: dict[str, Any], answer: str, exit_code: int, left: int
) -> None:
    fill(folder, "VIPs")
    ours, theirs = pty.openpty()
    whole = [*PROGRAM, "store", "drop", "--config", str(config(tmp_path, folder)), "--audience", "VIPs"]
    asked = subprocess.Popen(whole, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, f"{answer}\n".encode())
    _, told = asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert 'would forget: Audience "VIPs" (1 member)' in told
    assert (asked.returncode, members(folder, "VIPs")) == (exit_code, left)


def test_a_config_without_a_store_and_a_folder_that_is_gone_are_said(tmp_path: Path, folder: dict[str, Any]) -> None:
    none = command("verify", "--config", config(tmp_path, None))
    assert (none.returncode, "PIN-STORE-018" in none.stderr) == (2, True)
    shutil.rmtree(folder["path"])
    gone = command("verify", "--config", config(tmp_path, folder))
    assert (gone.returncode, "PIN-STORE-008" in gone.stderr) == (2, True)
