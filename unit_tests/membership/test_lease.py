from __future__ import annotations

import threading
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import BEAT_S, BEATS_TO_DIE, BELIEVED_FOR_S, LeaseTiming
from destination_pinterest.vocabulary import Operation
from unit_tests.membership.shop import LIST, KilledError, MortalBlobs, Shop, person
from unit_tests.support.raises import raises

ADD = Operation.ADD
A, B = person("a"), person("b")


def test_while_another_sync_is_alive_a_second_one_is_refused(shop: Shop) -> None:
    first = shop.open()
    shop.time.meanwhile = first._leased.beat
    with raises(Code.STORE_BUSY, match=r'at work on the audience "Customers".*tries again by itself') as raised:
        shop.open()
    assert raised.value.failure_kind == "transient_error"
    assert shop.time.slept == [BEAT_S]
    assert first.holds_lease


def test_a_sync_doubts_its_lease_a_beat_before_anybody_may_take_it(shop: Shop) -> None:
    ledger = shop.open()
    shop.time.now_s += BELIEVED_FOR_S - 1
    assert ledger.holds_lease
    shop.time.now_s += 1
    assert not ledger.holds_lease
    assert BELIEVED_FOR_S + BEAT_S <= BEATS_TO_DIE * BEAT_S


def test_a_beat_that_fails_is_made_up_by_the_next(shop: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    blobs.die()
    shop.time.now_s += BEAT_S
    ledger._leased.beat()
    shop.time.now_s += BEAT_S
    assert not ledger.holds_lease
    blobs.is_dead = False
    ledger._leased.beat()
    assert ledger.holds_lease


def test_a_change_that_arrived_though_it_seemed_to_fail_costs_no_lease(shop: Shop) -> None:
    class Mute(MortalBlobs):
        def write(self, name: str, body: bytes, *, over: str | None) -> str:
            version = super().write(name, body, over=over)
            if self.is_mute:
                self.is_mute = False
                raise StorageFailedError(Code.BUCKET_FAILED, "No answer came.")
            return version

        is_mute = False

    blobs = Mute(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    ledger.record("s", (1,), ADD, [A])
    delta = ledger.diff()
    for step in (lambda: ledger.write_ahead(delta), lambda: ledger.commit(delta, LIST)):
        blobs.is_mute = True
        with raises(Code.BUCKET_FAILED):
            step()
        step()
    assert ledger.holds_lease
    ledger.close()
    with shop.open() as again:
        assert (again.members, shop.files()) == (1, ["changes", "manifest.json"])


def test_after_giving_back_a_late_beat_takes_nothing(shop: Shop) -> None:
    ledger = shop.open()
    ledger.close()
    ledger._leased.beat()
    assert not ledger.holds_lease
    shop.open()
    assert shop.time.slept == []


def test_who_ends_does_not_wait_for_a_beat_that_hangs(shop: Shop) -> None:
    shop.timing = LeaseTiming(release_wait_s=0.0)
    ledger = shop.open()
    with ledger._leased._lock:
        ledger.close()
    assert shop.open().holds_lease
    assert shop.time.slept == [BEAT_S] * BEATS_TO_DIE


class CountedBlobs(FolderBlobs):
    """A folder that counts what is written to it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.writes = threading.Semaphore(0)

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        version = super().write(name, body, over=over)
        self.writes.release()
        return version


def test_the_beats_come_from_a_thread_of_their_own(shop: Shop) -> None:
    shop.timing = LeaseTiming(beat_s=0.001)
    blobs = CountedBlobs(shop.root)
    ledger = shop.open(blobs=blobs)
    assert all(blobs.writes.acquire(timeout=10) for _ in range(3))  # The first is that of the opening.
    ledger.close()


def test_a_failure_to_give_back_is_no_failure_of_the_sync(shop: Shop) -> None:
    blobs = MortalBlobs(FolderBlobs(shop.root))
    ledger = shop.open(blobs=blobs)
    blobs.die()
    with raises(Code.BUCKET_FAILED):
        blobs.delete("x")
    ledger.close()
    assert shop.open().holds_lease


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_sync_that_is_killed_while_it_opens_a_ledger_leaves_one_that_can_be_opened(
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
