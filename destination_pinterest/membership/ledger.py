"""One audience's ledger: rows are recorded, diffed, written ahead, sent, and committed once Pinterest has them.

    record, record, …   what the rows say; remove_everywhere overrides all of them
    diff                what must be sent; the caller may stop here and close the ledger
    write_ahead         stores what is about to be sent, and up to where it may be sent for now
    (sending)
    advance             what was accepted counts; as much again may be sent; and so on
    commit              the rows are the ledger now

A sync that ends in between leaves the ledger with what it had advanced to. Identifiers beyond that which may have been
    sent are in doubt: they count as members when they must be removed, and as non-members when they must be added, so
    the next commit is right whatever had arrived. Rows of which only a part counts come again and complete it.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import msgspec
import numpy as np

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError, StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.delta import Delta
from destination_pinterest.membership.diff import COMPARED, diff
from destination_pinterest.membership.folder import PART
from destination_pinterest.membership.holdings import Holdings, Ranges, rows_of
from destination_pinterest.membership.keys import KIND_MASK, TAG_BYTES, AudienceKeys, DamagedSealError
from destination_pinterest.membership.lease import LeasedManifest, ViewedManifest, busy
from destination_pinterest.membership.manifest import FORMAT, DataFile, ListCounters, Manifest, Sending, damaged
from destination_pinterest.membership.scratch import Scratch
from destination_pinterest.membership.sealing import BatchSeals, Sealed
from destination_pinterest.membership.sightings import Sightings
from destination_pinterest.membership.sizes import Sizes
from destination_pinterest.membership.spool import Spool
from destination_pinterest.membership.unchanged import keep_unchanged
from destination_pinterest.membership.workspace import Columns, Workspace
from destination_pinterest.vocabulary import ColumnType, Operation

# For each identifier, a number for the person whose row it goes in, if any, and the number of its column.
Owners = list[tuple[int | None, int]]

_SEALED_WORDS: Final = ("t1", "t2", "c1", "c2", "c3", "c4")
# So many identifiers are read from the disk at once: the requests of about one slice.
_READ_AT_ONCE: Final = 50_000
_DATA_FILE: Final = re.compile(rf"(base|changes|maybes|seen)-[0-9]+-[0-9a-f]{{32}}\.parquet({re.escape(PART)})?")


def is_data_file(name: str) -> bool:
    """Whether a file is named like a ledger's data file."""
    return _DATA_FILE.fullmatch(name) is not None


