"""What a store consists of: the ledgers' folders, and what their manifests say."""

from __future__ import annotations

import msgspec

from destination_pinterest.membership.blobs import Blob, Blobs
from destination_pinterest.membership.ledger import is_data_file
from destination_pinterest.membership.manifest import FILE_NAME, Manifest, damaged, read_manifest
from destination_pinterest.membership.store_key import StoreKey


class LedgerFolder(msgspec.Struct, frozen=True):
    """A folder with files of a ledger.

    Args:
        name: its name.
        files: the names of the files in it, as the place has them.
    """

    name: str
    files: tuple[str, ...]

    @property
    def manifest(self) -> str:
        """The name of the manifest."""
        return f"{self.name}/{FILE_NAME}"

    @property
    def data_files(self) -> list[str]:
        """The data files, of whichever commit, and those that were being written."""
        return [name for name in self.files if is_data_file(name.rpartition("/")[2])]


def ledger_folders(blobs: Blobs) -> list[LedgerFolder]:
    """Returns the folders of a store that have a manifest or a data file."""
    by_folder: dict[str, list[str]] = {}
    for name in blobs.names(""):
        by_folder.setdefault(name.rpartition("/")[0], []).append(name)
    folders = [LedgerFolder(folder, tuple(files)) for folder, files in by_folder.items()]
    return [folder for folder in folders if folder.manifest in folder.files or folder.data_files]


def read_ledger(blobs: Blobs, folder: LedgerFolder, store_key: StoreKey) -> tuple[Blob, Manifest]:
    """Returns a ledger's manifest, and the object that holds it.

    Raises:
        StoreMismatchError: it is damaged, missing, elsewhere than it belongs, of a later version, or under another key.
    """
    address = blobs.address(folder.manifest)
    found = blobs.read(folder.manifest)
    if found is None:
        raise damaged(address, "the file is missing")
    manifest = read_manifest(found.body, store_key.keys, address)
    if manifest.folder != folder.name:
        raise damaged(address, f'it is the one of the audience "{manifest.audience}", whose folder is another')
    return found, manifest
