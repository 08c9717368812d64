from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from destination_pinterest.config import LocalMembershipStore
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.membership import MembershipLedger, open_membership_store
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.manifest import FORMAT, Manifest, folder_of, write_manifest
from destination_pinterest.membership.store_key import Scrypt, StoreKey
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import AD_ACCOUNT, AUDIENCE, CHEAP, STORE_KEY, MortalBlobs, Shop, person
from unit_tests.support.raises import raises

ADD = Operation.ADD


@pytest.fixture
def kept(shop: Shop) -> Shop:
    shop.sync([("s", (1,), ADD, [person("a")])])
    return shop


def assert_mismatch(shop: Shop, *said: str, **more: Any) -> None:
    before = {path: path.read_bytes() for path in shop.folder.iterdir()}
    with pytest.raises(StoreMismatchError) as raised:
        shop.open(**more)
    message = str(raised.value)
    for some in (*said, str(shop.folder)):
        assert some in message
    assert person("a") not in message
    # Data are as they were: nothing is repaired or rebuilt.
    for path, content in before.items():
        assert path.name == "manifest.json" or path.read_bytes() == content


def test_the_settings_name_the_folder(tmp_path: Path) -> None:
    settings = LocalMembershipStore(path=str(tmp_path), store_key=STORE_KEY)
    with open_membership_store(settings).open(AD_ACCOUNT, AUDIENCE) as ledger:
        assert (ledger.members, ledger.customer_list_id) == (0, None)
    assert (tmp_path / folder_of(AD_ACCOUNT, AUDIENCE) / "manifest.json").is_file()


def test_audiences_have_ledgers_of_their_own(kept: Shop) -> None:
    with kept.open(audience="Others") as ledger:
        assert ledger.members == 0
    with kept.open() as ledger:
        assert ledger.members == 1


def _without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def _cut_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])


def _edited_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"members":1', b'"members":2'))


def _odd_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"manifest": {"format": 1, "salt": "zz"}, "mac": ""}))


def _cut_data(folder: Path) -> None:
    (path,) = folder.glob("*.parquet")
    path.write_bytes(path.read_bytes()[:-1])


def _flipped_data(folder: Path) -> None:
    (path,) = folder.glob("*.parquet")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _without_data(folder: Path) -> None:
    (path,) = folder.glob("*.parquet")
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (_without_manifest, "manifest.json: the file is missing"),
        (_cut_manifest, "manifest.json: its content can't be read"),
        (_edited_manifest, "manifest.json: its content was changed by something else"),
        (_odd_manifest, "manifest.json: its content can't be read"),
        (_cut_data, ".parquet: the file is not what it was"),
        (_flipped_data, ".parquet: the file is not what it was"),
        (_without_data, ".parquet: the file is missing"),
    ],
)
def test_a_damaged_store_is_refused_and_never_rebuilt(kept: Shop, damage: Callable[[Path], None], where: str) -> None:
    damage(kept.folder)
    for _ in range(2):
        assert_mismatch(
            kept, "is damaged", where, "Restore the folder from a backup, or delete the folder", "start anew"
        )


def test_the_store_of_another_audience_is_refused(kept: Shop) -> None:
    shutil.copytree(kept.folder, kept.root / folder_of(AD_ACCOUNT, "Others"))
    with raises(
        Code.STORE_OF_OTHER_AUDIENCE,
        match=f'about the audience "{AUDIENCE}" of the ad account {AD_ACCOUNT}, not about "Others"',
    ):
        kept.open(audience="Others")


def test_another_store_key_is_refused(kept: Shop) -> None:
    assert_mismatch(kept, "another store key", key="another key of sixteen")
    with raises(Code.STORE_KEY_WRONG, match="another store key"):
        kept.store(key="another key of sixteen").check()


def test_the_store_of_a_later_version_is_refused(kept: Shop) -> None:
    keys = StoreKey(STORE_KEY, CHEAP).keys(bytes(16), 1)
    later = Manifest(
        format=FORMAT + 1, ad_account_id="1", audience="A", salt="00" * 16, stretching=1, key_check=keys.check
    )
    content = write_manifest(later, keys).replace(b'"members":0', b'"members":{"new":"shape"}')
    (kept.folder / "manifest.json").write_bytes(content)
    assert_mismatch(kept, "later version", f"format {FORMAT + 1}")


def test_a_ledger_keeps_the_stretching_it_was_made_with_when_a_dearer_one_comes(kept: Shop) -> None:
    kept.stretchings = {**CHEAP, 2: Scrypt(n=4, r=8, p=1)}
    assert kept.sync([("s", (2,), ADD, [person("b")])])[0].members_before == 1
    assert _stretching(kept.folder) == 1
    with kept.open(audience="Others"):
        assert _stretching(kept.root / folder_of(AD_ACCOUNT, "Others")) == 2
    kept.stretchings = CHEAP
    with kept.open() as ledger:
        assert ledger.members == 2
    with raises(Code.STORE_OF_LATER_VERSION, match=r"later version of the connector \(key stretching 2 is not known"):
        kept.open(audience="Others")


def _stretching(folder: Path) -> int:
    version: int = json.loads((folder / "manifest.json").read_bytes())["manifest"]["stretching"]
    return version


def test_after_a_refusal_of_the_data_the_lease_is_given_back(kept: Shop) -> None:
    _without_data(kept.folder)
    assert_mismatch(kept, "missing")
    assert kept.time.slept == []
    assert_mismatch(kept, "missing")
    assert kept.time.slept == []


def test_a_store_that_works_passes_the_check_and_is_left_as_it_was(kept: Shop) -> None:
    before = kept.files()
    kept.store().check()
    assert kept.files() == before
    assert not list(kept.root.glob("check-*"))


def test_a_place_that_does_not_give_back_what_was_written_fails_the_check(shop: Shop) -> None:
    class Forgetful(MortalBlobs):
        def read(self, name: str) -> None:
            return None

    with raises(Code.STORE_FORGETS, match="did not give back"):
        shop.store(blobs=Forgetful(FolderBlobs(shop.root))).check()


@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.IOException])
def test_a_full_private_folder_is_told_with_advice(shop: Shop, error: type[Exception]) -> None:
    ledger: MembershipLedger = shop.open()
    with raises(Code.LOCAL_DISK_FAILED, match="TMPDIR"), ledger._workspace._explained():
        raise error("no space")


def test_an_identifier_that_cannot_be_decrypted_is_told_as_damage(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = shop.open()
    ledger.record("s", (1,), ADD, [person("a")])
    delta = ledger.diff()
    ledger._workspace.execute("UPDATE spooled.rows SET c1 = c1 + 1")
    with raises(Code.STORE_DAMAGED, match="can't be decrypted"):
        list(delta.iter_additions(10))


@pytest.mark.parametrize("body", [b"[" * 100_000 + b"]" * 100_000, b" " * 10_000_001])
def test_a_manifest_of_any_depth_or_size_is_said_to_be_damaged(kept: Shop, body: bytes) -> None:
    (kept.folder / "manifest.json").write_bytes(body)
    with raises(Code.STORE_DAMAGED):
        kept.open()
