"""Drops a ledger from a store: nobody is added or removed, and the next sync starts anew.

First the manifest is replaced by that of an empty ledger, then the files are deleted, then the manifest. So a kill
leaves the ledger as it was, or an empty one.
"""

from __future__ import annotations

import msgspec

from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.membership.blobs import Blob
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.inventory import LedgerFolder
from destination_pinterest.membership.keys import AudienceKeys
from destination_pinterest.membership.lease import BEATS_TO_DIE, busy
from destination_pinterest.membership.manifest import Manifest, begun_anew, opened_keys, read_manifest
from destination_pinterest.membership.store_key import StoreKey


def drop(exclusive: Exclusive, folder: LedgerFolder, store_key: StoreKey) -> None:
    """Drops a ledger, even one that is damaged, or that this store key does not open.

    Raises:
        StoreBusyError: a sync is at work on it.
    """
    address = exclusive.blobs.address(folder.manifest)

    def read(found: Blob) -> Manifest:
        return read_manifest(found.body, store_key.keys, address)

    def keys_of(manifest: Manifest) -> AudienceKeys:
        return opened_keys(manifest, store_key.keys)

    try:
        with exclusive.leased(folder.manifest, read, keys_of) as leased:
            if leased is not None:
                leased.update(_emptied)
            _delete_all(exclusive, folder)
    except StoreMismatchError:
        _watch(exclusive, folder)
        _delete_all(exclusive, folder)


def _emptied(manifest: Manifest) -> Manifest:
    return msgspec.structs.replace(begun_anew(manifest), marks={}, epoch=manifest.epoch)


def _delete_all(exclusive: Exclusive, folder: LedgerFolder) -> None:
    for name in folder.data_files:
        exclusive.blobs.delete(name)
    exclusive.blobs.delete(folder.manifest)


def _watch(exclusive: Exclusive, folder: LedgerFolder) -> None:
    """Watches a manifest that can't be read, if it says that a sync has leased it: one that is alive changes it."""
    found = exclusive.blobs.read(folder.manifest)
    manifest = None if found is None else _claimed(found.body)
    if found is None or manifest is None or manifest.lease is None:
        return
    for _ in range(BEATS_TO_DIE):
        exclusive.sleep(exclusive.timing.beat_s)
        again = exclusive.blobs.read(folder.manifest)
        if again is not None and again.version != found.version:
            raise busy(manifest)


def _claimed(body: bytes) -> Manifest | None:
    """What a manifest says, whoever wrote it; None if it says nothing."""
    try:
        return msgspec.convert(msgspec.json.decode(body)["manifest"], Manifest)
    except (msgspec.MsgspecError, KeyError, TypeError, RecursionError):
        return None
