"""A store is verified, copied, and dropped from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.copying import copy
from destination_pinterest.membership.dropping import drop
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.inventory import ledger_folders
from destination_pinterest.membership.manifest import folder_of
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.membership.verification import verify
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, CHEAP, STORE_KEY, KilledError, MortalBlobs, Shop, person
from unit_tests.support.raises import raises

ADD = Operation.ADD
KEY = StoreKey(STORE_KEY, CHEAP)


@pytest.fixture
def kept(shop: Shop) -> Shop:
    for name in ("A", "B"):
        shop.sync([("s", (1,), ADD, [person("a")]), ("s", (2,), ADD, [person(name)])], audience=name)
    return shop


def folder(shop: Shop, audience: str) -> Path:
    return shop.root / folder_of(AD_ACCOUNT, audience)


def exclusive(shop: Shop, blobs: Blobs | None = None) -> Exclusive:
    return Exclusive(blobs or FolderBlobs(shop.root), shop.time.sleep, shop.time.clock)


def found(shop: Shop, tmp_path: Path, blobs: Blobs | None = None) -> dict[str, Code | None]:
    """What is wrong with each folder."""
    (tmp_path / "scratch").mkdir(exist_ok=True)
    verified = verify(blobs or FolderBlobs(shop.root), KEY, tmp_path / "scratch")
    return {each.folder.name: None if each.problem is None else each.problem.code for each in verified}


def test_every_file_of_every_audience_is_read(kept: Shop, tmp_path: Path) -> None:
    a, b = folder(kept, "A"), folder(kept, "B")
    assert found(kept, tmp_path) == {a.name: None, b.name: None}
    (data,) = a.glob("*.parquet")
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    assert found(kept, tmp_path) == {a.name: Code.STORE_DAMAGED, b.name: None}
    data.unlink()
    assert found(kept, tmp_path) == {a.name: Code.STORE_DAMAGED, b.name: None}
    (b / "manifest.json").unlink()
    assert found(kept, tmp_path) == {a.name: Code.STORE_DAMAGED, b.name: Code.STORE_DAMAGED}


def test_a_folder_under_another_name_and_a_link_are_wrong(kept: Shop, tmp_path: Path) -> None:
    a, b = folder(kept, "A"), folder(kept, "B")
    a.rename(kept.root / ("0" * 32))
    (data,) = b.glob("*.parquet")
    data.rename(tmp_path / "elsewhere")
    data.symlink_to(tmp_path / "elsewhere")
    assert found(kept, tmp_path) == {"0" * 32: Code.STORE_DAMAGED, b.name: Code.STORE_HAS_LINK}


def test_verifying_disturbs_no_sync_and_a_sync_disturbs_no_verifying(kept: Shop, tmp_path: Path) -> None:
    class Meanwhile(FolderBlobs):
        """A sync replaces the files between a look at the manifest and one at a file."""

        def fetch(self, name: str, folder: Path) -> Path | None:
            if not done:
                done.append(name)
                for audience in ("A", "B"):
                    kept.sync([("s", (3,), ADD, [person("c")])], audience=audience)
            return super().fetch(name, folder)

    done: list[str] = []
    assert set(found(kept, tmp_path, Meanwhile(kept.root)).values()) == {None}
    ledger = kept.open(audience="A")
    assert set(found(kept, tmp_path).values()) == {None}
    assert ledger.holds_lease
    assert kept.time.slept == []


def copied(shop: Shop, tmp_path: Path, source: Blobs | None = None, target: Blobs | None = None) -> list[bool]:
    """Whether each ledger's copy was the same before."""
    for name in ("copy", "scratch"):
        (tmp_path / name).mkdir(exist_ok=True)
    to = exclusive(shop, target or FolderBlobs(tmp_path / "copy"))
    return [same for _, same in copy(source or FolderBlobs(shop.root), to, KEY, tmp_path / "scratch")]


def test_a_copy_is_a_store_and_is_brought_up_to_date(kept: Shop, tmp_path: Path) -> None:
    assert copied(kept, tmp_path) == [False, False]
    assert copied(kept, tmp_path) == [True, True]
    kept.sync([("s", (3,), ADD, [person("c")])], audience="A")
    assert sorted(copied(kept, tmp_path)) == [False, True]
    other = Shop(tmp_path / "copy")
    assert set(found(other, tmp_path).values()) == {None}
    assert [len(list(each.glob("*.parquet"))) for each in other.root.iterdir()] == [1, 1]
    with other.open(audience="A") as ledger:
        assert ledger.members == 3


