"""Allows one sync at a time per ledger, by a lease in the manifest: kept by a heartbeat, changed by compare-and-swap.

No machine's clock is compared with another's. The owner changes the manifest every BEAT_S. A sync that finds a lease
watches it: while it changes, the owner is alive; once it has not changed for BEATS_TO_DIE beats, it is taken over. The
former owner notices with its next change, which finds another version. An owner whose heartbeat fails for a while stops
relying on its lease before another sync may take it over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from uuid import uuid4

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, InternalError, StoreBusyError
from destination_pinterest.membership.blobs import Blob, Blobs, ChangedMeanwhileError
from destination_pinterest.membership.manifest import Lease, Manifest

BEAT_S: Final = 20.0
BEATS_TO_DIE: Final = 3
# One beat less, as a margin between the owner that stops and the sync that takes over.
BELIEVED_FOR_S: Final = (BEATS_TO_DIE - 1) * BEAT_S


class LeaseTiming(msgspec.Struct, frozen=True):
    """The pace of a lease, which all syncs of a store must share. Only tests set it.

    Args:
        beat_s: the time between two heartbeats.
        believed_for_s: how long the owner relies on its last heartbeat.
        release_wait_s: how long `release` waits for a heartbeat that hangs.
    """

    beat_s: float = BEAT_S
    believed_for_s: float = BELIEVED_FOR_S
    release_wait_s: float = 5.0


DEFAULT_TIMING: Final = LeaseTiming()


class LeasedManifest:
    """The manifest of a ledger that this sync has leased. Any thread may use it.

    Args:
        blobs, name: where the manifest is.
        found: the version that was found there, if any, as returned by `wait_for_turn`.
        manifest: the content, or that of a new ledger.
        encode: turns a manifest into an object's content.
        clock: monotonic seconds.
        timing: the pace of the lease.

    Raises:
        StoreBusyError: another sync was faster.
    """

    def __init__(
        self,
        blobs: Blobs,
        name: str,
        found: Blob | None,
        manifest: Manifest,
        *,
        encode: Callable[[Manifest], bytes],
        clock: Callable[[], float],
        timing: LeaseTiming = DEFAULT_TIMING,
    ) -> None:
        self._blobs = blobs
        self._name = name
        self._version = None if found is None else found.version
        self._manifest = manifest
        self._encode = encode
        self._owner = uuid4().hex
        self._clock = clock
        self._timing = timing
        self._lock = threading.Lock()
        self._is_lost = False
        # What was written last, as long as it is unknown whether it arrived.
        self._unconfirmed: bytes | None = None
        self._beat = 0
        self._epoch_seen = 0
        self._seen_s = clock()
        self._ended = threading.Event()
        self._replace(manifest)

    @property
    def manifest(self) -> Manifest:
        """The present content."""
        return self._manifest

    @property
    def holds_lease(self) -> bool:
        """Whether no other sync can have the lease: False as soon as one might."""
        return not self._is_lost and self._clock() - self._seen_s < self._timing.believed_for_s

    @property
    def is_released(self) -> bool:
        """Whether the lease is over."""
        return self._is_lost

    def update(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Replaces the manifest with the result of `change`, and returns it.

        Raises:
            StoreBusyError: the lease is lost; nothing was written.
            ConnectorError: as in Blobs; it is unknown whether anything was written.
        """
        with self._lock:
            changed = change(self._manifest)
            if changed.files != self._manifest.files:
                epoch = max(self._manifest.epoch, self._epoch_seen) + 1
                changed = msgspec.structs.replace(changed, epoch=epoch)
            self._replace(changed)
            return self._manifest

    def amend(self, change: Callable[[Manifest], Manifest]) -> None:
        """Changes what the next write writes, at the latest `release`, which may fail: for what can be done without."""
        with self._lock:
            self._manifest = change(self._manifest)

    def continue_from(self, epoch: int) -> None:
        """Continues the epochs of a store that kept the audience before."""
        self._epoch_seen = epoch

    def beat(self) -> None:
        """Shows others that this sync is alive. A failure is ignored: the next beat may succeed."""
        with suppress(ConnectorError):
            self.update(lambda manifest: manifest)

    def keep_alive(self) -> None:
        """Sends heartbeats from a thread of its own until `release`."""
        threading.Thread(target=self._beat_on, name="membership lease", daemon=True).start()

    def release(self) -> None:
        """Ends the lease. If that fails or takes long, the next sync has to wait until the lease expires."""
        self._ended.set()
        # A beat may be waiting for a place that does not answer, and a sync that is stopped has only seconds.
        if not self._lock.acquire(timeout=self._timing.release_wait_s):
            return
        try:
            with suppress(ConnectorError):
                if not self._is_lost:
                    self._replace(self._manifest, ends=True)
            self._is_lost = True
        finally:
            self._lock.release()

    def _beat_on(self) -> None:
        while not self._ended.wait(self._timing.beat_s):
            self.beat()

    def _replace(self, manifest: Manifest, *, ends: bool = False) -> None:
        if self._is_lost:
            raise busy(self._manifest)
        started_s = self._clock()
        self._beat += 1
        lease = None if ends else Lease(self._owner, self._beat)
        manifest = msgspec.structs.replace(manifest, lease=lease)
        body = self._encode(manifest)
        try:
            self._version = self._write(body)
        except ChangedMeanwhileError:
            self._is_lost = True
            raise busy(manifest) from None
        self._manifest = manifest
        self._seen_s = started_s

    def _write(self, body: bytes) -> str:
        """Writes over the known version, or over our own last write if that arrived although it seemed to fail."""
        unconfirmed, self._unconfirmed = self._unconfirmed, body
        try:
            version = self._blobs.write(self._name, body, over=self._version)
        except ChangedMeanwhileError:
            found = self._blobs.read(self._name)
            if found is None or found.body != unconfirmed:
                raise
            version = self._blobs.write(self._name, body, over=found.version)
        self._unconfirmed = None
        return version


