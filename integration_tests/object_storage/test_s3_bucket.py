"""The bucket against a server: every method, and what cannot be had."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.errors import StorageFailedError, StorageRefusedError
from destination_pinterest.object_storage.s3 import ConditionFailedError, S3Bucket
from integration_tests.s3_server import S3Server

ROLE = "arn:aws:iam::123456789012:role/airbyte"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def settings(server: S3Server) -> dict[str, Any]:
    return server.access(server.new_bucket())


@pytest.fixture
def bucket(settings: dict[str, Any]) -> S3Bucket:
    return opened(settings)


def opened(settings: dict[str, Any], **changes: Any) -> S3Bucket:
    return S3Bucket(S3Access.model_validate({**settings, **changes}), attempts=2)


def test_an_object_is_put_read_listed_and_deleted_below_the_folder(
    bucket: S3Bucket, server: S3Server, settings: dict[str, Any]
) -> None:
    etag = bucket.put("a/ключ 1", b"content")
    found = bucket.get("a/ключ 1")
    assert found is not None
    assert (found.body, found.etag) == (b"content", etag)
    assert server.content(settings["s3_bucket_name"]) == {"connections/pinterest/a/ключ 1": b"content"}
    assert (list(bucket.keys("a/")), list(bucket.keys("b/"))) == (["a/ключ 1"], [])
    bucket.delete("a/ключ 1")
    bucket.delete("a/ключ 1")
    assert (bucket.get("a/ключ 1"), list(bucket.keys(""))) == (None, [])


def test_keys_come_from_more_than_one_page(bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for number in range(5):
        bucket.put(f"{number}", b"")
    assert list(bucket.keys("")) == [f"{number}" for number in range(5)]


def test_of_many_who_put_where_nothing_is_one_succeeds(bucket: S3Bucket) -> None:
    outcomes: list[str] = []

    def put(body: bytes) -> None:
        try:
            outcomes.append(bucket.put("lock", body, if_absent=True))
        except ConditionFailedError:
            outcomes.append("")

    threads = [threading.Thread(target=put, args=(b"%d" % number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = bucket.get("lock")
    assert found is not None
    assert sorted(outcomes) == [""] * 5 + [found.etag]


def test_only_who_knows_the_version_replaces_it(bucket: S3Bucket) -> None:
    first = bucket.put("k", b"1")
    second = bucket.put("k", b"2", if_match=first)
    with pytest.raises(ConditionFailedError):
        bucket.put("k", b"3", if_match=first)
    bucket.delete("k")
    with pytest.raises(ConditionFailedError):
        bucket.put("k", b"4", if_match=second)
    assert bucket.get("k") is None


def test_a_file_of_several_parts_comes_back_as_it_was(bucket: S3Bucket, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(bytes(range(256)) * 80_000)
    bucket.upload(tmp_path / "up", "large")
    assert bucket.download("large", tmp_path / "down")
    assert (tmp_path / "down").read_bytes() == (tmp_path / "up").read_bytes()


def test_a_file_that_is_not_there_is_not_downloaded(bucket: S3Bucket, settings: dict[str, Any], tmp_path: Path) -> None:
    assert not bucket.download("nothing", tmp_path / "down")
    with pytest.raises(StorageRefusedError, match='The bucket "no-such-bucket" does not exist'):
        opened(settings, s3_bucket_name="no-such-bucket").download("nothing", tmp_path / "down")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["put", "get", "delete", "keys"])
def test_a_bucket_that_is_not_there_is_named(settings: dict[str, Any], method: str) -> None:
    bucket = opened(settings, s3_bucket_name="no-such-bucket")
    calls = {
        "put": lambda: bucket.put("k", b""),
        "get": lambda: bucket.get("k"),
        "delete": lambda: bucket.delete("k"),
        "keys": lambda: list(bucket.keys("")),
    }
    with pytest.raises(StorageRefusedError, match='The bucket "no-such-bucket" does not exist'):
        calls[method]()


def test_a_role_is_assumed_with_the_keys(server: S3Server, settings: dict[str, Any]) -> None:
    bucket = opened(settings, role_arn=ROLE)
    keys_used = bucket._client._request_signer._credentials.get_frozen_credentials()
    assert keys_used.access_key != settings["access_key_id"]
    assert keys_used.token
    bucket.put("k", b"by the role")
    assert server.content(settings["s3_bucket_name"]) == {"connections/pinterest/k": b"by the role"}


def test_without_keys_the_machines_own_are_used(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOFTHEMACHINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-machine")
    bucket = opened(settings, access_key_id=None, secret_access_key=None)
    assert bucket._client._request_signer._credentials.access_key == "AKIDOFTHEMACHINE"
    assert bucket.put("k", b"")


def test_who_is_not_known_is_told_to_enter_valid_keys(server: S3Server, settings: dict[str, Any]) -> None:
    server.require_permission()
    try:
        with pytest.raises(StorageRefusedError, match=r"are not valid\. Enter valid ones") as caught:
            opened(settings).put("k", b"")
    finally:
        server.let_everybody_in()
    assert settings["access_key_id"] not in str(caught.value)


def test_a_storage_that_hangs_up_is_a_failure_that_may_pass(settings: dict[str, Any]) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Nobody listens, and nobody else can take the port.
        bucket = opened(settings, s3_endpoint=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(StorageFailedError, match="could not be reached to put an object"):
            bucket.put("k", b"")
