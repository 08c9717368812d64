"""Reads every file of a store and says of each ledger whether it is whole. Takes no lease and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from destination_pinterest.errors import StorageRefusedError, StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.manifest import DataFile, Manifest, damaged
from destination_pinterest.membership.store_key import StoreKey

# How often a ledger is looked at again if a sync has changed it meanwhile.
_LOOKS: Final = 5
_READ_AT_ONCE: Final = 1 << 20


class Verified(msgspec.Struct, frozen=True):
    """What was found of a ledger.

    Args:
        folder: its folder.
        manifest: its manifest; None if that can't be read.
        size: the bytes of its data files.
        left_over: files that no longer belong to it, which the next sync deletes.
        problem: what is wrong; None if it is whole.
    """

    folder: LedgerFolder
    manifest: Manifest | None
    size: int = 0
    left_over: int = 0
    problem: StoreMismatchError | StorageRefusedError | None = None


def verify(blobs: Blobs, store_key: StoreKey, scratch: Path) -> Iterator[Verified]:
    """Yields what is found of each ledger.

    Args:
        blobs: the store's place.
        store_key: its key.
        scratch: a folder for copies of its files, one at a time.
    """
    for folder in ledger_folders(blobs):
        yield _verify(blobs, folder, store_key, scratch)


def fetch_whole(blobs: Blobs, folder: str, file: DataFile, scratch: Path) -> Path:
    """Returns a path to a data file that is as the manifest says: the original, or a copy in `scratch`.

    Raises:
        StoreMismatchError: it is missing, or is not what it was.
    """
    name = f"{folder}/{file.name}"
    path = blobs.fetch(name, scratch)
    if path is None:
        raise damaged(blobs.address(name), "the file is missing")
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    if digest != file.sha256:
        raise damaged(blobs.address(name), "the file is not what it was when it was written")
    return path


def _verify(blobs: Blobs, folder: LedgerFolder, store_key: StoreKey, scratch: Path) -> Verified:
    version = None
    for _ in range(_LOOKS):
        manifest = None
        try:
            found, manifest = read_ledger(blobs, folder, store_key)
            size = sum(_size(blobs, folder, file, scratch) for file in manifest.files)
        except (StoreMismatchError, StorageRefusedError) as problem:
            verified = Verified(folder, manifest, problem=problem)
            if manifest is None or found.version == version:
                return verified
            version = found.version  # A sync may have replaced the files between the two looks.
        else:
            named = {f"{folder.name}/{file.name}" for file in manifest.files}
            return Verified(folder, manifest, size, len(set(folder.data_files) - named))
    return verified


def _size(blobs: Blobs, folder: LedgerFolder, file: DataFile, scratch: Path) -> int:
    path = fetch_whole(blobs, folder.name, file, scratch)
    size = path.stat().st_size
    if path.parent == scratch:
        path.unlink()
    return size
