from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.store_key import Scrypt, StoreKey
from destination_pinterest.suppression.head import FILE_NAME, Head
from destination_pinterest.suppression.progress import DoneList, Progress
from destination_pinterest.suppression.store import SuppressedPeople, SuppressionStore
from unit_tests.support.raises import raises

CHEAP = {1: Scrypt(n=2, r=8, p=1)}
KEY = "a key that only tests know"


def opened(folder: Path, key: str = KEY) -> SuppressionStore:
    return SuppressionStore(FolderBlobs(folder), StoreKey(key, CHEAP))


@pytest.fixture
def store(tmp_path: Path) -> SuppressionStore:
    return opened(tmp_path)


def read(store: SuppressionStore, tmp_path: Path) -> SuppressedPeople:
    return store.read(tmp_path)


def test_an_empty_store_holds_nobody(store: SuppressionStore, tmp_path: Path) -> None:
    found = read(store, tmp_path)
    assert (found.count, found.holds("a" * 64)) == (0, False)


def test_who_was_added_is_held_until_lifted_and_nobody_else(store: SuppressionStore, tmp_path: Path) -> None:
    assert store.add(["ada", "bob"]) == 2
    assert store.add(["bob", "eve"]) == 1
    assert store.lift(["ada", "nobody"]) == 1
    found = read(opened(tmp_path), tmp_path)
    assert found.count == 2
    assert [found.holds(name) for name in ("ada", "bob", "eve", "nobody")] == [False, True, True, False]


def test_each_change_has_another_version_and_no_change_has_none(store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada"])
    first = read(store, tmp_path).version
    assert store.add(["ada"]) == 0
    assert read(store, tmp_path).version == first
    store.add(["bob"])
    assert read(store, tmp_path).version != first


def test_no_identifier_is_in_any_file(store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["0123456789abcdef" * 4])
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert bytes.fromhex("0123456789abcdef" * 4) not in content
    assert b"0123456789abcdef" not in content


def test_only_the_newest_file_is_left(store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada"])
    store.add(["bob"])
    assert len(list(tmp_path.rglob("people-*"))) == 1


def test_a_change_is_made_again_on_what_another_one_left(
    store: SuppressionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(["ada"])
    other = opened(tmp_path)
    write, meanwhile = FolderBlobs.write, ["bob"]

    def late(blobs: FolderBlobs, name: str, body: bytes, *, over: str | None) -> str:
        if meanwhile:
            other.add([meanwhile.pop()])
        return write(blobs, name, body, over=over)

    monkeypatch.setattr(FolderBlobs, "write", late)
    store.add(["eve"])
    found = read(store, tmp_path)
    assert all(found.holds(name) for name in ("ada", "bob", "eve"))


def test_who_changes_it_all_the_time_is_named_as_busy(
    store: SuppressionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, numbers = FolderBlobs.write, iter(range(100))
    other, is_inside = opened(tmp_path), [False]

    def late(blobs: FolderBlobs, name: str, body: bytes, *, over: str | None) -> str:
        if not is_inside[0]:
            is_inside[0] = True
            other.add([f"p{next(numbers)}"])
            is_inside[0] = False
        return write(blobs, name, body, over=over)

    monkeypatch.setattr(FolderBlobs, "write", late)
    with raises(Code.SUPPRESSION_BUSY):
        store.add(["eve"])


def test_another_key_is_refused(store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada"])
    with raises(Code.SUPPRESSION_KEY_WRONG):
        read(opened(tmp_path, "another key of that length"), tmp_path)


@pytest.mark.parametrize("damage", ["head", "file", "head gone", "not json"])
def test_a_damaged_store_is_refused(damage: str, store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada", "bob"])
    head, (file,) = tmp_path / FILE_NAME, tmp_path.rglob("people-*")
    if damage == "head":
        head.write_bytes(head.read_bytes().replace(b'"count":2', b'"count":1'))
    elif damage == "file":
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    elif damage == "head gone":
        head.unlink()
    else:
        head.write_bytes(b"[1, 2")
    with raises(Code.SUPPRESSION_DAMAGED):
        read(opened(tmp_path), tmp_path)


def test_a_file_that_is_gone_is_damage_and_not_an_empty_store(store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada"])
    (file,) = tmp_path.rglob("people-*")
    file.unlink()
    with raises(Code.SUPPRESSION_DAMAGED):
        read(opened(tmp_path), tmp_path)


@pytest.mark.parametrize("change", [{"format": 2}, {"stretching": 9}])
def test_a_later_version_is_not_read(change: dict[str, int], store: SuppressionStore, tmp_path: Path) -> None:
    store.add(["ada"])
    head = tmp_path / FILE_NAME
    sealed = msgspec.json.decode(head.read_bytes())
    sealed["content"] |= change
    head.write_bytes(msgspec.json.encode(sealed))
    with raises(Code.SUPPRESSION_OF_LATER_VERSION):
        read(opened(tmp_path), tmp_path)
    assert Head.__struct_fields__[0] == "format"


def test_a_forgetting_is_known_again_by_its_people_and_forgotten_when_it_is_done(
    store: SuppressionStore, tmp_path: Path
) -> None:
    store.add(["ada", "bob"])
    job = store.job_of(["ada", "bob"])
    done = DoneList("1", "2", "VIP", None, "ours", 2, 1, 3.0)
    store.keep_progress(job, Progress(begun=1.0))
    store.keep_progress(job, Progress(begun=1.0, lists=(done,)))
    again = opened(tmp_path)
    assert again.job_of(["bob", "ada", "ada"]) == job
    assert again.job_of(["bob"]) != job
    found = again.progress_of(job)
    assert found is not None
    assert found.done("1", "2") == done
    assert found.done("2", "2") is None
    again.end(job)
    assert store.progress_of(job) is None


def test_the_check_writes_and_reads_and_leaves_nothing(store: SuppressionStore, tmp_path: Path) -> None:
    store.check()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []
