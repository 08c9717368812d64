"""Changes the store key of a store without starting anew.

A ledger's own keys stay: row keys are digests that can't be made again. What changes is who can open them. A manifest
may hold them encrypted under one store key, or, during the change, under two.

    1  every ledger gets the new key beside the old one   (until all have it, the old key opens the store)
    2  every ledger gives the old key up                  (from the first on, the new key opens the store)

So wherever it is ended, one of the two keys opens every ledger, and the same command goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import msgspec

from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.membership.blobs import Blob
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.keys import SALT_BYTES, AudienceKeys
from destination_pinterest.membership.manifest import KeySlot, Manifest, opened_keys, read_manifest
from destination_pinterest.membership.store_key import StoreKey


def rekey(exclusive: Exclusive, old: StoreKey, new: StoreKey) -> Iterator[tuple[Manifest, bool]]:
    """Yields each ledger's manifest once only the new key opens it, and whether that was so before.

    Raises:
        StoreBusyError: a sync is at work on a ledger. Those before it are changed already.
        StoreMismatchError: a ledger is damaged, or neither key opens it. Nothing was changed.
    """
    change = _KeyChange(exclusive, old, new)
    before = {folder.name: change.is_done(folder) for folder in ledger_folders(exclusive.blobs)}
    for folder in ledger_folders(exclusive.blobs):
        change.add_new(folder)
    for folder in ledger_folders(exclusive.blobs):
        yield change.give_up_old(folder), before.get(folder.name, False)


class _KeyChange:
    def __init__(self, exclusive: Exclusive, old: StoreKey, new: StoreKey) -> None:
        self._exclusive = exclusive
        self._old = old
        self._new = new
        # One for all: a column's audiences may be thousands, and to stretch a store key for each takes long.
        self._salt = os.urandom(SALT_BYTES)

    def is_done(self, folder: LedgerFolder) -> bool:
        """Whether only the new key opens a ledger; refuses one that neither opens."""
        manifest = self._read(folder)
        return manifest.next_key is None and self._opens(self._new, manifest.key_slots[0])

    def add_new(self, folder: LedgerFolder) -> None:
        if not any(self._opens(self._new, slot) for slot in self._read(folder).key_slots):
            self._change(folder, self._with_new)

    def give_up_old(self, folder: LedgerFolder) -> Manifest:
        return self._read(folder) if self.is_done(folder) else self._change(folder, self._with_new_alone)

    def _with_new(self, manifest: Manifest) -> Manifest:
        stretching = self._new.newest
        keys = self._new.keys(self._salt, stretching)
        slot = KeySlot(self._salt.hex(), stretching, keys.check, keys.wrap(self._keys(manifest)))
        return msgspec.structs.replace(manifest, next_key=slot, sequence=manifest.sequence + 1)

    def _with_new_alone(self, manifest: Manifest) -> Manifest:
        slot = next((slot for slot in manifest.key_slots if self._opens(self._new, slot)), None)
        if slot is None:  # A sync has made this ledger with the old key in this very moment.
            return self._with_new_alone(self._with_new(manifest))
        return msgspec.structs.replace(
            manifest,
            salt=slot.salt,
            stretching=slot.stretching,
            key_check=slot.check,
            wrapped=slot.wrapped,
            next_key=None,
            sequence=manifest.sequence + 1,
        )

    def _change(self, folder: LedgerFolder, change: Callable[[Manifest], Manifest]) -> Manifest:
        address = self._exclusive.blobs.address(folder.manifest)

        def read(found: Blob) -> Manifest:
            return read_manifest(found.body, self._key_of(found.body, address).keys, address)

        with self._exclusive.leased(folder.manifest, read, self._keys) as leased:
            return self._read(folder) if leased is None else leased.update(change)

    def _read(self, folder: LedgerFolder) -> Manifest:
        try:
            return read_ledger(self._exclusive.blobs, folder, self._new)[1]
        except StoreMismatchError:
            return read_ledger(self._exclusive.blobs, folder, self._old)[1]

    def _key_of(self, body: bytes, address: str) -> StoreKey:
        try:
            read_manifest(body, self._new.keys, address)
        except StoreMismatchError:
            return self._old
        return self._new

    def _keys(self, manifest: Manifest) -> AudienceKeys:
        is_new = any(self._opens(self._new, slot) for slot in manifest.key_slots)
        return opened_keys(manifest, (self._new if is_new else self._old).keys)

    def _opens(self, key: StoreKey, slot: KeySlot) -> bool:
        return key.keys(bytes.fromhex(slot.salt), slot.stretching).check == slot.check