def test_a_copy_made_while_syncs_run_is_whole(kept: Shop, tmp_path: Path) -> None:
    class Meanwhile(FolderBlobs):
        def fetch(self, name: str, folder: Path) -> Path | None:
            if len(done) < 2:
                done.append(name)
                for audience in ("A", "B"):
                    kept.sync([("s", (len(done) + 3,), ADD, [person(f"c{len(done)}")])], audience=audience)
            return super().fetch(name, folder)

    done: list[str] = []
    copied(kept, tmp_path, Meanwhile(kept.root))
    other = Shop(tmp_path / "copy")
    assert set(found(other, tmp_path).values()) == {None}
    ledger = kept.open(audience="A")
    copied(kept, tmp_path)
    assert ledger.holds_lease
    with other.open(audience="A") as theirs:
        assert theirs.members == ledger.members
    assert other.time.slept == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", [1, 2, 3, 4])
def test_a_copy_that_is_killed_goes_on_when_it_is_made_again(
    kept: Shop, tmp_path: Path, change: int, after: bool
) -> None:
    (tmp_path / "copy").mkdir()
    target = MortalBlobs(FolderBlobs(tmp_path / "copy"))
    target.kill_in, target.kill_after = change, after
    with pytest.raises(KilledError):
        copied(kept, tmp_path, target=target)
    copied(kept, tmp_path)
    assert set(found(Shop(tmp_path / "copy"), tmp_path).values()) == {None}


def test_a_copy_writes_over_no_other_ledger_and_no_later_state(kept: Shop, tmp_path: Path) -> None:
    copied(kept, tmp_path)
    other = Shop(tmp_path / "copy")
    for number in range(3):
        other.sync([("s", (9 + number,), ADD, [person(f"d{number}")])], audience="A")
    with raises(Code.STORE_COPY_REFUSED, match="later state"):
        copied(kept, tmp_path)
    shutil.rmtree(folder(other, "A"))
    other.sync([("s", (1,), ADD, [person("z")])], audience="A")
    with raises(Code.STORE_COPY_REFUSED, match="another ledger"):
        copied(kept, tmp_path)
    with raises(Code.STORE_COPY_REFUSED, match="to itself"):
        copied(kept, tmp_path, target=FolderBlobs(kept.root))
    with other.open(audience="A") as ledger:
        assert ledger.members == 1


def dropped(shop: Shop, audience: str, blobs: Blobs | None = None) -> None:
    (place,) = [each for each in ledger_folders(FolderBlobs(shop.root)) if each.name == folder_of(AD_ACCOUNT, audience)]
    drop(exclusive(shop, blobs), place, KEY)


def test_a_dropped_audience_is_forgotten_and_no_other(kept: Shop) -> None:
    dropped(kept, "A")
    assert [each.name for each in ledger_folders(FolderBlobs(kept.root))] == [folder(kept, "B").name]
    with kept.open(audience="A") as ledger:
        assert (ledger.members, ledger.customer_list_id) == (0, None)
    with kept.open(audience="B") as ledger:
        assert ledger.members == 2
    assert kept.time.slept == []


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", [1, 2, 3, 4])
def test_a_drop_that_is_killed_leaves_the_ledger_as_it_was_or_an_empty_one(
    kept: Shop, change: int, after: bool
) -> None:
    blobs = MortalBlobs(FolderBlobs(kept.root))
    blobs.kill_in, blobs.kill_after = change, after
    with pytest.raises(KilledError):
        dropped(kept, "A", blobs)
    with kept.open(audience="A") as ledger:
        assert ledger.members in (0, 2)


@pytest.mark.parametrize("damage", ["missing data", "cut manifest", "no manifest", "another key"])
def test_what_can_not_be_read_can_be_dropped(kept: Shop, damage: str) -> None:
    if damage == "missing data":
        next(folder(kept, "A").glob("*.parquet")).unlink()
    elif damage == "cut manifest":
        (folder(kept, "A") / "manifest.json").write_text("{")
    elif damage == "no manifest":
        (folder(kept, "A") / "manifest.json").unlink()
    else:
        shutil.rmtree(folder(kept, "A"))
        kept.open(audience="A", key="another key of the store").close()
    dropped(kept, "A")
    with kept.open(audience="A") as ledger:
        assert ledger.members == 0


@pytest.mark.parametrize("key", [STORE_KEY, "another key of the store"])
def test_nothing_is_dropped_under_a_sync_that_is_at_work(kept: Shop, key: str) -> None:
    shutil.rmtree(folder(kept, "A"))
    ledger = kept.open(audience="A", key=key)
    kept.time.meanwhile = ledger._leased.beat  # type: ignore[union-attr]
    with raises(Code.STORE_BUSY):
        dropped(kept, "A")
    assert ledger.holds_lease
