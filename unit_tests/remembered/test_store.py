"""What the store itself can do to a sync."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    StoreMismatchError,
)
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.membership.manifest import FORMAT
from unit_tests.membership.shop import MortalBlobs
from unit_tests.remembered.shop import (
    AD_ACCOUNT,
    BY_IMAGE,
    Shop,
    people,
    rows,
    said,
    state,
    stream,
)
from unit_tests.support.raises import raises


def test_while_another_sync_is_at_work_a_second_one_fails_and_changes_nothing(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    shop.lease_timing = LeaseTiming(beat_s=0.2)
    with shop.open(), raises(Code.STORE_BUSY, match='Another sync is at work on the audience "users"'):
        shop.sync([stream(**BY_IMAGE)], *rows("abd"), state(2, {}))
    assert (shop.writes, shop.released, shop.members()) == ([], [], 3)


def test_ledgers_that_dead_syncs_left_are_taken_over_all_at_once(shop: Shop) -> None:
    streams = [stream(name, **BY_IMAGE) for name in ("users", "orders")]
    lines = [*rows("abc"), *rows("x", "orders"), state(1, {}), state(2, {}, "orders")]
    shop.sync(streams, *lines)
    dead = [MortalBlobs(FolderBlobs(shop.root)) for _ in streams]
    ledgers = [shop.open(name, blobs) for name, blobs in zip(("users", "orders"), dead, strict=True)]
    for blobs in dead:
        blobs.die()
    shop.lease_timing = LeaseTiming(beat_s=0.02)
    assert shop.sync(streams, *lines) == [1, 2]
    assert shop.writes == []
    for ledger in ledgers:
        ledger.close()


def _spoil_the_key(shop: Shop) -> dict[str, Any]:
    store = {"store_type": "local", "path": str(shop.root), "store_key": "another key that is long enough"}
    return {"membership_store": store}


def _manifest(shop: Shop) -> Path:
    (manifest,) = shop.root.glob("*/manifest.json")
    return manifest


def _damage(shop: Shop) -> dict[str, Any]:
    _manifest(shop).write_bytes(b"{}")
    return {}


def _lose_a_file(shop: Shop) -> dict[str, Any]:
    for path in shop.root.glob("*/*.parquet"):
        path.unlink()
    return {}


def _lose_the_manifest(shop: Shop) -> dict[str, Any]:
    _manifest(shop).unlink()
    return {}


def _come_from_the_future(shop: Shop) -> dict[str, Any]:
    manifest = _manifest(shop)
    manifest.write_bytes(manifest.read_bytes().replace(b'"format":%d' % FORMAT, b'"format":99'))
    return {}


def _make_it_anothers(shop: Shop) -> dict[str, Any]:
    (folder,) = [path for path in shop.root.iterdir() if path.is_dir()]
    with shop.open("orders"):
        pass
    (other,) = [path for path in shop.root.iterdir() if path.is_dir() and path != folder]
    (other / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    other.rename(folder.with_name(other.name))
    return {"audience_name": "orders"}


def _make_the_audience_of_another_list(shop: Shop) -> dict[str, Any]:
    (audience,) = shop.pinterest.audiences.values()
    audience["rule"]["customer_list_id"] = shop.pinterest.add_list("by hand", *people("abc"))
    return {}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_spoil_the_key, "another store key"),
        (_damage, "is damaged at"),
        (_lose_a_file, "the file is missing"),
        (_lose_the_manifest, "the file is missing"),
        (_come_from_the_future, "later version"),
        (_make_it_anothers, 'is about the audience "users"'),
        (_make_the_audience_of_another_list, "knows the audience"),
    ],
)
def test_a_store_that_is_not_the_audiences_stops_the_sync_and_nothing_is_touched(
    shop: Shop, spoil: Callable[[Shop], dict[str, Any]], message: str
) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("abc"), state(1, {}))
    settings = spoil(shop)
    files = {path: path.read_bytes() for path in shop.root.rglob("*.parquet")}
    with pytest.raises(StoreMismatchError, match=message) as caught:
        shop.sync([stream(**BY_IMAGE)], *rows("abd"), state(2, {}), **settings)
    assert caught.value.failure_kind == "config_error"
    assert (shop.writes, shop.released) == ([], [])
    assert {path: path.read_bytes() for path in shop.root.rglob("*.parquet")} == files


def test_a_folder_that_is_not_there_is_no_empty_store(shop: Shop) -> None:
    shop.root.rmdir()
    with raises(Code.STORE_FOLDER_REFUSED, match="Create or mount it"):
        shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.pinterest.asked_for("POST") == []


def test_without_a_folder_to_work_in_the_error_says_which_variable_names_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    with raises(Code.NO_LOCAL_FOLDER, match="TMPDIR"):
        shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    assert shop.writes == []


def test_a_sync_that_fails_at_its_beginning_leaves_no_ledger_open(shop: Shop) -> None:
    shop.sync([stream(**BY_IMAGE)], *rows("a"), state(1, {}))
    shop.pinterest.refuse("GET", "/audiences", 403, "no")
    with raises(Code.ROLE_MISSING, match="no"):
        shop.sync([stream(**BY_IMAGE)], *rows("b"), state(1, {}))
    with raises(Code.LINE_NOT_A_MESSAGE):
        shop.sync([stream(**BY_IMAGE)], b"{")
    assert shop.members() == 1


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_other_modes_than_mirror_leave_the_store_alone_and_say_so(shop: Shop, outbox: Any, mode: str) -> None:
    shop.has("ab")
    shop.sync([stream(**BY_IMAGE)], *rows("bc"), state(1, {}), mode=mode)
    assert shop.people_in() == people("abc" if mode == "additive" else "a")
    assert list(shop.root.iterdir()) == []
    assert f"The membership store is not used, since What the table does (mode) is {mode}." in said(outbox, "WARN")


def test_a_chosen_audience_is_remembered_by_its_id(shop: Shop) -> None:
    audience_id = shop.has("x", "chosen")
    chosen = stream(**BY_IMAGE, destination_object_name=f"its name then ({AD_ACCOUNT}/{audience_id})")
    shop.sync([chosen], *rows("abc"), state(1, {}))
    shop.pinterest.audiences[audience_id]["name"] = "renamed"
    shop.sync([chosen], *rows("bcd"), state(1, {}))
    assert shop.people_in("renamed") == people("bcdx")
