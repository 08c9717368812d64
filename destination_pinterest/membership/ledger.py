"""One audience's book: rows are noted, settled into changes, announced, and committed once Pinterest has them.

    note, note, …   what the rows say; withdraw says that somebody shall be held by none of them
    settle          what must be sent for it; may be left at that, by closing the book
    begin           is written down as "about to be sent", before anything is
    (sending)
    commit          the rows are the book now

A sync that ends anywhere between leaves either the old book, or the old book and the list of who was about to be
sent. Those count as present where somebody must leave, and as absent where somebody must come, so the next commit is
right whatever had arrived.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import msgspec

from destination_pinterest.errors import InternalError, StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.delta import Delta
from destination_pinterest.membership.diff import diff
from destination_pinterest.membership.folder import PART
from destination_pinterest.membership.holdings import Holdings, rows_of
from destination_pinterest.membership.keys import AudienceKeys, DamagedSealError, Kind
from destination_pinterest.membership.lease import LeasedManifest, busy
from destination_pinterest.membership.manifest import DataFile, Manifest, damaged
from destination_pinterest.membership.spool import Spool
from destination_pinterest.membership.workspace import Workspace
from destination_pinterest.vocabulary import Operation

_DATA_FILE: Final = re.compile(rf"(base|changes|maybes)-[0-9]+-[0-9a-f]{{32}}\.parquet({re.escape(PART)})?")


def is_data_file(name: str) -> bool:
    """Whether a file's name is one that books give to theirs."""
    return _DATA_FILE.fullmatch(name) is not None


