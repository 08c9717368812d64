"""The contract of every place, kept by a folder; and what only a folder can do."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, AUDIENCE, Shop, Syncs, person
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
    make = os.mkdir

    def refuse(path: str, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        if dir_fd is not None:
            raise OSError(30, "Read-only file system")
        make(path, mode)

    monkeypatch.setattr(os, "mkdir", refuse)
    with raises(Code.STORE_FOLDER_REFUSED, match="Read-only file system"):
        shop.open()


def test_a_full_disk_is_worth_another_try(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with raises(Code.STORE_FOLDER_FAILED, match="No space left on device"):
        shop.open()


def test_what_is_written_can_be_opened_by_its_owner_alone(shop: Shop) -> None:
    umask = os.umask(0)
    try:
        shop.sync([("s", (1,), Operation.ADD, [person("a")])])
    finally:
        os.umask(umask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in shop.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(shop.folder.stat().st_mode) == 0o700


def test_the_path_of_the_settings_may_be_a_link(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "mount").symlink_to(shop.root)
    Shop(tmp_path / "mount").sync([("s", (1,), Operation.ADD, [person("a")])])
    with shop.open() as ledger:
        assert ledger.members == 1


@pytest.mark.parametrize("name", ["manifest.json", ".lock", "data"])
@pytest.mark.parametrize("planted", ["link", "dangling link", "pipe"])
def test_what_somebody_planted_in_a_ledgers_place_is_neither_followed_nor_written_to(
    shop: Shop, tmp_path: Path, name: str, planted: str
) -> None:
    shop.sync([("s", (1,), Operation.ADD, [person("a")])])
    path = next(shop.folder.glob("*.parquet")) if name == "data" else shop.folder / name
    elsewhere = tmp_path / "elsewhere"
    path.replace(elsewhere)
    if planted == "dangling link":
        elsewhere = tmp_path / "nowhere"
    if planted == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(elsewhere)
    before = elsewhere.read_bytes() if elsewhere.exists() else None
    if (planted, name) == ("pipe", ".lock"):
        path.unlink()
        path.symlink_to("/dev/null")
    with raises(Code.STORE_HAS_LINK, match=path.name):
        shop.open()
    assert (elsewhere.read_bytes() if elsewhere.exists() else None) == before


def test_a_ledgers_folder_that_is_a_link_is_refused_wherever_it_leads(shop: Shop, tmp_path: Path) -> None:
    shop.sync([("s", (1,), Operation.ADD, [person("a")])])
    folder = shop.folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    for use in (shop.open, shop.store().check):
        with raises(Code.STORE_HAS_LINK, match=folder.name):
            use()


def test_a_link_in_the_place_of_a_file_to_be_written_is_replaced_and_not_followed(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("theirs")
    shop.sync([("s", (1,), Operation.ADD, [person("a")])])
    (shop.folder / "manifest.json.part").symlink_to(tmp_path / "elsewhere")
    shop.sync([("s", (2,), Operation.ADD, [person("b")])])
    assert (tmp_path / "elsewhere").read_text() == "theirs"
    assert shop.files() == ["changes", "manifest.json"]


def test_a_manifest_that_a_killed_sync_was_writing_is_deleted_by_the_next(shop: Shop) -> None:
    shop.sync([("s", (1,), Operation.ADD, [person("a")])])
    (shop.folder / "manifest.json.part").write_bytes(b"{")
    shop.open().close()
    assert shop.files() == ["changes", "manifest.json"]
