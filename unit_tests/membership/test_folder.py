"""The contract of every place, kept by a folder; and what only a folder can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.folder import FolderBlobs
from unit_tests.membership.shop import AD_ACCOUNT, AUDIENCE, Shop, Syncs
from unit_tests.support.raises import raises
from unit_tests.support.store_contract import BlobsContract, StoreContract, blobs

__all__ = ["blobs"]


class FolderPlace:
    """A folder as a place."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def connect(self) -> Blobs:
        return FolderBlobs(self.root)

    def elsewhere(self) -> Blobs:
        return FolderBlobs(self.root / "not mounted")

    def content(self) -> dict[str, bytes]:
        paths = [path for path in self.root.rglob("*") if path.is_file() and path.name != ".lock"]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in paths}

    def put(self, name: str, body: bytes) -> None:
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_bytes(body)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    return FolderPlace(tmp_path / "store")


@pytest.fixture
def syncs(place: FolderPlace, private: Path) -> Iterator[Syncs]:
    syncs = Syncs(place.connect)
    yield syncs
    syncs.close()


class TestBlobs(BlobsContract):
    pass


class TestStore(StoreContract):
    pass


def test_a_folder_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    root = tmp_path / "not mounted"
    store = Shop(root).store()
    for use in (store.check, lambda: store.open(AD_ACCOUNT, AUDIENCE)):
        with raises(Code.STORE_FOLDER_REFUSED, match=r"not mounted, could not be used.*mount it"):
            use()
    assert not root.exists()


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with raises(Code.STORE_FOLDER_REFUSED, match="Not a directory"):
        Shop(tmp_path / "file").store().check()


def test_a_folder_that_may_not_be_written_to_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever runs tests as root may write everywhere, so the operating system's answer is made up.
    monkeypatch.setattr(Path, "mkdir", _refuse)
    with raises(Code.STORE_FOLDER_REFUSED, match="Read-only file system"):
        shop.open()


def _refuse(*_: object, **__: object) -> None:
    raise OSError(30, "Read-only file system")


def test_a_full_disk_is_worth_another_try(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with raises(Code.STORE_FOLDER_FAILED, match="No space left on device"):
        shop.open()
