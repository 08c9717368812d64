from __future__ import annotations

import threading

import pytest

from destination_pinterest.errors import StorageFailedError, StoreBusyError
from destination_pinterest.membership import lease
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import BEAT_S, BEATS_TO_DIE, BELIEVED_FOR_S, LeasedManifest
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import LIST, KilledError, MortalBlobs, Shop, person, sent

ADD = Operation.ADD
A, B = person("a"), person("b")


def test_a_book_that_was_given_back_is_opened_at_once(shop: Shop) -> None:
    shop.open().close()
    shop.open()
    assert shop.time.slept == []


def test_while_another_sync_is_alive_a_second_one_is_refused(shop: Shop) -> None:
    first = shop.open()
    shop.time.meanwhile = first._leased.beat
    with pytest.raises(StoreBusyError, match=r'at work on audience "Customers".*tried again') as raised:
        shop.open()
    assert raised.value.failure_kind == "transient_error"
    assert shop.time.slept == [BEAT_S]
    assert first.holds_lease


def test_the_book_of_a_dead_sync_is_taken_over_after_its_lease_stood_still(shop: Shop) -> None:
    dead = shop.open()
    book = shop.open()
    assert shop.time.slept == [BEAT_S] * BEATS_TO_DIE
    assert (dead.holds_lease, book.holds_lease) == (False, True)


def test_a_book_that_is_given_back_while_somebody_waits_is_taken(shop: Shop) -> None:
    shop.time.meanwhile = shop.open().close
    assert shop.open().holds_lease
    assert shop.time.slept == [BEAT_S]


def test_a_sync_that_was_taken_over_neither_begins_nor_commits(shop: Shop) -> None:
    slow = shop.open()
    slow.record("s", (1,), ADD, [A])
    changes = slow.diff()
    other = shop.open()
    for step in (lambda: slow.write_ahead(changes), lambda: slow.commit(changes, LIST)):
        with pytest.raises(StoreBusyError):
            step()
    slow.close()
    assert other.holds_lease
    assert (other.members, shop.files()) == (0, ["manifest.json"])


def test_a_sync_that_does_not_know_yet_that_it_was_taken_over_learns_it_from_the_manifest(shop: Shop) -> None:
    slow = shop.open()
    slow.record("s", (1,), ADD, [A])
    changes = slow.diff()
    fast = shop.open()
    slow._leased._seen_s = shop.time.clock()  # As if its clock had stood still with it.
    assert slow.holds_lease
    with pytest.raises(StoreBusyError):
        slow.write_ahead(changes)
    assert not slow.holds_lease
    fast.record("s", (1,), ADD, [B])
    changes = fast.diff()
    fast.write_ahead(changes)
    assert sent(changes) == ({B}, set())
    fast.commit(changes, LIST)
    # What the slow one had brought to the store is cleaned up.
    assert shop.files() == ["changes", "manifest.json"]


def test_a_sync_doubts_its_lease_a_beat_before_anybody_may_take_it(shop: Shop) -> None:
    book = shop.open()
    shop.time.now_s += BELIEVED_FOR_S - 1
    assert book.holds_lease
    shop.time.now_s += 1
    assert not book.holds_lease
    assert BELIEVED_FOR_S + BEAT_S <= BEATS_TO_DIE * BEAT_S


def test_a_beat_that_fails_is_made_up_by_the_next(shop: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(shop.root))
    book = shop.open(blobs=blobs)
    blobs.die()
    shop.time.now_s += BEAT_S
    book._leased.beat()
    shop.time.now_s += BEAT_S
    assert not book.holds_lease
    blobs.is_dead = False
    book._leased.beat()
    assert book.holds_lease


def test_a_change_that_arrived_though_it_seemed_to_fail_costs_no_lease(shop: Shop) -> None:
    class Mute(MortalBlobs):
        def write(self, name: str, body: bytes, *, over: str | None) -> str:
            version = super().write(name, body, over=over)
            if self.is_mute:
                self.is_mute = False
                raise StorageFailedError("No answer came.")
            return version

        is_mute = False

    blobs = Mute(FolderBlobs(shop.root))
    book = shop.open(blobs=blobs)
    book.record("s", (1,), ADD, [A])
    changes = book.diff()
    for step in (lambda: book.write_ahead(changes), lambda: book.commit(changes, LIST)):
        blobs.is_mute = True
        with pytest.raises(StorageFailedError):
            step()
        step()
    assert book.holds_lease
    book.close()
    with shop.open() as again:
        assert (again.members, shop.files()) == (1, ["changes", "manifest.json"])


def test_after_giving_back_a_late_beat_takes_nothing(shop: Shop) -> None:
    book = shop.open()
    book.close()
    book._leased.beat()
    assert not book.holds_lease
    shop.open()
    assert shop.time.slept == []


def test_who_ends_does_not_wait_for_a_beat_that_hangs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_GIVING_BACK_S", 0.0)
    book = shop.open()
    with book._leased._lock:
        book.close()
    assert shop.open().holds_lease
    assert shop.time.slept == [BEAT_S] * BEATS_TO_DIE


def test_the_beat_comes_from_a_thread_of_its_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_S", 0.001)
    beats = threading.Event()
    blobs = FolderBlobs(shop.root)
    monkeypatch.setattr(LeasedManifest, "beat", lambda self: beats.set())
    shop.open(blobs=blobs)
    assert beats.wait(10)


def test_of_two_first_syncs_one_makes_the_book(shop: Shop) -> None:
    class Slow(MortalBlobs):
        def write(self, name: str, body: bytes, *, over: str | None) -> str:
            shop.open()
            return super().write(name, body, over=over)

    with pytest.raises(StoreBusyError):
        shop.open(blobs=Slow(FolderBlobs(shop.root)))


def test_a_manifest_that_vanishes_while_somebody_waits_is_no_new_book(shop: Shop) -> None:
    shop.open()
    shop.time.meanwhile = (shop.folder / "manifest.json").unlink
    with pytest.raises(StoreBusyError):
        shop.open()


def test_a_failure_to_give_back_is_no_failure_of_the_sync(shop: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(shop.root))
    book = shop.open(blobs=blobs)
    blobs.die()
    with pytest.raises(StorageFailedError):
        blobs.delete("x")
    book.close()
    assert shop.open().holds_lease


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_sync_that_is_killed_while_it_opens_a_book_leaves_one_that_can_be_opened(
    shop: Shop, change: int, after: bool
) -> None:
    shop.sync([("s", (1,), ADD, [A])])
    # Two that a crash left: the file of a commit, and one that was being copied.
    for name in (f"changes-9-{'0' * 32}.parquet", f"base-9-{'1' * 32}.parquet.part"):
        (shop.folder / name).write_bytes(b"")
    (shop.folder / "somebody else's.txt").write_bytes(b"")
    blobs = MortalBlobs(FolderBlobs(shop.root))
    blobs.kill_in, blobs.kill_after = change, after
    with pytest.raises(KilledError):
        shop.open(blobs=blobs)
    assert shop.open().members == 1
    assert shop.files() == ["changes", "manifest.json", "somebody else's.txt"]