class MembershipLedger:
    """A book that this sync has for itself until `close`. Use it from one thread; `holds_lease` from any.

    Every method raises, besides what it names:
        StorageRefusedError, StorageFailedError: the store, or the local disk, does not do what it should.

    Args:
        blobs, folder: where the book is.
        leased: its manifest.
        keys: what it is sealed with.
        workspace: where it is worked on; the book closes it.

    Raises:
        StoreMismatchError: a file of the book is missing or is not what the manifest says.
    """

    def __init__(
        self, blobs: Blobs, folder: str, leased: LeasedManifest, keys: AudienceKeys, workspace: Workspace
    ) -> None:
        self._blobs = blobs
        self._folder = folder
        self._leased = leased
        self._keys = keys
        self._workspace = workspace
        self._settled: Delta | None = None
        self._delete_leftovers()
        manifest = leased.manifest
        self._holdings = Holdings(workspace)
        self._holdings.read_base(self._fetch(manifest.base))
        self._holdings.read_changes(self._fetch(manifest.changes))
        self._holdings.read_maybes(self._fetch(manifest.maybes))
        self._spool = Spool(workspace, keys, manifest.streams)

    @property
    def customer_list_id(self) -> str | None:
        """The customer list that the book is about; None where there was none at the last commit, or no commit."""
        return self._leased.manifest.customer_list_id

    @property
    def members(self) -> int:
        """Distinct identifiers that the book confirms."""
        return self._leased.manifest.members

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that the book has ever had holdings of."""
        return self._leased.manifest.streams

    @property
    def is_in_doubt(self) -> bool:
        """Whether an earlier sync ended between sending and committing, and it is not known yet what came of it."""
        return self._leased.manifest.maybes is not None

    def generation_of(self, stream: str) -> str | None:
        """What `commit` was told of the rows by which the stream was replaced last."""
        return self._leased.manifest.generations.get(stream)

    @property
    def holds_lease(self) -> bool:
        """Whether no other sync can have the book by now. Where it is False, nothing more should be sent."""
        return self._leased.holds_lease

    def record(self, stream: str, key: Sequence[Any] | None, operation: Operation, identifiers: Sequence[str]) -> None:
        """Notes a row, in the order of the rows. Of one key, or of one identifier without a key, the last word counts.

        Args:
            stream: the stream's full name.
            key: the values of its primary key; None where it has none: then each identifier stands for itself.
            operation: whether the row's identifiers shall be members.
            identifiers: as they are sent to Pinterest. With ADD and none, the row is there and is nobody (any more);
                with REMOVE and none, the row is deleted by its key.
        """
        self._refuse_if_settled()
        self._spool.record(stream, key, operation, identifiers)

    def remove_everywhere(self, identifiers: Sequence[str]) -> None:
        """Notes people who are to be out, whatever rows of whatever streams hold them, or will until the settlement.

        They are sent as removals whether the book has them or not. Rows noted after the next commit may bring them
        back, as may a replaced table that still has them.
        """
        self._refuse_if_settled()
        self._spool.remove_everywhere(identifiers)

    def diff(self, replaced: Collection[str] = (), *, is_whole: bool = True) -> Delta:
        """What the rows since the last commit ask for. May be asked again, of more or fewer streams.

        Args:
            replaced: streams of which all rows were noted: what they held and were not noted with, they let go.
            is_whole: whether every row has come again that an earlier sync was about to send something for. Otherwise
                that is left undecided where no row speaks of it.
        """
        self._spool.flush()
        numbers = [self._spool.number_of(stream) for stream in replaced]
        figures = diff(self._workspace, self._holdings, numbers, is_whole=is_whole)
        self._settled = Delta(
            additions=figures.additions,
            removals=figures.removals,
            removals_by_absence=figures.removals_by_absence,
            removals_of_nonmembers=figures.removals_of_nonmembers,
            members_before=self.members,
            members_after=self.members + figures.joins - figures.leaves,
            unconfirmed_before=figures.unconfirmed_before,
            in_doubt=figures.undecided,
            unresolved_deletions=figures.unresolved_deletions + self._spool.unresolvable,
            holdings_changed=figures.changed,
            _read=self._read,
        )
        return self._settled

    def write_ahead(self, changes: Delta) -> None:
        """Writes down what is about to be sent. Nothing may be sent before.

        Raises:
            StoreBusyError: another sync has taken the book over.
        """
        self._require(changes)
        if changes.is_empty:
            return
        path = self._new_path("maybes")
        self._holdings.write_maybes(path)
        maybes = self._add(path)
        self._leased.update(lambda m: msgspec.structs.replace(m, maybes=maybes, sequence=m.sequence + 1))
        self._holdings.read_maybes(path)
        self._delete_leftovers()

    def commit(
        self, changes: Delta, customer_list_id: str | None, generations: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Makes the rows the book, after Pinterest accepted all that was sent. The next rows begin a new epoch.

        Args:
            changes: the last settlement.
            customer_list_id: the list that it was sent to; None where there is none yet, so nobody is a member.
            generations: for streams that were replaced, what their rows are called; see `generation_of`.

        Raises:
            StoreBusyError: another sync has taken the book over; the book is as before.
        """
        self._require(changes)
        if customer_list_id is None and changes.members_after:
            raise InternalError("The membership store was given members of a customer list that does not exist.")
        undecided = self._write_undecided() if changes.in_doubt else None
        rest = partial(
            msgspec.structs.replace,
            customer_list_id=customer_list_id,
            streams=self._spool.streams,
            members=changes.members_after,
            maybes=None if undecided is None else self._add(undecided),
            generations={**self._leased.manifest.generations, **generations},
        )
        if changes.holdings_changed:
            self._commit_holdings(changes, rest)
        elif rest(self._leased.manifest) != self._leased.manifest:
            self._update(self._leased.manifest.base, self._leased.manifest.changes, rest)
        self._holdings.read_maybes(undecided)
        self._delete_leftovers()
        self._spool.clear()
        self._settled = None

    def close(self) -> None:
        """Gives the book back as it was last committed. May be called twice, and after any failure."""
        self._leased.give_back()
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_if_settled(self) -> None:
        if self._settled is not None:
            raise InternalError("A row was noted between the settlement of the membership store and its commit.")

    def _commit_holdings(self, changes: Delta, rest: Callable[..., Manifest]) -> None:
        path = self._new_path("changes")
        if self._holdings.write_changes(path, changes.holdings_changed):
            self._update(self._leased.manifest.base, self._add(path), rest)
            self._holdings.read_changes(path)
            return
        path = self._new_path("base")
        self._holdings.write_base(path)
        self._update(self._add(path), None, rest)
        self._holdings.read_base(path)
        self._holdings.read_changes(None)

    def _update(self, base: DataFile | None, changed: DataFile | None, rest: Callable[..., Manifest]) -> None:
        self._leased.update(lambda m: rest(m, sequence=m.sequence + 1, base=base, changes=changed))

    def _write_undecided(self) -> Path:
        path = self._new_path("maybes")
        self._holdings.write_undecided(path)
        return path

    def _require(self, changes: Delta) -> None:
        if changes is not self._settled:
            raise InternalError("The membership store was given changes that are not its last settlement.")
        if not self.holds_lease:
            raise busy(self._leased.manifest)

    def _read(self, which: str, size: int) -> Iterator[list[str]]:
        body = struct.Struct("<6Q")
        # `which` is the name of a column of `words`, one of two.
        query = f"SELECT kind, long, t1, t2, c1, c2, c3, c4 FROM words WHERE {which}"  # noqa: S608
        for rows in self._workspace.chunks(query, size):
            try:
                yield [
                    self._keys.unseal(
                        kind, body.pack(*words) if kind != Kind.LONG else body.pack(*words)[:16] + bytes(long)
                    )
                    for kind, long, *words in rows
                ]
            except DamagedSealError:
                raise self._damaged("an identifier in it can't be decrypted") from None

    def _fetch(self, file: DataFile | None) -> Path | None:
        if file is None:
            return None
        path = self._blobs.fetch(f"{self._folder}/{file.name}", self._workspace.folder)
        if path is None:
            raise self._damaged("the file is missing", file.name)
        if _sha256(path) != file.sha256:
            raise self._damaged("the file is not what it was when it was written", file.name)
        return path

    def _add(self, path: Path) -> DataFile:
        file = DataFile(path.name, _sha256(path), rows_of(self._workspace, path))
        self._blobs.add(path, f"{self._folder}/{path.name}")
        return file

    def _new_path(self, kind: str) -> Path:
        return self._workspace.folder / f"{kind}-{self._leased.manifest.sequence + 1}-{uuid4().hex}.parquet"

    def _delete_leftovers(self) -> None:
        """Deletes what the manifest names no longer, and what a crash left before the manifest could name it."""
        ours = {file.name for file in self._leased.manifest.files}
        for name in self._blobs.names(f"{self._folder}/"):
            file = name.rpartition("/")[2]
            if is_data_file(file) and file not in ours:
                self._blobs.delete(name)

    def _damaged(self, what: str, file: str = "manifest.json") -> StoreMismatchError:
        return damaged(self._blobs.address(f"{self._folder}/{file}"), what)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
