"""The membership store in a bucket, against a server: what a folder does, and what only a bucket can."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from destination_pinterest.config import S3MembershipStore
from destination_pinterest.errors import StorageRefusedError, StoreBusyError, StoreMismatchError
from destination_pinterest.membership import MembershipLedger, MembershipStore, open_membership_store
from destination_pinterest.membership.blobs import ChangedMeanwhileError
from destination_pinterest.membership.bucket import BucketBlobs
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.vocabulary import Operation
from integration_tests.s3_server import S3Server

ADD = Operation.ADD
A, B = (hashlib.sha256(name).hexdigest() for name in (b"a@example.com", b"b@example.com"))


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.new_bucket()


def settings(server: S3Server, bucket: str, **changes: Any) -> S3MembershipStore:
    return S3MembershipStore.model_validate({**server.access(bucket), "store_key": "a key only for tests", **changes})


def store(server: S3Server, bucket: str, **changes: Any) -> MembershipStore:
    # A time in which nobody sleeps and no lease grows old.
    return open_membership_store(settings(server, bucket, **changes), sleep=lambda _: None, clock=lambda: 0.0)


def sync(book: MembershipLedger, *rows: tuple[int, str]) -> tuple[list[str], list[str]]:
    for key, identifier in rows:
        book.record("s", (key,), ADD, [identifier])
    changes = book.diff(["s"])
    book.write_ahead(changes)
    said = (
        [one for some in changes.iter_additions(9) for one in some],
        [one for some in changes.iter_removals(9) for one in some],
    )
    book.commit(changes, "77")
    return said


def test_a_book_is_kept_from_sync_to_sync(server: S3Server, bucket: str) -> None:
    with store(server, bucket).open("1", "Customers") as book:
        assert sync(book, (1, A)) == ([A], [])
    with store(server, bucket).open("1", "Customers") as book:
        assert (book.members, book.customer_list_id) == (1, "77")
        assert sync(book, (1, B)) == ([B], [A])
        assert sync(book, (1, B)) == ([], [])
    names = [key.rpartition("/")[2].partition("-")[0] for key in server.content(bucket)]
    assert sorted(names) == ["changes", "manifest.json"]
    assert all(key.startswith("connections/pinterest/") for key in server.content(bucket))
    assert not [key for key, body in server.content(bucket).items() if A.encode() in body or bytes.fromhex(A) in body]


def test_the_check_leaves_nothing_and_tells_another_key(server: S3Server, bucket: str) -> None:
    store(server, bucket).check()
    assert server.content(bucket) == {}
    store(server, bucket).open("1", "Customers").close()
    store(server, bucket).check()
    with pytest.raises(StoreMismatchError, match=f"s3://{bucket}/connections/pinterest/.*another store key"):
        store(server, bucket, store_key="another key of sixteen").check()


def test_a_bucket_that_is_not_there_is_refused(server: S3Server) -> None:
    with pytest.raises(StorageRefusedError):
        store(server, "no-such-bucket").check()


def test_two_syncs_at_once_end_with_one_of_them(server: S3Server, bucket: str) -> None:
    first = store(server, bucket).open("1", "Customers")
    first.record("s", (1,), ADD, [A])
    changes = first.diff()
    # Nobody beats in this time, so the second finds a lease that stands still and takes it over.
    with store(server, bucket).open("1", "Customers") as second:
        with pytest.raises(StoreBusyError):
            first.write_ahead(changes)
        assert not first.holds_lease
        assert sync(second, (1, B)) == ([B], [])
    first.close()
    with store(server, bucket).open("1", "Customers") as book:
        assert book.members == 1


def test_a_lease_that_moves_is_respected(server: S3Server, bucket: str) -> None:
    first = store(server, bucket).open("1", "Customers")
    second = open_membership_store(
        settings(server, bucket),
        sleep=lambda _: first._leased.beat(),
        clock=lambda: 0.0,
    )
    with pytest.raises(StoreBusyError, match="Another sync"):
        second.open("1", "Customers")
    first.close()


def test_a_file_that_is_missing_or_changed_is_told(server: S3Server, bucket: str) -> None:
    with store(server, bucket).open("1", "Customers") as book:
        sync(book, (1, A))
    (key,) = (key for key in server.content(bucket) if "changes-" in key)
    server.client.put_object(Bucket=bucket, Key=key, Body=b"something else")
    with pytest.raises(StoreMismatchError, match=r"changes-.*is not what it was"):
        store(server, bucket).open("1", "Customers")
    server.client.delete_object(Bucket=bucket, Key=key)
    with pytest.raises(StoreMismatchError, match=r"s3://.*changes-.*: the file is missing"):
        store(server, bucket).open("1", "Customers")


def test_a_write_whose_answer_was_lost_and_that_was_sent_again_is_a_success(server: S3Server, bucket: str) -> None:
    blobs = BucketBlobs(S3Bucket(settings(server, bucket)))
    first = blobs.write("a/manifest.json", b"1", over=None)
    second = blobs.write("a/manifest.json", b"2", over=first)
    # What boto's repetition of that request meets: the version that it wrote itself.
    assert blobs.write("a/manifest.json", b"2", over=first) == second
    with pytest.raises(ChangedMeanwhileError):
        blobs.write("a/manifest.json", b"3", over=first)
    with pytest.raises(ChangedMeanwhileError):
        blobs.write("a/manifest.json", b"3", over=None)
