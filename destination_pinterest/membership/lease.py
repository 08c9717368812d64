"""One sync at a time per book: a lease in the manifest, kept alive by a beat, and every change by compare-and-swap.

No clock is compared with another machine's. The owner changes the manifest every BEAT_S; who finds a lease watches
it: while it moves, the owner is alive; once it stood still for BEATS_TO_DIE beats, it is taken over. An owner that
was taken over learns that from its next change, which finds another version; and one that could not beat for a while
stops believing in its lease before anybody may take it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import msgspec

from destination_pinterest.errors import ConnectorError, StoreBusyError
from destination_pinterest.membership.blobs import Blob, Blobs, ChangedMeanwhileError
from destination_pinterest.membership.manifest import Lease, Manifest

BEAT_S: Final = 20.0
BEATS_TO_DIE: Final = 3
# One beat less: between an owner that stops believing and another that begins there is a beat of margin.
BELIEVED_FOR_S: Final = (BEATS_TO_DIE - 1) * BEAT_S

_GIVING_BACK_S: Final = 5.0


class LeasedManifest:
    """The manifest of a book that this sync has for itself. Any thread may use it.

    Args:
        blobs, name: where it is.
        found: the version that was found there, if any, as `wait_for_turn` returned it.
        manifest: what it says, or what a new one shall say.
        encode: makes a manifest an object's content.
        owner: a name that no other sync has.
        clock: monotonic seconds.

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
        owner: str,
        clock: Callable[[], float],
    ) -> None:
        self._blobs = blobs
        self._name = name
        self._version = None if found is None else found.version
        self._manifest = manifest
        self._encode = encode
        self._owner = owner
        self._clock = clock
        self._lock = threading.Lock()
        self._is_lost = False
        # What was written last, while it is unknown whether it arrived.
        self._unsure: bytes | None = None
        self._beat = 0
        self._seen_s = clock()
        self._ended = threading.Event()
        self._replace(manifest)

    @property
    def manifest(self) -> Manifest:
        """As it is now."""
        return self._manifest

    @property
    def holds_lease(self) -> bool:
        """Whether nobody else can have the book: False as soon as that is in doubt."""
        return not self._is_lost and self._clock() - self._seen_s < BELIEVED_FOR_S

    def update(self, change: Callable[[Manifest], Manifest]) -> Manifest:
        """Replaces the manifest by what `change` makes of it, and returns that.

        Raises:
            StoreBusyError: the lease is lost; nothing was written.
            ConnectorError: as Blobs says; it is unknown whether it was written.
        """
        with self._lock:
            self._replace(change(self._manifest))
            return self._manifest

    def beat(self) -> None:
        """Tells others that this sync is alive. A failure is only remembered: the next beat may succeed."""
        with suppress(ConnectorError):
            self.update(lambda manifest: manifest)

    def keep_alive(self) -> None:
        """Beats from a thread until `give_back`."""
        threading.Thread(target=self._beat_on, name="membership lease", daemon=True).start()

    def give_back(self) -> None:
        """Ends the lease. Where that fails or takes long, the next sync waits until the lease is seen to be dead."""
        self._ended.set()
        # A beat may be on its way to a place that does not answer; who ends a sync has seconds.
        if not self._lock.acquire(timeout=_GIVING_BACK_S):
            return
        try:
            with suppress(ConnectorError):
                if not self._is_lost:
                    self._replace(self._manifest, ends=True)
            self._is_lost = True
        finally:
            self._lock.release()

    def _beat_on(self) -> None:
        while not self._ended.wait(BEAT_S):
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
        """Writes over the version that is known; or over one's own, if that had arrived though it seemed to fail."""
        unsure, self._unsure = self._unsure, body
        try:
            version = self._blobs.write(self._name, body, over=self._version)
        except ChangedMeanwhileError:
            found = self._blobs.read(self._name)
            if found is None or found.body != unsure:
                raise
            version = self._blobs.write(self._name, body, over=found.version)
        self._unsure = None
        return version


def wait_for_turn(
    blobs: Blobs, name: str, read: Callable[[Blob], Manifest], sleep: Callable[[float], None]
) -> tuple[Blob, Manifest] | None:
    """The manifest as it may be taken: with no lease, or with one that stood still. None where there is no manifest.

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
        sleep(BEAT_S)
        again = blobs.read(name)
        if again is None:
            raise busy(manifest)
        moved = again.version != found.version
        found, manifest = again, read(again)
        if moved and manifest.lease is not None:
            raise busy(manifest)
    return found, manifest


def busy(manifest: Manifest) -> StoreBusyError:
    """The error where another sync has the book."""
    return StoreBusyError(
        f'Another sync is at work on audience "{manifest.audience}" with the same membership store. This sync did not '
        "change the store; it will be tried again."
    )
