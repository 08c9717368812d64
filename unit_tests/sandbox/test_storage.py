from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.storage import Sqlite, StorageError

DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(50)]


def test_a_restart_takes_up_everything_where_it_was(start: Callable[..., Any], database: Callable[[], Sqlite]) -> None:
    before = start(database())
    list_id = before.new_list(",".join(DIGESTS))["id"]
    before.patch_list(list_id, "ADD", "a@example.com,B@example.com")
    before.patch_list(list_id, "REMOVE", f"{DIGESTS[0]},a@example.com")
    audience = before.new_audience(list_id)
    share = {"audience_id": audience["id"], "recipient_account_ids": ["549755885176"], "operation_type": "SHARE"}
    before.call("PATCH", "/v5/ad_accounts/549755885175/audiences/ad_accounts/shared", share)
    token = before.token(scopes=["ads:read"])
    before.call("POST", "/_sandbox/clock", {"advance_s": 50})
    uploads = f"/v5/ad_accounts/549755885175/customer_lists/{list_id}/uploads"
    made = before.call("POST", uploads, {"operation": "ADD", "total_parts": 1}).json()
    url = made["s3_multipart_upload_data"]["file_parts"][0]["presigned_url"].removeprefix("http://sandbox")
    before.call("PUT", url, body=b"uploaded@example.com")
    expected = before.get_list(list_id)

    after = start(database())
    assert after.get_list(list_id) == expected
    assert after.members(list_id) == {*DIGESTS[1:], "B@example.com"}
    assert after.get_audience(audience["id"])["id"] == audience["id"]
    assert len(after.world.shares) == 1
    assert after.call("GET", "/v5/ad_accounts", token=token).status == 200
    assert after.call("GET", "/_sandbox/clock").json()["ahead_s"] == 50
    assert after.call("POST", f"{uploads}/{made['customer_list_upload']['id']}/run").status == 200
    assert "uploaded@example.com" in after.members(list_id)
    assert int(after.new_list()["id"]) > int(made["customer_list_upload"]["id"])


def test_what_is_gone_stays_gone(start: Callable[..., Any], database: Callable[[], Sqlite]) -> None:
    before = start(database())
    list_id = before.new_list()["id"]
    audience_id = before.new_audience(list_id)["id"]
    path = f"/v5/ad_accounts/549755885175/audiences/{audience_id}"
    before.call("PATCH", path, {"operation_type": "REMOVE"})
    before.call("DELETE", f"/_sandbox/customer_lists/{list_id}")
    after = start(database())
    assert after.world.audiences == after.world.customer_lists == {}
    after.new_list()
    after.call("POST", "/_sandbox/reset")
    assert start(database()).world.customer_lists == {}


def test_a_refused_request_leaves_nothing_behind(start: Callable[..., Any], database: Callable[[], Sqlite]) -> None:
    before = start(database())
    list_id = before.new_list()["id"]
    before.patch_list(list_id, "ADD", "")
    before.patch_list(list_id, "REPLACE", "b@example.com")
    assert start(database()).members(list_id) == {"a@example.com"}


def test_a_long_history_is_rewritten_as_its_outcome(start: Callable[..., Any], database: Callable[..., Sqlite]) -> None:
    before = start(database())
    list_id = before.new_list(",".join(DIGESTS))["id"]
    for _ in range(5):
        before.patch_list(list_id, "REMOVE", ",".join(DIGESTS[:-1]))
        before.patch_list(list_id, "ADD", ",".join(DIGESTS[:-1]) + ",a@example.com," + "b" * 40)
    expected = before.members(list_id)
    store = database(smallest_history=100)
    long = store.stored_records(list_id)
    assert start(store).members(list_id) == expected
    assert store.stored_records(list_id) < long / 4
    assert start(database()).members(list_id) == expected


def test_a_file_that_is_open_elsewhere_or_no_database_is_refused_with_its_name(
    tmp_path: Path, database: Callable[[], Sqlite]
) -> None:
    database()
    with pytest.raises(StorageError, match=r"world\.db.*locked"):
        Sqlite(str(tmp_path / "world.db"))
    (tmp_path / "text.db").write_text("this is not a database, and long enough to be seen as none" * 20)
    with pytest.raises(StorageError, match="not a database"):
        Sqlite(str(tmp_path / "text.db"))
    with pytest.raises(StorageError, match="no/such"):
        Sqlite("/no/such/folder/world.db")


def test_a_file_of_another_version_is_refused(
    tmp_path: Path, start: Callable[..., Any], database: Callable[[], Sqlite]
) -> None:
    database().close()
    with sqlite3.connect(tmp_path / "world.db") as connection:
        connection.execute("INSERT INTO entity VALUES ('Robot', '1', '{}')")
    connection.close()
    with pytest.raises(StorageError, match="Robot 1"):
        start(database())


def test_a_file_of_version_0_1_0_is_taken_up_and_one_of_a_newer_version_is_refused(
    tmp_path: Path, start: Callable[..., Any], database: Callable[[], Sqlite]
) -> None:
    before = start(database())
    list_id = before.new_list(f"a@example.com,{DIGESTS[0]}")["id"]
    audience_id = before.new_audience(list_id)["id"]
    database().close()
    with sqlite3.connect(tmp_path / "world.db") as connection:
        connection.execute("UPDATE entity SET body = json_remove(body, '$.is_nca', '$.pinned_status')")
        connection.execute("PRAGMA user_version=0")
    connection.close()
    after = start(database())
    assert after.members(list_id) == {"a@example.com", DIGESTS[0]}
    assert after.get_audience(audience_id)["is_nca"] is False
    database().close()
    with sqlite3.connect(tmp_path / "world.db") as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        database()