class ViewedManifest:
    """A manifest that is only read, without a lease.

    Args:
        manifest: its content.
    """

    holds_lease = False

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest

    def update(self, change: Callable[[Manifest], Manifest]) -> Manifest:  # noqa: ARG002 - nothing is changed
        """Refuses every change.

        Raises:
            InternalError: always.
        """
        raise InternalError(
            Code.STORE_MISUSED,
            "The membership store was to be written although it was only looked at. Please report this.",
        )

    def amend(self, change: Callable[[Manifest], Manifest]) -> None:
        """Does nothing: nothing is written."""

    def continue_from(self, epoch: int) -> None:
        """Does nothing: no epoch follows."""

    def release(self) -> None:
        """Does nothing: there is no lease."""


def wait_for_turn(
    blobs: Blobs,
    name: str,
    read: Callable[[Blob], Manifest],
    sleep: Callable[[float], None],
    timing: LeaseTiming = DEFAULT_TIMING,
) -> tuple[Blob, Manifest] | None:
    """Returns the manifest once it has no lease, or one that has expired. None if there is no manifest.

    Raises:
        StoreBusyError: another sync is alive.
    """
    found = blobs.read(name)
    if found is None:
        return None
    manifest = read(found)
    for _ in range(BEATS_TO_DIE):
        if manifest.lease is None:
            break
        sleep(timing.beat_s)
        again = blobs.read(name)
        if again is None:
            raise busy(manifest)
        moved = again.version != found.version
        found, manifest = again, read(again)
        if moved and manifest.lease is not None:
            raise busy(manifest)
    return found, manifest


def busy(manifest: Manifest) -> StoreBusyError:
    """Returns the error for a ledger that another sync has leased."""
    return StoreBusyError(
        Code.STORE_BUSY,
        f'Another sync is at work on the audience "{manifest.audience}" with the same membership store, which this one '
        "left as it was. Airbyte tries again by itself; elsewhere, run it again later.",
    )
