"""The contract of every place, kept by a bucket on a server; and what only a bucket can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from destination_pinterest.config import S3MembershipStore
from destination_pinterest.membership import open_membership_store
from destination_pinterest.membership.blobs import Blobs, ChangedMeanwhileError
from destination_pinterest.membership.bucket import BucketBlobs
from destination_pinterest.object_storage.s3 import S3Bucket
from integration_tests.s3_server import S3Server
from unit_tests.membership.shop import STORE_KEY, Syncs
from unit_tests.support.store_contract import BlobsContract, StoreContract, blobs

__all__ = ["blobs"]

_FOLDER = "connections/pinterest/"


class BucketPlace:
    """A bucket's folder as a place."""

    def __init__(self, server: S3Server) -> None:
        self._server = server
        self._bucket = server.new_bucket()

    def settings(self, bucket: str) -> S3MembershipStore:
        return S3MembershipStore.model_validate({**self._server.access(bucket), "store_key": STORE_KEY})

    @property
    def own_settings(self) -> S3MembershipStore:
        return self.settings(self._bucket)

    def connect(self) -> Blobs:
        return BucketBlobs(S3Bucket(self.own_settings))

    def elsewhere(self) -> Blobs:
        return BucketBlobs(S3Bucket(self.settings("no-such-bucket"), attempts=1))

    def content(self) -> dict[str, bytes]:
        found = self._server.content(self._bucket)
        assert all(key.startswith(_FOLDER) for key in found)
        return {key.removeprefix(_FOLDER): body for key, body in found.items()}

    def put(self, name: str, body: bytes) -> None:
        self._server.client.put_object(Bucket=self._bucket, Key=_FOLDER + name, Body=body)

    def remove(self, name: str) -> None:
        self._server.client.delete_object(Bucket=self._bucket, Key=_FOLDER + name)


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def place(server: S3Server) -> BucketPlace:
    return BucketPlace(server)


@pytest.fixture
def syncs(place: BucketPlace) -> Iterator[Syncs]:
    syncs = Syncs(place.connect)
    yield syncs
    syncs.close()


class TestBlobs(BlobsContract):
    pass


class TestStore(StoreContract):
    pass


def test_the_settings_name_the_bucket(place: BucketPlace) -> None:
    with open_membership_store(place.own_settings).open("1", "Customers") as ledger:
        assert (ledger.members, ledger.customer_list_id) == (0, None)
    assert [name.rpartition("/")[2] for name in place.content()] == ["manifest.json"]


def test_a_write_whose_answer_was_lost_and_that_was_sent_again_is_a_success(place: BucketPlace) -> None:
    blobs = place.connect()
    first = blobs.write("a/manifest.json", b"1", over=None)
    second = blobs.write("a/manifest.json", b"2", over=first)
    # What boto's repetition of that request meets: the version that it wrote itself.
    assert blobs.write("a/manifest.json", b"2", over=first) == second
    with pytest.raises(ChangedMeanwhileError):
        blobs.write("a/manifest.json", b"3", over=first)