class MembershipLedger:
    """A ledger that this sync has leased until `close`. Use it from one thread; `holds_lease` from any.

    Every method raises, besides what it names:
        StorageRefusedError, StorageFailedError: the store or the local disk fails.

    Args:
        blobs, folder: where the ledger is.
        leased: its manifest.
        keys: the keys that encrypt it.
        workspace: DuckDB for the ledger, which closes it.
        sizes: see Sizes.
        is_view: whether nothing is written: rows are recorded and compared, and the ledger is as it was.

    Raises:
        StoreMismatchError: a file of the ledger is missing or is not what the manifest says.
    """

    def __init__(
        self,
        blobs: Blobs,
        folder: str,
        leased: LeasedManifest | ViewedManifest,
        keys: AudienceKeys,
        workspace: Workspace,
        *,
        sizes: Sizes,
        is_view: bool = False,
    ) -> None:
        self._blobs = blobs
        self._folder = folder
        self._leased = leased
        self._keys = keys
        self._seals = BatchSeals(keys)
        self._workspace = workspace
        self._last_diff: Delta | None = None
        if not is_view:
            self._delete_leftovers()
        manifest = leased.manifest
        self._scratch = Scratch(workspace, COMPARED, sizes.at_once)
        self._holdings = Holdings(workspace, sizes, outlives_files=is_view)
        self._holdings.read_base(self._fetch(manifest.base))
        self._holdings.read_delta(self._fetch(manifest.delta))
        self._holdings.read_in_doubt(self._fetch(manifest.in_doubt))
        self._to_resume = None if manifest.sending is None else self._resuming(manifest.sending)
        self._is_resumed = False
        self._has_order = False
        self._sends_people = False
        self._is_view = is_view
        if is_view:
            self._resume()
        self._spool = Spool(workspace, keys, manifest, sizes)
        self._unknown_unchanged = 0
        self._sightings: Sightings | None = None
        self._now_s: Callable[[], int] = lambda: 0
        self._noted: DataFile | None = None

    @property
    def customer_list_id(self) -> str | None:
        """The customer list as of the last commit; None if there was no list, or no commit yet."""
        return self._leased.manifest.customer_list_id

    @property
    def members(self) -> int:
        """Distinct identifiers that are confirmed to be members."""
        return self._leased.manifest.members

    @property
    def streams(self) -> tuple[str, ...]:
        """All streams that the ledger has ever recorded."""
        return self._leased.manifest.streams

    @property
    def is_in_doubt(self) -> bool:
        """Whether an earlier sync may have sent what it did not live to hear of, which is not resolved yet."""
        manifest = self._leased.manifest
        sending = manifest.sending
        is_sent_in_doubt = sending is not None and _length(sending.accepted) < sending.begun
        return manifest.in_doubt is not None or is_sent_in_doubt

    @property
    def sends_people(self) -> bool:
        """Whether people were sent as rows, so that removals may take out more than they name."""
        return self._leased.manifest.sends_people

    @property
    def epoch(self) -> int:
        """How often its content was changed; each change is safe before it counts."""
        return self._leased.manifest.epoch

    @property
    def name(self) -> str:
        """A short name that no other ledger has, not even one of the same audience."""
        return self._keys.name

    def continue_from(self, epoch: int) -> None:
        """Continues the epochs of a ledger that another store had of the audience."""
        self._leased.continue_from(epoch)

    @property
    def counters(self) -> ListCounters | None:
        """The counters that were kept, unless a sync has changed something since and did not come to keep them."""
        counters = self._leased.manifest.counters
        return counters if counters is not None and counters.epoch == self.epoch else None

    def keep_counters(self, counters: ListCounters | None) -> None:
        """Keeps counters for the next sync, from `close` on."""
        self._leased.amend(lambda m: msgspec.structs.replace(m, counters=counters))

    def generation_of(self, stream: str) -> str | None:
        """Returns the caller's name for the rows that last replaced the stream, as given to `commit`."""
        return self._leased.manifest.generations.get(stream)

    @property
    def marks(self) -> Mapping[str, str]:
        """What the last sync left to be compared with, as given to `commit`."""
        return self._leased.manifest.marks

    def keep_mark(self, name: str, word: str) -> None:
        """Leaves a mark to the next sync without a write of its own, from `close` on."""
        self._leased.amend(lambda m: msgspec.structs.replace(m, marks={**m.marks, name: word}))

    @property
    def holds_lease(self) -> bool:
        """Whether no other sync can have taken the ledger over. If it is False, send nothing more."""
        return self._leased.holds_lease

    def describe_key(self, stream: str, types: Sequence[ColumnType]) -> None:
        """Says of which types a stream's primary key is; without that, values are compared as JSON gives them."""
        self._spool.describe_key(stream, types)

    def record(
        self,
        stream: str,
        key: Sequence[Any] | None,
        operation: Operation,
        identifiers: Sequence[str],
        columns: Sequence[str] = (),
    ) -> None:
        """Records the next row. The last row of each key counts; without keys, the last row of each identifier.

        Args:
            stream: the stream's full name.
            key: the values of its primary key; None if it has none, which makes each identifier a row of its own.
            operation: whether the row's identifiers should be members.
            identifiers: as they are sent to Pinterest. ADD without any: the row exists but has no identifier (any
                more). REMOVE without any: the row is deleted by its key.
            columns: of each identifier the column that it came from, "" for several; empty if that is not known.
        """
        self._refuse_after_diff()
        self._spool.record(stream, key, operation, identifiers, columns)

    def record_all(
        self,
        stream: str,
        keys: Sequence[Sequence[Any]],
        operation: Operation,
        identifiers: Sequence[str],
        column: str,
    ) -> None:
        """Records the next rows, in order, which all have a key and one identifier, from the same column.

        Args:
            stream: as for `record`.
            keys: the values of each row's primary key.
            operation: what all of the rows do.
            identifiers: that of each row.
            column: that of the identifiers.
        """
        self._refuse_after_diff()
        if keys:
            self._spool.record_all(stream, keys, operation, identifiers, column)

    def record_partly(
        self,
        stream: str,
        key: Sequence[Any],
        identifiers: Sequence[str],
        columns: Sequence[str],
        unchanged: Sequence[str],
    ) -> None:
        """Records the next row, of which some columns were not given: it keeps the identifiers that it has in them.

        Identifiers whose column is not known are kept too.

        Args:
            stream: as for `record`.
            key: the same.
            identifiers: those of the columns that were given; there may be none.
            columns: as for `record`.
            unchanged: the columns that were not given.
        """
        self._refuse_after_diff()
        self._spool.record_partly(stream, key, identifiers, columns, unchanged)

    def record_kept(self, stream: str, key: Sequence[Any], unchanged: Sequence[str]) -> None:
        """Records the next row, which can't be used: it keeps the identifiers that it has in these columns."""
        self._refuse_after_diff()
        self._spool.record_kept(stream, key, unchanged)

    def object_to(
        self,
        stream: str,
        key: Sequence[Any] | None,
        identifiers: Sequence[str],
        unchanged: Sequence[str] = (),
        *,
        lasts: bool = False,
    ) -> None:
        """Records the next row, which has no consent: its identifiers are no members, whichever rows hold them.

        That is so until the row says something else or is gone. A row without a key can't say something else.

        Args:
            stream: as for `record`.
            key: the same.
            identifiers: the row's; there may be none.
            unchanged: columns that have none now; what the row had in them counts too.
            lasts: whether, without a key, it stays until the stream is replaced. Otherwise the next row that adds the
                identifier counts.
        """
        self._refuse_after_diff()
        self._spool.object_to(stream, key, identifiers, unchanged, lasts=lasts)

    def remove_everywhere(self, identifiers: Sequence[str]) -> None:
        """Records identifiers to remove, even if rows of any stream hold them or are recorded in this epoch.

        They are sent as removals even if the ledger does not have them. Rows recorded after the next commit may add
        them again, and so may a replaced table that still has them.
        """
        self._refuse_after_diff()
        self._spool.remove_everywhere(identifiers)

    def identifiers(self, size: int) -> Iterator[list[str]]:
        """Yields every identifier that rows hold or that is in doubt, at most `size` at a time; some more than once."""
        self._resume()
        return self._unsealed(self._holdings.identifiers(size))

    def forget(self, pieces: Iterable[Sequence[str]]) -> int:
        """Takes identifiers out of the ledger and its files, whatever holds them; returns how many were members.

        The rows' other identifiers stay. The caller removes them from the customer list first, under the same lease.
        If people were sent as rows of `records_v2`, these others may have left with them; they are in doubt until
        `added_again` or a sync adds them again.

        Raises:
            StoreBusyError: another sync has taken the ledger over.
        """
        self._refuse_after_diff()
        self._workspace.take_room()
        self._resume()
        for identifiers in pieces:
            self._spool.remove_everywhere(identifiers)
        self._spool.flush()
        found = self._holdings.select_forgotten(sends_people=self._leased.manifest.sends_people)
        self._spool.clear()
        if found.is_nobody and not self._is_resumed:
            self._workspace.leave_room()
            return 0
        base, in_doubt = self._new_path("base"), self._new_path("maybes")
        self._holdings.write_without_forgotten(base, in_doubt)
        self._change(
            format=FORMAT,
            base=self._add(base),
            delta=None,
            in_doubt=self._add(in_doubt) if found.has_doubts else None,
            sending=None,
            members=max(0, self.members - found.members),
        )
        self._holdings.read_base(base)
        self._holdings.read_delta(None)
        self._holdings.read_in_doubt(in_doubt if found.has_doubts else None)
        self._is_resumed = False
        self._delete_leftovers()
        self._workspace.leave_room()
        return found.members

    def added_again(self, now_s: Callable[[], int]) -> Delta | None:
        """Returns what has to be added again after `forget`, to be sent and committed; None if there is nothing."""
        if not self._leased.manifest.sends_people or self._leased.manifest.in_doubt is None:
            return None
        if self._leased.manifest.seen is not None:
            self.keep_sightings(now_s)
        delta = self.diff(is_whole=False)
        return None if delta.is_empty else delta

    def keep_sightings(self, now_s: Callable[[], int]) -> None:
        """Keeps when rows come from now on; without this call, what is known of it is given up with the next commit.

        Args:
            now_s: the time in seconds since 1970.
        """
        self._sightings = Sightings(self._workspace, self._fetch(self._leased.manifest.seen))
        self._now_s = now_s

    def expire(self, after_s: int, replaced: Collection[str] = ()) -> None:
        """Records a deletion for each row that has not come for so long, before the last diff of a sync.

        Args:
            after_s: for how many seconds. Rows whose last coming is not known are spared.
            replaced: streams whose absent rows leave anyway.
        """
        self._refuse_after_diff()
        if self._sightings is None:
            raise _misused("was asked who has expired, without knowing it")
        self._workspace.take_room()
        self._resume()
        self._spool.flush()
        now_s = self._now_s()
        self._sightings.expire(now_s - after_s, now_s, [self._spool.number_of(stream) for stream in replaced])

    def diff(
        self,
        replaced: Collection[str] = (),
        *,
        is_whole: bool = True,
        sends_people: bool = False,
        keeps_rows: bool = False,
    ) -> Delta:
        """Returns what must be sent for the rows since the last commit. May be called again, with other streams.

        Args:
            replaced: streams whose rows were all recorded: what no recorded row holds any more is removed.
            is_whole: whether all rows have come for which an earlier sync was about to send something. Otherwise what
                no row mentions stays in doubt.
            sends_people: whether people are sent as rows of `records_v2` from now on. A ledger remembers that.
            keeps_rows: whether such rows are refused: what only they can carry stays in doubt where it is to change.
        """
        self._sends_people = sends_people or self._leased.manifest.sends_people
        self._workspace.take_room()
        self._resume()
        self._spool.flush()
        self._has_order = not replaced
        if self._spool.has_unchanged:
            self._unknown_unchanged += keep_unchanged(self._workspace)
            self._spool.has_unchanged = False
        numbers = [self._spool.number_of(stream) for stream in replaced]
        counts = diff(
            self._workspace,
            self._scratch,
            self._holdings,
            numbers,
            is_whole=is_whole,
            sends_people=self._sends_people,
            keeps_rows=keeps_rows,
        )
        if self._is_view:
            self._workspace.leave_room()
        self._last_diff = Delta(
            additions=counts.additions,
            removals=counts.removals,
            removals_by_absence=counts.removals_by_absence,
            removals_of_nonmembers=counts.removals_of_nonmembers,
            members_before=self.members,
            members_after=self.members + counts.joins - counts.leaves,
            unconfirmed_before=counts.unconfirmed_before,
            in_doubt=counts.in_doubt,
            unresolved_deletions=counts.unresolved_deletions + self._spool.unresolvable,
            unknown_unchanged=self._unknown_unchanged,
            objected=counts.objected,
            holdings_changed=counts.changed,
            needs_rows=counts.needs_rows,
            stuck=counts.stuck,
            _read=self._read,
            removals_by_expiry=0 if self._sightings is None else self._sightings.removals,
        )
        return self._last_diff

    def write_ahead(self, delta: Delta, begun: int | None = None) -> None:
        """Writes to the store what is about to be sent. Call it before anything is sent.

        Args:
            delta: the last diff.
            begun: how much of it may be sent before the next `advance`: the identifiers with lower numbers; None: all.

        Raises:
            StoreBusyError: another sync has taken the ledger over.
        """
        self._require(delta)
        if delta.is_empty:
            return
        self._store_resumed()
        identifiers = self._new_path("maybes")
        self._holdings.write_sending(
            identifiers, delta.removals, in_order=self._has_order, has_people=self._sends_people
        )
        changes = None
        if delta.holdings_changed:
            changes = self._new_path("base" if self._holdings.becomes(delta.holdings_changed) == "base" else "changes")
            self._holdings.write_changes(changes)
        sending = Sending(
            self._add(identifiers),
            None if changes is None else self._add(changes),
            begun=delta.total if begun is None else begun,
        )
        self._noted = self._note_sightings()
        self._change(
            sending=sending,
            streams=self._spool.streams,
            columns=self._spool.columns,
            seen=self._noted,
            sends_people=self._sends_people,
        )
        self._holdings.read_sending(identifiers)

    def pieces(self, delta: Delta, first: int, last: int, size: int) -> Iterator[tuple[Operation, list[str], Owners]]:
        """Yields what has the numbers from `first` to the one before `last`, in order, at most `size` at a time.

        The removals have the lowest numbers. If no stream is replaced, the additions go by the order of the rows. With
        each identifier goes whose it is, and the number of its column; see `column_numbers`.

        Raises:
            StoreMismatchError: an identifier in the store can't be decrypted.
            StorageFailedError: the local disk is too small.
        """
        for operation, low, high in (
            (Operation.REMOVE, first, min(last, delta.removals)),
            (Operation.ADD, max(first, delta.removals), last),
        ):
            at_once = size * max(1, _READ_AT_ONCE // size)
            for start in range(low, high, at_once):
                sent = self._holdings.sent(start, min(start + at_once, high))
                identifiers = self._unsealed_columns(sent)
                owners = _owners(sent)
                for at in range(0, len(identifiers), size):
                    yield operation, identifiers[at : at + size], owners[at : at + size]

    def column_numbers(self, columns: Collection[str]) -> dict[int, str]:
        """Returns the names of columns by the numbers that `pieces` has; 0 is none of them."""
        return self._spool.numbers_of(columns)

    def advance(self, delta: Delta, accepted: Ranges, begun: int, customer_list_id: str | None) -> None:
        """Stores how far the sending has come: what Pinterest accepted counts from now on.

        Args:
            delta: the last diff, after `write_ahead`.
            accepted: the numbers of all that was accepted.
            begun: how much may be sent before the next time, as for `write_ahead`.
            customer_list_id: as for `commit`.

        Raises:
            StoreBusyError: another sync has taken the ledger over; nothing more counts.
        """
        self._require(delta)
        sending = self._leased.manifest.sending
        members = delta.members_before + self._holdings.members_gained(accepted)
        if sending is None or (customer_list_id is None and members):
            raise _misused("was told of an answer to what it had not been asked to send")
        sending = msgspec.structs.replace(sending, accepted=tuple(accepted), begun=begun)
        self._change(sending=sending, members=members, customer_list_id=customer_list_id)

    def first_row_after(self, number: int) -> int:
        """Returns a row of the epoch, counted from 1: those before it are done once what has lower numbers is accepted.

        0 if that can't be said: the numbers don't go by rows, or removals are left.
        """
        return self._holdings.row_of(number) if self._has_order else 0

    def commit(
        self,
        delta: Delta,
        customer_list_id: str | None,
        generations: Mapping[str, str] = MappingProxyType({}),
        *,
        marks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Commits the rows to the ledger, once Pinterest has accepted all that was sent. A new epoch begins.

        Args:
            delta: the last diff.
            customer_list_id: the list that it was sent to; None if there is none yet, and so no member.
            generations: for streams that were replaced, a name for their rows; see `generation_of`.
            marks: what the next syncs are to compare their rows with; the others stay as they are.

        Raises:
            StoreBusyError: another sync has taken the ledger over; nothing was committed.
        """
        self._require(delta)
        if customer_list_id is None and delta.members_after:
            raise _misused("was given members of a customer list that does not exist")
        self._store_resumed()
        in_doubt = self._write_in_doubt() if delta.in_doubt else None
        seen, self._noted = self._noted or self._note_sightings(), None
        rest = partial(
            msgspec.structs.replace,
            format=FORMAT,
            customer_list_id=customer_list_id,
            streams=self._spool.streams,
            columns=self._spool.columns,
            members=delta.members_after,
            in_doubt=None if in_doubt is None else self._add(in_doubt),
            sending=None,
            seen=seen,
            generations={**self._leased.manifest.generations, **generations},
            marks={**self.marks, **marks},
        )
        if delta.holdings_changed:
            self._commit_holdings(delta.holdings_changed, rest)
        elif rest(self._leased.manifest) != self._leased.manifest:
            self._update(self._leased.manifest.base, self._leased.manifest.delta, rest)
        self._holdings.read_in_doubt(in_doubt)
        self._holdings.read_sending(None)
        self._delete_leftovers()
        self._spool.clear()
        self._workspace.leave_room()
        self._unknown_unchanged = 0
        self._last_diff = None

    def close(self) -> None:
        """Releases the ledger as it was last committed. May be called twice, and after any failure."""
        self._leased.release()
        self._workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_after_diff(self) -> None:
        if self._last_diff is not None:
            raise InternalError(
                Code.STORE_MISUSED,
                "A row was noted between the diff of the membership store and its commit. Please report this.",
            )

    def _resuming(self, sending: Sending) -> Callable[[], None]:
        """Fetches what an ended sync was sending. Returns what takes it in, which needs room."""
        identifiers, changes = self._fetch(sending.identifiers), self._fetch(sending.changes)
        return lambda: self._holdings.resume(identifiers, changes, sending.accepted, sending.begun)

    def _resume(self) -> None:
        """Takes in how far an ended sync came. The files stay as they are until something is written."""
        if self._to_resume is not None:
            self._to_resume()
            self._to_resume, self._is_resumed = None, True

    def _store_resumed(self) -> None:
        """Makes files of how far an ended sync came, before what it was sending is forgotten."""
        if not self._is_resumed:
            return
        in_doubt = self._new_path("maybes")
        has_doubts = self._holdings.write_known_in_doubt(in_doubt)
        rest = partial(
            msgspec.structs.replace,
            streams=self._spool.streams,
            columns=self._spool.columns,
            in_doubt=self._add(in_doubt) if has_doubts else None,
            sending=None,
        )
        self._write_holdings(0, rest)
        self._holdings.read_in_doubt(in_doubt if has_doubts else None)
        self._is_resumed = False
        self._delete_leftovers()

    def _commit_holdings(self, changed: int, rest: Callable[..., Manifest]) -> None:
        sending = self._leased.manifest.sending
        role = self._holdings.becomes(changed)
        if sending is None or sending.changes is None or role is None:
            self._write_holdings(changed, rest)
            return
        path = self._workspace.folder / sending.changes.name
        if role == "delta":
            self._update(self._leased.manifest.base, sending.changes, rest)
            self._holdings.read_delta(path)
        else:
            self._update(sending.changes, None, rest)
            self._holdings.read_base(path)

    def _write_holdings(self, changed: int, rest: Callable[..., Manifest]) -> None:
        path = self._new_path("changes")
        if self._holdings.write_delta(path, changed):
            self._update(self._leased.manifest.base, self._add(path), rest)
            self._holdings.read_delta(path)
            return
        path = self._new_path("base")
        self._holdings.write_base(path, changed)
        self._update(self._add(path), None, rest)
        self._holdings.read_base(path)
        self._holdings.read_delta(None)

    def _update(self, base: DataFile | None, delta: DataFile | None, rest: Callable[..., Manifest]) -> None:
        self._leased.update(lambda m: rest(m, sequence=m.sequence + 1, base=base, delta=delta))

    def _change(self, **fields: object) -> None:
        self._leased.update(lambda m: msgspec.structs.replace(m, sequence=m.sequence + 1, **fields))

    def _note_sightings(self) -> DataFile | None:
        """Writes when rows have come, those of this epoch among them."""
        if self._sightings is None:
            return None
        path = self._new_path("seen")
        self._sightings.write(path, self._now_s())
        return self._add(path)

    def _write_in_doubt(self) -> Path:
        path = self._new_path("maybes")
        self._holdings.write_in_doubt(path)
        return path

    def _require(self, delta: Delta) -> None:
        if delta is not self._last_diff:
            raise _misused("was given a delta that is not its last diff")
        if not self.holds_lease:
            raise busy(self._leased.manifest)

    def _read(self, which: str, size: int) -> Iterator[list[str]]:
        # `which` is a column of `decisions`: adds or removes.
        query = f"SELECT kind & {KIND_MASK}, long, t1, t2, c1, c2, c3, c4 FROM decisions WHERE {which}"  # noqa: S608
        return self._unsealed(self._workspace.chunks(query, size))

    def _unsealed(self, chunks: Iterator[list[tuple[Any, ...]]]) -> Iterator[list[str]]:
        body = struct.Struct("<6Q")
        for rows in chunks:
            try:
                yield [
                    self._keys.unseal(
                        kind, body.pack(*words) if long is None else body.pack(*words)[:TAG_BYTES] + bytes(long)
                    )
                    for kind, long, *words in rows
                ]
            except DamagedSealError:
                raise self._damaged("an identifier in it can't be decrypted") from None

    def _unsealed_columns(self, columns: Columns) -> list[str]:
        words = np.column_stack([columns[name] for name in _SEALED_WORDS]).astype("<u8")
        long: dict[int, bytes] = {}
        if "long" in columns:
            bodies = np.ma.getdata(columns["long"])
            has_long = ~np.ma.getmaskarray(columns["long"])
            long = {int(at): bytes(bodies[at]) for at in np.flatnonzero(has_long) if bodies[at] is not None}
        try:
            return self._seals.unseal(Sealed(columns["kind"].astype("<u8"), words, long))
        except DamagedSealError:
            raise self._damaged("an identifier in it can't be decrypted") from None

    def _fetch(self, file: DataFile | None) -> Path | None:
        return fetched(self._blobs, self._folder, file, self._workspace.folder)

    def _add(self, path: Path) -> DataFile:
        file = DataFile(path.name, file_digest(path), rows_of(self._workspace, path))
        self._blobs.add(path, f"{self._folder}/{path.name}")
        return file

    def _new_path(self, kind: str) -> Path:
        return self._workspace.folder / f"{kind}-{self._leased.manifest.sequence + 1}-{uuid4().hex}.parquet"

    def _delete_leftovers(self) -> None:
        delete_leftovers(self._blobs, self._folder, self._leased.manifest)

    def _damaged(self, what: str) -> StoreMismatchError:
        return damaged(self._blobs.address(f"{self._folder}/manifest.json"), what)


def fetched(blobs: Blobs, folder: str, file: DataFile | None, here: Path) -> Path | None:
    """Returns the path of a data file of a folder, which may be in the folder `here`; None if there is none to fetch.

    Raises:
        StoreMismatchError: it is missing or is not what the manifest says.
    """
    if file is None:
        return None
    path = blobs.fetch(f"{folder}/{file.name}", here)
    if path is None:
        raise damaged(blobs.address(f"{folder}/{file.name}"), "the file is missing")
    if file_digest(path) != file.sha256:
        raise damaged(blobs.address(f"{folder}/{file.name}"), "the file is not what it was when it was written")
    return path


def delete_leftovers(blobs: Blobs, folder: str, manifest: Manifest) -> None:
    """Deletes what a manifest no longer names, and what a crash left before the manifest could name it."""
    ours = {file.name for file in manifest.files}
    for name in blobs.names(f"{folder}/"):
        file = name.rpartition("/")[2]
        if is_data_file(file) and file not in ours:
            blobs.delete(name)


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file, as a manifest has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _owners(sent: Columns) -> Owners:
    places = sent["place"]
    if "person" in sent:
        return list(zip(sent["person"].tolist(), places.tolist(), strict=True))
    if len(places) and places.min() == places.max():  # As a rule: to make each anew takes a tenth of the reading.
        return [(None, int(places[0]))] * len(places)
    return list(zip(repeat(None, len(places)), places.tolist(), strict=True))


def _misused(what: str) -> InternalError:
    return InternalError(Code.STORE_MISUSED, f"The membership store {what}. Please report this.")


def _length(ranges: Ranges) -> int:
    return sum(last - first for first, last in ranges)
