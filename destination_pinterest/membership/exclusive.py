"""Leases a ledger for work on its store that is no sync: changing its key, dropping it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec

from destination_pinterest.membership.blobs import Blob, Blobs
from destination_pinterest.membership.held_leases import HeldLeases
from destination_pinterest.membership.keys import AudienceKeys
from destination_pinterest.membership.lease import DEFAULT_TIMING, LeasedManifest, LeaseTiming, wait_for_turn
from destination_pinterest.membership.manifest import Manifest, write_manifest


class Exclusive(msgspec.Struct, frozen=True):
    """Leases ledgers of one place.

    Args:
        blobs: the place.
        sleep, clock: seconds; the clock is monotonic.
        timing: see LeaseTiming.
        held: the leases of this process.
    """

    blobs: Blobs
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    timing: LeaseTiming = DEFAULT_TIMING
    held: HeldLeases = msgspec.field(default_factory=HeldLeases)

    @contextmanager
    def leased(
        self, name: str, read: Callable[[Blob], Manifest], keys_of: Callable[[Manifest], AudienceKeys]
    ) -> Iterator[LeasedManifest | None]:
        """Yields a leased manifest; None if it is gone by now.

        Args:
            name: the manifest's name.
            read: reads it.
            keys_of: the ledger's keys.

        Raises:
            StoreBusyError: a sync is at work on it.
            StoreMismatchError: what `read` raises.
        """
        turn = wait_for_turn(self.blobs, name, read, self.sleep, self.timing)
        if turn is None:
            yield None
            return
        found, manifest = turn
        leased = self.held.take(
            partial(
                LeasedManifest,
                self.blobs,
                name,
                found,
                manifest,
                encode=partial(write_manifest, keys=keys_of(manifest)),
                clock=self.clock,
                timing=self.timing,
            )
        )
        leased.keep_alive()
        try:
            yield leased
        finally:
            leased.release()
