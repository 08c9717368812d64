from __future__ import annotations

import threading

from destination_pinterest.error_codes import Code
from destination_pinterest.membership.folder import FolderBlobs
from unit_tests.membership.shop import AD_ACCOUNT, AUDIENCE, MortalBlobs, Shop
from unit_tests.support.raises import raises


def test_leases_that_are_given_back_cost_the_next_sync_no_wait(shop: Shop) -> None:
    store = shop.store()
    ledgers = [store.open(AD_ACCOUNT, name) for name in ("A", "B")]
    store.give_back()
    assert not any(ledger.holds_lease for ledger in ledgers)
    for name in ("A", "B"):
        assert shop.open(audience=name).holds_lease
    assert shop.time.slept == []
    for ledger in ledgers:
        ledger.close()
    assert all(ledger.holds_lease for ledger in shop.opened)


def test_a_lease_that_is_just_being_taken_is_given_back_too(shop: Shop) -> None:
    class Slow(MortalBlobs):
        """The first write arrives, and is answered only once somebody asked for the leases."""

        def write(self, name: str, body: bytes, *, over: str | None) -> str:
            version = super().write(name, body, over=over)
            written.set()
            assert is_asked_for.wait(10)
            return version

    written, is_asked_for = threading.Event(), threading.Event()
    store = shop.store(blobs=Slow(FolderBlobs(shop.root)))
    opening = threading.Thread(target=lambda: shop.opened.append(store.open(AD_ACCOUNT, AUDIENCE)))
    opening.start()
    assert written.wait(10)
    asking = threading.Thread(target=store.give_back)
    asking.start()
    asking.join(0.1)
    is_asked_for.set()
    asking.join()
    opening.join()
    assert shop.open().holds_lease
    assert shop.time.slept == []


def test_no_lease_is_taken_once_all_were_given_back(shop: Shop) -> None:
    store = shop.store()
    store.give_back()
    with raises(Code.SYNC_STOPPED, match="next sync goes on"):
        store.open(AD_ACCOUNT, AUDIENCE)
    assert list(shop.root.iterdir()) == []
