"""The membership store of a connection: opens books, one per audience, and checks that it can."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from uuid import uuid4

from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.errors import StorageFailedError
from destination_pinterest.membership.blobs import Blob, Blobs
from destination_pinterest.membership.bucket import BucketBlobs
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.keys import SALT_BYTES
from destination_pinterest.membership.lease import LeasedManifest, wait_for_turn
from destination_pinterest.membership.ledger import MembershipLedger, is_data_file
from destination_pinterest.membership.manifest import (
    FILE_NAME,
    Manifest,
    check_owner,
    damaged,
    folder_of,
    read_manifest,
    write_manifest,
)
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.membership.workspace import Workspace
from destination_pinterest.object_storage.s3 import S3Bucket


def open_membership_store(
    settings: LocalMembershipStore | S3MembershipStore,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    attempts: int | None = None,
    books: int = 1,
) -> MembershipStore:
    """The store that the settings name. A request to a bucket is sent `attempts` times at the most.

    `books` is how many will be open at once, which share the memory.

    Raises:
        StorageRefusedError: there are no credentials for the bucket.
    """
    blobs: Blobs
    if isinstance(settings, LocalMembershipStore):
        blobs = FolderBlobs(Path(settings.path))
    else:
        blobs = BucketBlobs(S3Bucket(settings) if attempts is None else S3Bucket(settings, attempts=attempts))
    return MembershipStore(blobs, StoreKey(settings.store_key), sleep=sleep, clock=clock, books=books)


class MembershipStore:
    """Books, one per audience.

    Every method raises:
        StorageRefusedError: the place is not there, or may not be used.
        StorageFailedError: it did not answer as it should.

    Args:
        blobs: the place.
        store_key: the secret of the settings.
        sleep, clock: seconds; the clock is monotonic.
        books: how many will be open at once.
    """

    def __init__(
        self,
        blobs: Blobs,
        store_key: StoreKey,
        *,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        books: int = 1,
    ) -> None:
        self._blobs = blobs
        self._store_key = store_key
        self._sleep = sleep
        self._clock = clock
        self._books = books

    def open(self, ad_account_id: str, audience: str) -> MembershipLedger:
        """The book of an audience, for this sync alone; a new one if there is none.

        Waits up to a minute where an earlier sync did not close it, to see whether that one is alive.

        Raises:
            StoreBusyError: another sync is at work on it.
            StoreMismatchError: it is damaged, another audience's, of a later version, or under another key.
        """
        folder = folder_of(ad_account_id, audience)
        name = f"{folder}/{FILE_NAME}"
        address = self._blobs.address(name)

        def read(blob: Blob) -> Manifest:
            manifest = read_manifest(blob.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, audience, address)
            return manifest

        turn = wait_for_turn(self._blobs, name, read, self._sleep)
        if turn is None:
            self._require_no_files(folder)
            found, manifest = None, self._new(ad_account_id, audience)
        else:
            found, manifest = turn
        keys = self._store_key.keys(bytes.fromhex(manifest.salt), manifest.stretching)
        with ExitStack() as undo:
            workspace = Workspace(shared_by=self._books)
            undo.callback(workspace.close)
            leased = LeasedManifest(
                self._blobs,
                name,
                found,
                manifest,
                encode=partial(write_manifest, keys=keys),
                owner=uuid4().hex,
                clock=self._clock,
            )
            undo.callback(leased.give_back)
            leased.keep_alive()
            book = MembershipLedger(self._blobs, folder, leased, keys, workspace)
            undo.pop_all()
            return book

    @property
    def address(self) -> str:
        """The place, as people write it."""
        return self._blobs.address("")

    def check(self) -> None:
        """Does in small what a sync does: makes a private folder, writes, reads and deletes an object, tries the key.

        Raises:
            StoreMismatchError: a book that is there is damaged, of a later version, or under another key.
        """
        Workspace().close()
        probe, body = f"check-{uuid4().hex}", os.urandom(SALT_BYTES)
        self._blobs.write(probe, body, over=None)
        found = self._blobs.read(probe)
        self._blobs.delete(probe)
        if found is None or found.body != body:
            raise StorageFailedError(
                f"The membership store did not give back what was written to {self._blobs.address(probe)}."
            )
        book = next((name for name in self._blobs.names("") if name.endswith(f"/{FILE_NAME}")), None)
        if book is not None and (manifest := self._blobs.read(book)) is not None:
            read_manifest(manifest.body, self._store_key.keys, self._blobs.address(book))

    def _new(self, ad_account_id: str, audience: str) -> Manifest:
        salt, stretching = os.urandom(SALT_BYTES), self._store_key.newest
        return Manifest(
            ad_account_id=ad_account_id,
            audience=audience,
            salt=salt.hex(),
            stretching=stretching,
            key_check=self._store_key.keys(salt, stretching).check,
        )

    def _require_no_files(self, folder: str) -> None:
        """Files without a manifest are a book that lost it, and not one that never was."""
        names = self._blobs.names(f"{folder}/")
        if any(is_data_file(name.rpartition("/")[2]) for name in names):
            raise damaged(self._blobs.address(f"{folder}/{FILE_NAME}"), "the file is missing")
