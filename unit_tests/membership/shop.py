"""A membership store with a time of its own, and syncs against it that can be ended anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StorageFailedError
from destination_pinterest.membership import Delta, MembershipLedger, MembershipStore
from destination_pinterest.membership.blobs import Blob, Blobs
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import DEFAULT_TIMING
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.store_key import Scrypt, StoreKey
from destination_pinterest.membership.workspace import Workspace
from destination_pinterest.vocabulary import Operation

STORE_KEY = "a key that is only for tests"
AD_ACCOUNT = "549755885175"
AUDIENCE = "Customers"
LIST = "2680060704746"

# Worth no guess, so that the tests are quick.
CHEAP: Final = {1: Scrypt(n=2, r=8, p=1)}

_T = TypeVar("_T")
Row = tuple[str, Sequence[Any] | None, Operation, Sequence[str]]
# Who is withdrawn.
Withdrawal = frozenset[str]


def person(name: str) -> str:
    return hashlib.sha256(f"{name}@example.com".encode()).hexdigest()


class Time:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.slept: list[float] = []
        self.meanwhile: Callable[[], None] | None = None

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
        if self.meanwhile is not None:
            self.meanwhile()


class Syncs:
    """Syncs against a store, wherever it is kept, and every ledger that was opened."""

    def __init__(self, connect: Callable[[], Blobs], stretchings: Mapping[int, Scrypt] = CHEAP) -> None:
        self.stretchings = stretchings
        self.sizes = Sizes()
        self.timing = DEFAULT_TIMING
        self.time = Time()
        self.opened: list[MembershipLedger] = []
        self._connect = connect

    def store(self, *, blobs: Blobs | None = None, key: str = STORE_KEY, open_ledgers: int = 1) -> MembershipStore:
        store_key = StoreKey(key, self.stretchings)
        return MembershipStore(
            blobs or self._connect(),
            store_key,
            sleep=self.time.sleep,
            clock=self.time.clock,
            open_ledgers=open_ledgers,
            sizes=self.sizes,
            timing=self.timing,
        )

    def open(self, *, blobs: Blobs | None = None, key: str = STORE_KEY, audience: str = AUDIENCE) -> MembershipLedger:
        ledger = self.store(blobs=blobs, key=key).open(AD_ACCOUNT, audience)
        self.opened.append(ledger)
        return ledger

    def sync(
        self,
        rows: Collection[Row | Withdrawal],
        replaced: Collection[str] = (),
        list_id: str | None = LIST,
        audience: str = AUDIENCE,
    ) -> tuple[Delta, set[str], set[str]]:
        """A whole sync of one epoch: its delta, who was added, and who was removed."""
        with self.open(audience=audience) as ledger:
            record_all(ledger, rows)
            delta = ledger.diff(replaced)
            ledger.write_ahead(delta)
            added, removed = sent(delta)
            ledger.commit(delta, list_id)
        return delta, added, removed

    def close(self) -> None:
        for ledger in self.opened:
            ledger.close()


class Shop(Syncs):
    """Syncs against a store in a folder that tests look into."""

    def __init__(self, root: Path) -> None:
        super().__init__(lambda: FolderBlobs(root))
        self.root = root

    @property
    def folder(self) -> Path:
        (folder,) = (path for path in self.root.iterdir() if path.is_dir())
        return folder

    def files(self) -> list[str]:
        return sorted(path.name.partition("-")[0] for path in self.folder.iterdir() if path.name != ".lock")


def record_all(ledger: MembershipLedger, rows: Collection[Row | Withdrawal]) -> None:
    for row in rows:
        if isinstance(row, frozenset):
            ledger.remove_everywhere(sorted(row))
        else:
            ledger.record(*row)


def sent(delta: Delta) -> tuple[set[str], set[str]]:
    """Who is to be added and who removed; each is named once, as often as it was counted."""
    additions = [identifier for chunk in delta.iter_additions(2) for identifier in chunk]
    removals = [identifier for chunk in delta.iter_removals(2) for identifier in chunk]
    assert len(additions) == len(set(additions)) == delta.additions
    assert len(removals) == len(set(removals)) == delta.removals
    return set(additions), set(removals)


def limit_of(workspace: Workspace) -> str:
    """How much memory DuckDB may take, in its own words."""
    ((limit,),) = workspace.execute("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'")
    return str(limit)


class KilledError(Exception):
    """The process ends here."""


class MortalBlobs:
    """A place that a sync writes to until it is killed: at its n-th change, just before it or just after it."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self.kill_in: int | None = None
        self.kill_after = False
        self.is_dead = False

    def die(self) -> None:
        """From now on nothing gets through, not even giving back the lease."""
        self.is_dead = True

    def address(self, name: str) -> str:
        return self._blobs.address(name)

    def read(self, name: str) -> Blob | None:
        return self._blobs.read(name)

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        return self._change(lambda: self._blobs.write(name, body, over=over))

    def add(self, path: Path, name: str) -> None:
        self._change(lambda: self._blobs.add(path, name))

    def fetch(self, name: str, folder: Path) -> Path | None:
        return self._blobs.fetch(name, folder)

    def delete(self, name: str) -> None:
        self._change(lambda: self._blobs.delete(name))

    def names(self, prefix: str) -> list[str]:
        return self._blobs.names(prefix)

    def _change(self, change: Callable[[], _T]) -> _T:
        if self.is_dead:
            raise StorageFailedError(Code.BUCKET_FAILED, "The process is dead.")
        if self.kill_in is None:
            return change()
        self.kill_in -= 1
        if self.kill_in > 0:
            return change()
        if self.kill_after:
            change()
        self.die()
        raise KilledError
