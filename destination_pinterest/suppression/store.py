"""The suppression store of a connection: adds people, lifts them, and gives them to syncs.

The digests are one sorted file. A change writes a new one, then the head that names it, then deletes the old one; so a
kill leaves the one or the other. Two changes at once are told apart by compare-and-swap, and the later one is made
again on what the earlier one left.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError
from destination_pinterest.membership.blobs import Blobs, ChangedMeanwhileError
from destination_pinterest.membership.keys import SALT_BYTES, AudienceKeys
from destination_pinterest.membership.store import open_blobs
from destination_pinterest.membership.store_key import STRETCHINGS, Scrypt, StoreKey
from destination_pinterest.private_folder import PrivateFolder
from destination_pinterest.suppression.digests import (
    DIGEST_BYTES,
    DigestFile,
    Digests,
    joined,
    write_with,
    write_without,
)
from destination_pinterest.suppression.head import FILE_NAME, FOLDER, Head, damaged, read_head, seal, unseal
from destination_pinterest.suppression.progress import Progress, name_of

# How often a change is made again on what another one left, and the file is looked for again.
_ATTEMPTS: Final = 6
_JOB_BYTES: Final = 8
# Tells the digests of those who are suppressed on exclusion audiences too from the others.
_EXCLUSION: Final = b"exclusion"

Settings = LocalMembershipStore | S3MembershipStore


class SuppressedPeople:
    """The people of a suppression store, as they were when it was read. Any thread may use it.

    Args:
        found: their digests.
        key: what identifiers are digested with.
        version: another one for each state of the store.
    """

    def __init__(self, found: DigestFile, key: bytes, version: str) -> None:
        self._found = found
        self._key = key
        self.version = version

    @property
    def count(self) -> int:
        """How many identifiers are suppressed."""
        return self._found.count

    def holds(self, identifier: str, *, for_exclusion: bool = False) -> bool:
        """Whether an identifier, as it is sent to Pinterest, is suppressed.

        `for_exclusion`: whether for exclusion audiences too, in which the others may stay.
        """
        return self._found.has(_digest(identifier, self._key, _EXCLUSION if for_exclusion else b""))


class SuppressionStore:
    """A suppression store.

    Every method raises:
        StorageRefusedError: the place does not exist, or may not be used.
        StorageFailedError: the place failed.
        StoreMismatchError: the store is damaged, of a later version, or written with another key.

    Args:
        blobs: the place.
        store_key: the secret of the settings.
    """

    def __init__(self, blobs: Blobs, store_key: StoreKey) -> None:
        self._blobs = blobs
        self._store_key = store_key

    @property
    def address(self) -> str:
        """The store's address, for people."""
        return self._blobs.address("")

    def read(self, scratch: Path) -> SuppressedPeople:
        """Returns the people that are suppressed now.

        Args:
            scratch: a folder for a copy of the file, which may be deleted once they are not asked for any more.
        """
        for _ in range(_ATTEMPTS):
            found = self._head()
            if found is None:
                return SuppressedPeople(DigestFile(None, 0), b"", "")
            head, keys, _ = found
            path = self._fetch(head, scratch)
            if path is not None or not head.file:
                people = DigestFile(path, head.count)
                return SuppressedPeople(people, keys.people_key, f"{keys.name} {head.sequence}")
        raise damaged(self._blobs.address(FILE_NAME))

    def add(self, identifiers: Iterable[str], *, for_exclusion: bool = False) -> int:
        """Suppresses identifiers, and `for_exclusion` on exclusion audiences too; returns how many were not before."""
        people = list(identifiers)
        new = self._change(people, b"", write_with)
        if for_exclusion:
            self._change(people, _EXCLUSION, write_with)
        return new

    def lift(self, identifiers: Iterable[str]) -> int:
        """Lets syncs add identifiers again; returns how many were suppressed."""
        people = list(identifiers)
        self._change(people, _EXCLUSION, write_without)
        return -self._change(people, b"", write_without)

    def check(self) -> None:
        """Tests what a sync needs: writes, reads and deletes an object, and tests the key."""
        probe, body = f"{FOLDER}/check-{uuid4().hex}", os.urandom(SALT_BYTES)
        self._blobs.write(probe, body, over=None)
        found = self._blobs.read(probe)
        self._blobs.delete(probe)
        if found is None or found.body != body:
            raise StorageFailedError(
                Code.STORE_FORGETS,
                f"The suppression store did not give back what was written to {self._blobs.address(probe)}. Look at "
                "the storage's own logs.",
            )
        self._head()

    def job_of(self, identifiers: Iterable[str]) -> str:
        """Returns the name of a forgetting: the same for the same people. The store must have been added to."""
        keys = self._keys()
        digests = joined(_digest(identifier, keys.people_key) for identifier in identifiers)
        return hashlib.blake2b(digests.tobytes(), digest_size=_JOB_BYTES, key=keys.people_key).hexdigest()

    def progress_of(self, job: str) -> Progress | None:
        """Returns how far a forgetting has come; None if it is done, or was never begun."""
        name = name_of(job)
        found = self._blobs.read(name)
        return None if found is None else unseal(found.body, Progress, self._keys(), self._blobs.address(name))

    def keep_progress(self, job: str, progress: Progress) -> None:
        """Keeps how far a forgetting has come."""
        name = name_of(job)
        found = self._blobs.read(name)
        try:
            self._blobs.write(name, seal(progress, self._keys()), over=None if found is None else found.version)
        except ChangedMeanwhileError:
            raise self._busy() from None

    def end(self, job: str) -> None:
        """Forgets a forgetting that is done."""
        self._blobs.delete(name_of(job))

    def _change(self, identifiers: list[str], scope: bytes, write: Callable[[Path | None, Digests, Path], int]) -> int:
        with closing(PrivateFolder()) as scratch:
            for _ in range(_ATTEMPTS):
                found = self._head()
                if found is None:
                    self._begin()
                    continue
                head, keys, version = found
                before = self._fetch(head, scratch.path)
                if before is None and head.file:
                    continue  # Another change has replaced it meanwhile.
                name = f"people-{head.sequence + 1}-{uuid4().hex}.bin"
                count = write(before, _digests(identifiers, keys.people_key, scope), scratch.path / name)
                if count == head.count:
                    return 0
                changed = self._written(head, scratch.path / name, count)
                try:
                    self._blobs.write(FILE_NAME, seal(changed, keys), over=version)
                except ChangedMeanwhileError:
                    self._blobs.delete(f"{FOLDER}/{name}")
                    continue
                self._delete_others(changed)
                return count - head.count
        raise self._busy()

    def _busy(self) -> StorageFailedError:
        return StorageFailedError(
            Code.SUPPRESSION_BUSY,
            f"Another command is changing the suppression store at {self.address}. Run this one again later.",
        )

    def _written(self, head: Head, path: Path, count: int) -> Head:
        """Stores a file of digests, and returns the head that names it."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._blobs.add(path, f"{FOLDER}/{path.name}")
        return msgspec.structs.replace(head, sequence=head.sequence + 1, file=path.name, sha256=sha256, count=count)

    def _delete_others(self, head: Head) -> None:
        """Deletes earlier files, and what a kill left before a head could name it."""
        for name in self._blobs.names(f"{FOLDER}/"):
            file = name.rpartition("/")[2]
            if file.startswith("people-") and _sequence_of(file) < head.sequence:
                self._blobs.delete(name)

    def _fetch(self, head: Head, scratch: Path) -> Path | None:
        if not head.file:
            return None
        name = f"{FOLDER}/{head.file}"
        path = self._blobs.fetch(name, scratch)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                is_whole = hashlib.file_digest(file, "sha256").hexdigest() == head.sha256
        except FileNotFoundError:
            return None
        if not is_whole or path.stat().st_size != head.count * DIGEST_BYTES:
            raise damaged(self._blobs.address(name))
        return path

    def _head(self) -> tuple[Head, AudienceKeys, str] | None:
        found = self._blobs.read(FILE_NAME)
        if found is None:
            if any(name.rpartition("/")[2].startswith("people-") for name in self._blobs.names(f"{FOLDER}/")):
                raise damaged(self._blobs.address(FILE_NAME))
            return None
        head, keys = read_head(found.body, self._store_key.keys, self._blobs.address(FILE_NAME))
        return head, keys, found.version

    def _keys(self) -> AudienceKeys:
        found = self._head()
        if found is None:
            raise damaged(self._blobs.address(FILE_NAME))
        return found[1]

    def _begin(self) -> None:
        """Writes a head without anybody, before any file: a file without a head is damage."""
        salt, stretching = os.urandom(SALT_BYTES), self._store_key.newest
        keys = self._store_key.keys(salt, stretching)
        head = Head(salt=salt.hex(), stretching=stretching, key_check=keys.check)
        with suppress(ChangedMeanwhileError):
            self._blobs.write(FILE_NAME, seal(head, keys), over=None)


def open_suppression_store(settings: Settings, *, stretchings: Mapping[int, Scrypt] = STRETCHINGS) -> SuppressionStore:
    """Opens the store of the settings.

    Args:
        settings: the store's place and key.
        stretchings: the cost of the store key; see StoreKey.

    Raises:
        StorageRefusedError: there are no credentials for the bucket.
    """
    return SuppressionStore(open_blobs(settings), StoreKey(settings.store_key, stretchings))


def _digest(identifier: str, key: bytes, scope: bytes = b"") -> bytes:
    content = identifier.encode(errors="surrogatepass")
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES, key=key, person=scope).digest()


def _digests(identifiers: list[str], key: bytes, scope: bytes) -> Digests:
    return joined(_digest(identifier, key, scope) for identifier in identifiers)


def _sequence_of(file: str) -> int:
    number = file.split("-")[1]
    return int(number) if number.isdigit() else 0
