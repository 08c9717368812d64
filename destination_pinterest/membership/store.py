"""The membership store of a connection: opens ledgers, one for each audience, and checks that it can."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError, StoreMismatchError
from destination_pinterest.membership.blobs import Blob, Blobs
from destination_pinterest.membership.bucket import BucketBlobs
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.held_leases import HeldLeases
from destination_pinterest.membership.keys import SALT_BYTES, SECRET_BYTES, AudienceKeys
from destination_pinterest.membership.lease import (
    DEFAULT_TIMING,
    LeasedManifest,
    LeaseTiming,
    ViewedManifest,
    wait_for_turn,
)
from destination_pinterest.membership.ledger import MembershipLedger, is_data_file
from destination_pinterest.membership.manifest import (
    FILE_NAME,
    Manifest,
    begun_anew,
    check_owner,
    damaged,
    folder_of,
    opened_keys,
    read_manifest,
    write_manifest,
)
from destination_pinterest.membership.placements import PlacementIndex
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.store_key import STRETCHINGS, Scrypt, StoreKey
from destination_pinterest.membership.workspace import Workspace
from destination_pinterest.object_storage.s3 import S3Bucket

# How often a ledger is looked at again if a sync has changed it meanwhile.
_LOOKS: Final = 5


def open_membership_store(
    settings: LocalMembershipStore | S3MembershipStore,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
    attempts: int | None = None,
    open_ledgers: int = 1,
    stretchings: Mapping[int, Scrypt] = STRETCHINGS,
    timing: LeaseTiming = DEFAULT_TIMING,
) -> MembershipStore:
    """Opens the store of the settings.

    Args:
        settings: the store's place and key.
        sleep: waits so many seconds.
        clock: monotonic seconds.
        attempts: how often a request to a bucket is sent at most.
        open_ledgers: how many ledgers will be open at once; they share the memory.
        stretchings: the cost of the store key; see StoreKey.
        timing: see LeaseTiming.

    Raises:
        StorageRefusedError: there are no credentials for the bucket.
    """
    return MembershipStore(
        open_blobs(settings, attempts=attempts),
        StoreKey(settings.store_key, stretchings),
        sleep=sleep,
        clock=clock,
        open_ledgers=open_ledgers,
        timing=timing,
    )


def open_blobs(settings: LocalMembershipStore | S3MembershipStore, *, attempts: int | None = None) -> Blobs:
    """Opens the place of a store.

    Args:
        settings: the store's place and key.
        attempts: how often a request to a bucket is sent at most.

    Raises:
        StorageRefusedError: there are no credentials for the bucket.
    """
    if isinstance(settings, LocalMembershipStore):
        return FolderBlobs(Path(settings.path))
    return BucketBlobs(S3Bucket(settings) if attempts is None else S3Bucket(settings, attempts=attempts))


class MembershipStore:
    """Opens ledgers, one for each audience.

    Every method raises:
        StorageRefusedError: the place does not exist, or may not be used.
        StorageFailedError: the place failed.

    Args:
        blobs: the place.
        store_key: the secret of the settings.
        sleep, clock: seconds; the clock is monotonic.
        open_ledgers: how many ledgers will be open at once.
        sizes: see Sizes.
        timing: see LeaseTiming.
    """

    def __init__(
        self,
        blobs: Blobs,
        store_key: StoreKey,
        *,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
        open_ledgers: int = 1,
        sizes: Sizes = Sizes(),  # noqa: B008 - it can't change
        timing: LeaseTiming = DEFAULT_TIMING,
    ) -> None:
        self._blobs = blobs
        self._store_key = store_key
        self._sleep = sleep
        self._clock = clock
        self._open_ledgers = open_ledgers
        self._sizes = sizes
        self._timing = timing
        self._held = HeldLeases()

    def open(
        self,
        ad_account_id: str,
        audience: str,
        *,
        abandoned_list_id: str | None = None,
        like: PlacementIndex | None = None,
    ) -> MembershipLedger:
        """Opens the ledger of an audience, for this sync alone; creates it if there is none.

        If another sync has not closed it, waits up to a minute to see whether that sync is alive.

        Args:
            ad_account_id: the ad account of the audience.
            audience: its name, or what stands for it.
            abandoned_list_id: a customer list that is not gone on with: if the ledger is of that list, it begins anew.
            like: the index that names the audience: the store key opens a new ledger by way of what opens the index,
                since it takes long to stretch it for each of thousands.

        Raises:
            StoreBusyError: another sync is working on it.
            StoreMismatchError: it is damaged, another audience's, of a later version, or written with another key.
        """
        folder = folder_of(ad_account_id, audience)
        name = f"{folder}/{FILE_NAME}"
        address = self._blobs.address(name)

        def read(blob: Blob) -> Manifest:
            manifest = read_manifest(blob.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, audience, address)
            return manifest

        turn = wait_for_turn(self._blobs, name, read, self._sleep, self._timing)
        if turn is None:
            self._require_no_files(folder)
            found, manifest = None, self._new(ad_account_id, audience, like)
        else:
            found, manifest = turn
        manifest = _without(manifest, abandoned_list_id)
        keys = opened_keys(manifest, self._store_key.keys)
        with ExitStack() as undo:
            workspace = Workspace(shared_by=self._open_ledgers)
            undo.callback(workspace.close)
            leased = self._leased(name, found, manifest, keys)
            undo.callback(leased.release)
            ledger = MembershipLedger(self._blobs, folder, leased, keys, workspace, sizes=self._sizes)
            undo.pop_all()
            return ledger

    def open_placements(self, ad_account_id: str, template: str) -> PlacementIndex:
        """Opens the index of the audiences that a template names, for this sync alone; creates it if there is none.

        Args:
            ad_account_id: the ad account of the audiences.
            template: how rows name them.

        Raises:
            StoreBusyError, StoreMismatchError: as `open`.
        """
        folder = folder_of(ad_account_id, template, is_index=True)
        name = f"{folder}/{FILE_NAME}"
        address = self._blobs.address(name)

        def read(blob: Blob) -> Manifest:
            manifest = read_manifest(blob.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, template, address)
            return manifest

        turn = wait_for_turn(self._blobs, name, read, self._sleep, self._timing)
        if turn is None:
            self._require_no_files(folder)
            new = self._new(ad_account_id, template)
            found, manifest = None, msgspec.structs.replace(new, template=template)
        else:
            found, manifest = turn
        keys = opened_keys(manifest, self._store_key.keys)
        with ExitStack() as undo:
            workspace = Workspace()
            undo.callback(workspace.close)
            leased = self._leased(name, found, manifest, keys)
            undo.callback(leased.release)
            index = PlacementIndex(self._blobs, folder, leased, keys, workspace)
            undo.pop_all()
            return index

    def view_placements(self, ad_account_id: str, template: str) -> PlacementIndex:
        """Opens the index of a template's audiences as `open_placements`, without a lease and without writing anything.

        Raises:
            StoreMismatchError: as `open`.
        """
        folder = folder_of(ad_account_id, template, is_index=True)
        address = self._blobs.address(f"{folder}/{FILE_NAME}")
        found = self._blobs.read(f"{folder}/{FILE_NAME}")
        if found is None:
            manifest = msgspec.structs.replace(self._new(ad_account_id, template), template=template)
        else:
            manifest = read_manifest(found.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, template, address)
        keys = opened_keys(manifest, self._store_key.keys)
        with ExitStack() as undo:
            workspace = Workspace()
            undo.callback(workspace.close)
            index = PlacementIndex(self._blobs, folder, ViewedManifest(manifest), keys, workspace)
            undo.pop_all()
            return index

    @contextmanager
    def holding_placements(self, ad_account_id: str, template: str) -> Iterator[None]:
        """Leases the index of a template's audiences without reading it, so that no sync is at work on any of them.

        Raises:
            StoreBusyError, StoreMismatchError: as `open`.
        """
        name = f"{folder_of(ad_account_id, template, is_index=True)}/{FILE_NAME}"
        address = self._blobs.address(name)

        def read(blob: Blob) -> Manifest:
            manifest = read_manifest(blob.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, template, address)
            return manifest

        exclusive = Exclusive(self._blobs, self._sleep, self._clock, self._timing, self._held)
        with exclusive.leased(name, read, lambda manifest: opened_keys(manifest, self._store_key.keys)):
            yield

    def view(self, ad_account_id: str, audience: str, *, abandoned_list_id: str | None = None) -> MembershipLedger:
        """Opens the ledger of an audience without a lease and without writing anything, to compare rows with it.

        A sync that is at work on it meanwhile may replace files before they are read. Then it is looked at again.

        Args:
            ad_account_id: as for `open`.
            audience: the same.
            abandoned_list_id: the same.

        Raises:
            StoreMismatchError: as `open`.
        """
        folder = folder_of(ad_account_id, audience)
        name = f"{folder}/{FILE_NAME}"
        found = self._blobs.read(name)
        for _ in range(_LOOKS):
            try:
                return self._view(ad_account_id, audience, found, abandoned_list_id)
            except StoreMismatchError:
                before, found = found, self._blobs.read(name)
                if found is None or before is None or found.version == before.version:
                    raise
        return self._view(ad_account_id, audience, found, abandoned_list_id)

    def _view(
        self, ad_account_id: str, audience: str, found: Blob | None, abandoned_list_id: str | None
    ) -> MembershipLedger:
        folder = folder_of(ad_account_id, audience)
        address = self._blobs.address(f"{folder}/{FILE_NAME}")
        if found is None:
            self._require_no_files(folder)
            manifest = self._new(ad_account_id, audience)
        else:
            manifest = read_manifest(found.body, self._store_key.keys, address)
            check_owner(manifest, ad_account_id, audience, address)
        manifest = _without(manifest, abandoned_list_id)
        keys = opened_keys(manifest, self._store_key.keys)
        with ExitStack() as undo:
            workspace = Workspace(shared_by=self._open_ledgers)
            undo.callback(workspace.close)
            ledger = MembershipLedger(
                self._blobs, folder, ViewedManifest(manifest), keys, workspace, sizes=self._sizes, is_view=True
            )
            undo.pop_all()
            return ledger

    def give_back(self) -> None:
        """Gives back the leases of all ledgers that are open or being opened; for any thread, at the process's end."""
        self._held.give_back()

    @property
    def address(self) -> str:
        """The store's address, for people."""
        return self._blobs.address("")

    def check(self) -> None:
        """Tests what a sync needs: creates a private folder, writes, reads and deletes an object, and tests the key.

        Raises:
            StoreMismatchError: a ledger in it is damaged, of a later version, or written with another key.
        """
        Workspace().close()
        probe, body = f"check-{uuid4().hex}", os.urandom(SALT_BYTES)
        self._blobs.write(probe, body, over=None)
        found = self._blobs.read(probe)
        self._blobs.delete(probe)
        if found is None or found.body != body:
            raise StorageFailedError(
                Code.STORE_FORGETS,
                f"The membership store did not give back what was written to {self._blobs.address(probe)}. Look at the "
                "storage's own logs.",
            )
        ledger = next((name for name in self._blobs.names("") if name.endswith(f"/{FILE_NAME}")), None)
        if ledger is not None and (manifest := self._blobs.read(ledger)) is not None:
            read_manifest(manifest.body, self._store_key.keys, self._blobs.address(ledger))

    def _leased(self, name: str, found: Blob | None, manifest: Manifest, keys: AudienceKeys) -> LeasedManifest:
        leased = self._held.take(
            partial(
                LeasedManifest,
                self._blobs,
                name,
                found,
                manifest,
                encode=partial(write_manifest, keys=keys),
                clock=self._clock,
                timing=self._timing,
            )
        )
        leased.keep_alive()
        return leased

    def _new(self, ad_account_id: str, audience: str, like: PlacementIndex | None = None) -> Manifest:
        if like is not None:
            slot = like.key_slot
            shared = self._store_key.keys(bytes.fromhex(slot.salt), slot.stretching)
            own = AudienceKeys(os.urandom(SECRET_BYTES), os.urandom(SALT_BYTES))
            return Manifest(
                ad_account_id=ad_account_id,
                audience=audience,
                salt=slot.salt,
                stretching=slot.stretching,
                key_check=slot.check,
                wrapped=shared.wrap(own),
            )
        salt, stretching = os.urandom(SALT_BYTES), self._store_key.newest
        return Manifest(
            ad_account_id=ad_account_id,
            audience=audience,
            salt=salt.hex(),
            stretching=stretching,
            key_check=self._store_key.keys(salt, stretching).check,
        )

    def _require_no_files(self, folder: str) -> None:
        """Refuses data files without a manifest: that is a damaged ledger, not a new one."""
        names = self._blobs.names(f"{folder}/")
        if any(is_data_file(name.rpartition("/")[2]) for name in names):
            raise damaged(self._blobs.address(f"{folder}/{FILE_NAME}"), "the file is missing")


def _without(manifest: Manifest, abandoned_list_id: str | None) -> Manifest:
    is_about = abandoned_list_id is not None and manifest.customer_list_id == abandoned_list_id
    return begun_anew(manifest) if is_about else manifest
