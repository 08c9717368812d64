"""Copies a store to another place, ledger by ledger, without a lease.

A data file never changes once a manifest names it. So a manifest and the files that it names are the ledger at one
moment, whatever a sync does meanwhile: if a file is gone, the manifest has been replaced, and the newer one is copied.
The copy's manifest is written last.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.membership.blobs import Blob, Blobs, ChangedMeanwhileError
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.lease import busy, wait_for_turn
from destination_pinterest.membership.manifest import Manifest, opened_keys, read_manifest, write_manifest
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.membership.verification import fetch_whole

_LOOKS: Final = 5


def copy(source: Blobs, target: Exclusive, store_key: StoreKey, scratch: Path) -> Iterator[tuple[Manifest, bool]]:
    """Yields the manifest of each ledger that was copied, and whether the copy was the same before.

    Args:
        source: the store's place.
        target: where to.
        store_key: the key of both.
        scratch: a folder for copies of files, one at a time.

    Raises:
        StoreBusyError: a sync is at work on the copy.
        StoreMismatchError: a ledger is damaged, or the target has another one or a later state of it.
    """
    _refuse_itself(source, target.blobs)
    there = {folder.name: folder for folder in ledger_folders(target.blobs)}
    for folder in ledger_folders(source):
        copying = _Copying(source, target, store_key, scratch, there.get(folder.name, LedgerFolder(folder.name, ())))
        yield copying.run(folder)


def _refuse_itself(source: Blobs, target: Blobs) -> None:
    if source.address("") == target.address(""):
        raise StoreMismatchError(
            Code.STORE_COPY_REFUSED,
            f"The membership store at {source.address('')} was to be copied to itself. Name another place.",
        )


class _Copying:
    """Copies one ledger.

    Args:
        source, target, store_key, scratch: see `copy`.
        there: the target's folder, as it was.
    """

    def __init__(
        self, source: Blobs, target: Exclusive, store_key: StoreKey, scratch: Path, there: LedgerFolder
    ) -> None:
        self._source = source
        self._target = target
        self._store_key = store_key
        self._scratch = scratch
        self._there = there

    def run(self, folder: LedgerFolder) -> tuple[Manifest, bool]:
        before = self._before()
        version = None
        for _ in range(_LOOKS):
            found, manifest = read_ledger(self._source, folder, self._store_key)
            is_same = self._compare(manifest, None if before is None else before[1])
            try:
                if not is_same:
                    self._add_files(folder, manifest)
                    self._write(folder, manifest, None if before is None else before[0])
            except StoreMismatchError:
                if found.version == version:
                    raise
                version = found.version  # A sync may have replaced the files between the two looks.
            else:
                return manifest, is_same
        raise busy(manifest)

    def _before(self) -> tuple[Blob, Manifest] | None:
        blobs, name = self._target.blobs, self._there.manifest

        def read(found: Blob) -> Manifest:
            return read_manifest(found.body, self._store_key.keys, blobs.address(name))

        return wait_for_turn(blobs, name, read, self._target.sleep, self._target.timing)

    def _compare(self, manifest: Manifest, before: Manifest | None) -> bool:
        """Whether the copy is the same already; refuses to write over what the source does not come from."""
        if before is None:
            return False
        keys, others = (opened_keys(each, self._store_key.keys) for each in (manifest, before))
        if keys.name != others.name or before.sequence > manifest.sequence:
            raise StoreMismatchError(
                Code.STORE_COPY_REFUSED,
                f'There is another ledger of the audience "{manifest.audience}", or a later state of the same, at '
                f"{self._target.blobs.address(self._there.name)}, so it was not written over. Copy to an empty folder, "
                "or drop that audience there first.",
            )
        return msgspec.structs.replace(before, lease=None) == msgspec.structs.replace(manifest, lease=None)

    def _add_files(self, folder: LedgerFolder, manifest: Manifest) -> None:
        for file in manifest.files:
            path = fetch_whole(self._source, folder.name, file, self._scratch)
            self._target.blobs.add(path, f"{folder.name}/{file.name}")
            if path.parent == self._scratch:
                path.unlink()

    def _write(self, folder: LedgerFolder, manifest: Manifest, over: Blob | None) -> None:
        body = write_manifest(
            msgspec.structs.replace(manifest, lease=None), opened_keys(manifest, self._store_key.keys)
        )
        try:
            self._target.blobs.write(folder.manifest, body, over=None if over is None else over.version)
        except ChangedMeanwhileError:
            raise busy(manifest) from None
        named = {f"{folder.name}/{file.name}" for file in manifest.files}
        for name in self._there.data_files:
            if name not in named:
                self._target.blobs.delete(name)
