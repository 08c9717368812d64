"""The command `preview`: takes the rows that a sync would get, and says what the sync would do at Pinterest.

It asks Pinterest, and changes nothing there: every request but the renewal of a sign-in is a GET. A membership store is
read without a lease. Rows go through the sync's own routes and strategies, whose deliveries count as accepted at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from destination_pinterest.api.endpoints import Category
from destination_pinterest.assembly import SyncParts
from destination_pinterest.audiences.gone import prospect_note
from destination_pinterest.audiences.list_counts import counts_of
from destination_pinterest.audiences.reach import Reach
from destination_pinterest.audiences.remembered import EXACT_UP_TO
from destination_pinterest.audiences.safeguards import check_rows
from destination_pinterest.audiences.target import AudienceTarget, EmptyTable
from destination_pinterest.connection_check import ConnectionCheck
from destination_pinterest.delivery.by_column import ColumnStrategy
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.ledgers import open_index, open_ledgers, open_store
from destination_pinterest.delivery.looking_up import look_up
from destination_pinterest.delivery.mirror import MirrorStrategy
from destination_pinterest.delivery.named_audiences import NamedBranch
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.delivery.swap import SwapStrategy
from destination_pinterest.errors import ConnectorError, UnusableRowsError
from destination_pinterest.foreign_text import shown
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.markers import PREVIEW_PREFIX
from destination_pinterest.reporting.builder import identities_of
from destination_pinterest.reporting.reach_report import ActalikeReport, ShareReport, actalikes_of, shares_of
from destination_pinterest.reporting.report import IdentityReport

_CATEGORIES: Final = (Category.ADS_READ, Category.ADS_WRITE)
# How long the reader may wait for rows at a time; only a bound.
_PATIENCE_S: Final = 10.0


class Bounds(msgspec.Struct, frozen=True):
    """A number that is known within bounds; equal where it is known exactly. `at_most` None: nobody knows."""

    at_least: int
    at_most: int | None

    @property
    def is_exact(self) -> bool:
        """Whether it is known exactly."""
        return self.at_least == self.at_most


_NOBODY_KNOWS: Final = Bounds(0, None)


class Refusal(msgspec.Struct, frozen=True):
    """Why the sync would fail; a replacement or a mirror then leaves the audience as it is."""

    error: str
    error_code: str


class PreviewedAudience(msgspec.Struct, frozen=True):
    """What a sync would do to one audience. All numbers but requests are of identifiers.

    Args:
        audience, audience_id, customer_list_id: what it is; ids are None if it does not exist.
        is_new: whether the sync would create the audience.
        members: how many there are now, as far as is known.
        joins, leaves: how many would join and leave.
        is_estimate: whether there are too many to be counted exactly without a store; then within about one percent.
        counted_by: what that is known from: the membership store, or the rows and Pinterest's counters.
        refusal: why the sync would fail for this audience, by a guard or before its first row; None if it would not.
        upload_requests: requests that would bring the identifiers.
        identities: how full the identity columns are, and what that was compared with.
        notes: remarks.
        ad_account_id: the ad account that it is in.
        actalikes: the actalike audiences that the settings ask for, and what would become of each.
        shared_with: whom the settings share it with, likewise.
        empty_table: as in the report.
    """

    audience: str
    audience_id: str | None
    customer_list_id: str | None
    is_new: bool
    members: Bounds
    joins: Bounds
    leaves: Bounds
    is_estimate: bool
    counted_by: Literal["membership_store", "rows_and_counters"]
    refusal: Refusal | None
    upload_requests: int
    identities: IdentityReport | None
    notes: list[str]
    ad_account_id: str | None = None
    actalikes: list[ActalikeReport] = []
    shared_with: list[ShareReport] = []
    empty_table: EmptyTable | None = None


class Preview(msgspec.Struct, frozen=True):
    """What a sync would do.

    Args:
        account: the ad account and who is signed in, in a sentence or two.
        audiences: one for each audience.
        lookup_requests: requests with which the sync looks up what exists.
        quota_left: requests that may still be sent now, by category, as far as is known.
        notes: remarks on the membership store.
        access_tier: the app's access tier, if that is known.
    """

    account: str
    audiences: list[PreviewedAudience]
    lookup_requests: int
    quota_left: dict[str, int | None]
    notes: list[str]
    access_tier: str | None

    def as_line(self) -> str:
        """Returns the preview as one line for a program."""
        return PREVIEW_PREFIX + msgspec.json.encode(self).decode()


class SyncPreview:
    """Previews an assembled sync, once.

    Args:
        parts: the sync. Rejected rows must not be stored, and requests must not be repeated for long.
    """

    def __init__(self, parts: SyncParts) -> None:
        self._parts = parts
        self._uploads: Counter[AudienceLane] = Counter()

    def run(self) -> Preview:
        """Asks Pinterest, reads all rows, and returns what a sync would do.

        Raises:
            ConnectorError: why a sync would fail for every audience before its first row, or on a line that is not a
                message.
        """
        parts = self._parts
        try:
            with parts.pool.listening(parts.journal.on_event):
                account = ConnectionCheck(parts.request.config, parts.session, now=parts.system.now).look()
                before = parts.journal.sync.requests
                notes = self._prepare()
                lookups = parts.journal.sync.requests - before
                self._read()
                audiences = [
                    audience for strategy in parts.isolation.strategies for audience in self._all_foreseen(strategy)
                ]
        finally:
            for strategy in parts.strategies:
                strategy.close()
            if parts.suppressor is not None:
                parts.suppressor.close()
        left = {category.value: parts.session.quota_left(category) for category in _CATEGORIES}
        return Preview(
            shown(account), audiences, lookups, left, [shown(note) for note in notes], parts.session.access_tier()
        )

    def _prepare(self) -> list[str]:
        """Looks up what exists; returns remarks on the membership store."""
        parts = self._parts
        isolation = parts.isolation
        for refused, failure in parts.refused:
            isolation.give_up(refused.lane, failure)
        look_up([one.lane for one in parts.strategies if one.has_audience], parts.desks, isolation.take)
        notes = open_ledgers(
            [mirror for mirror in parts.mirrors if mirror.lane.failure is None],
            parts.request.config,
            system=parts.system,
            stretchings=parts.tuning.stretchings,
            only_look=True,
            on_failure=lambda mirror, failure: isolation.give_up(mirror.lane, failure),
        )
        self._open_indexes()
        if parts.suppressor is not None:
            parts.suppressor.load()
            for mirror in parts.mirrors:
                if mirror.lane.failure is None:
                    mirror.shed(parts.suppressor)
        for strategy in isolation.healthy:
            strategy.recall()
            parts.rows.recall(strategy.remembered)
        return notes

    def _open_indexes(self) -> None:
        parts = self._parts
        columns = [one for one in parts.strategies if isinstance(one, ColumnStrategy) and one.remembers]
        store = (
            open_store(parts.request.config, system=parts.system, open_ledgers=2, stretchings=parts.tuning.stretchings)
            if columns
            else None
        )
        if store is None:
            return
        for column in columns:
            try:
                open_index(column, store, only_look=True)
            except ConnectorError as failure:
                parts.isolation.take(column.lane, failure)

    def _all_foreseen(self, strategy: SyncStrategy) -> Iterator[PreviewedAudience]:
        """Yields what would be done to an audience, or to each of those that a column names."""
        if not isinstance(strategy, ColumnStrategy):
            yield self._foreseen(strategy)
            return
        isolation, failed = self._parts.isolation, list[SyncStrategy]()

        def give_up(branch: SyncStrategy, failure: ConnectorError) -> None:
            isolation.admit(branch)
            isolation.take(branch.lane, failure)
            failed.append(branch)

        branches: list[NamedBranch] = []
        if strategy.lane.failure is None:
            try:
                branches = strategy.begin_settling(self._parts.source.is_complete, give_up, is_end=True)
            except ConnectorError as failure:
                isolation.take(strategy.lane, failure)
        if strategy.lane.failure is not None or strategy.lane.tally.entered or strategy.lane.notes:
            yield self._foreseen(strategy)
        for branch in sorted(branches, key=lambda branch: branch.name):
            yield self._foreseen_branch(strategy, branch)
        for lost in failed:
            yield self._audience(lost)

    def _foreseen_branch(self, column: ColumnStrategy, branch: NamedBranch) -> PreviewedAudience:
        strategy = branch.strategy
        self._parts.isolation.admit(strategy)
        try:
            column.open_branch(branch)
            for _ in column.replay(branch):
                self._accept(strategy.lane)
            strategy.drain()
            self._accept(strategy.lane)
            return self._foreseen(strategy)
        except ConnectorError as failure:
            self._parts.isolation.take(strategy.lane, failure)
            return self._audience(strategy)
        finally:
            strategy.lane.count.headcount.freeze()
            strategy.close()

    def _read(self) -> None:
        parts = self._parts
        while (runs := parts.source.read(_PATIENCE_S)) is not None:
            for run in runs:
                parts.isolation.routes[run.stream].take(run, parts.system.clock())
            for strategy in parts.isolation.healthy:
                self._accept(strategy.lane)
            for _ in parts.source.release(parts.source.position):
                pass  # Nobody waits for states.
        for strategy in parts.isolation.healthy:
            strategy.drain()
            self._accept(strategy.lane)

    def _accept(self, lane: AudienceLane) -> None:
        """Treats what is queued as sent and accepted."""
        while (delivery := lane.start_next()) is not None:
            lane.ack(delivery, len(delivery.identifiers))
            self._uploads[lane] += 1

    def _foreseen(self, strategy: SyncStrategy) -> PreviewedAudience:
        try:
            return self._audience(strategy)
        except ConnectorError as failure:  # A ledger whose files are damaged.
            self._parts.isolation.take(strategy.lane, failure)
        return self._audience(strategy)

    def _audience(self, strategy: SyncStrategy) -> PreviewedAudience:
        target = strategy.lane.target
        before = target.live or target.adoptable
        refusal: ConnectorError | None
        if strategy.lane.failure is not None:
            members, refusal = _NOBODY_KNOWS, strategy.lane.failure
            joins = leaves = _exactly(0)
        elif isinstance(strategy, MirrorStrategy):
            members, joins, leaves, refusal = self._foresee_mirror(strategy)
        else:
            members = _members_now(target, strategy)
            refusal = strategy.foresee(self._parts.source.is_complete) if isinstance(strategy, SwapStrategy) else None
            joins, leaves = self._bounds(strategy, members)
        refusal = _unusable(strategy) or refusal
        reach = self._reach_of(strategy)
        return PreviewedAudience(
            audience=target.name,
            audience_id=target.audience_id,
            customer_list_id=None if before is None else before.id,
            is_new=target.audience_id is None and strategy.lane.failure is None and strategy.has_audience,
            members=members,
            joins=joins,
            leaves=leaves,
            is_estimate=not isinstance(strategy, MirrorStrategy)
            and max(strategy.lane.count.headcount.members, members.at_most or 0) > EXACT_UP_TO,
            counted_by="membership_store" if isinstance(strategy, MirrorStrategy) else "rows_and_counters",
            refusal=None if refusal is None else Refusal(shown(str(refusal)), refusal.code),
            upload_requests=self._uploads[strategy.lane],
            identities=identities_of(strategy),
            notes=[
                shown(note)
                for note in (*strategy.lane.notes, *_suppressed_notes(strategy), *self._prospects_of(strategy))
            ],
            ad_account_id=target.ad_account_id,
            actalikes=actalikes_of(reach),
            shared_with=shares_of(reach),
            empty_table=strategy.lane.empty_table,
        )

    def _reach_of(self, strategy: SyncStrategy) -> Reach:
        target = strategy.lane.target
        if strategy.lane.failure is not None or not strategy.has_audience:
            return Reach()
        desk = self._parts.desks[target.ad_account_id]
        return desk.reach.foresee(target, desk.lookup.listed)

    def _prospects_of(self, strategy: SyncStrategy) -> list[str]:
        if strategy.lane.failure is not None:
            return []
        may_be_emptied = self._parts.request.config.allow_empty_audience
        return _prospects(strategy.lane.target, strategy, may_be_emptied=may_be_emptied)

    def _foresee_mirror(self, strategy: MirrorStrategy) -> tuple[Bounds, Bounds, Bounds, ConnectorError | None]:
        delta, refusal = strategy.foresee(self._parts.source.is_complete)
        size = self._parts.request.config.batch_size
        self._uploads[strategy.lane] = math.ceil(delta.additions / size) + math.ceil(delta.removals / size)
        leaves = delta.removals - delta.removals_of_nonmembers
        return _exactly(delta.members_before), _exactly(delta.additions), _exactly(leaves), refusal

    def _bounds(self, strategy: SyncStrategy, members: Bounds) -> tuple[Bounds, Bounds]:
        """Returns how many would join and leave, by what the rows have and what is known of the members."""
        incoming, tally = strategy.lane.count.headcount.members, strategy.lane.tally
        most = members.at_most
        joins = Bounds(0 if most is None else max(0, incoming - most), incoming)
        if not isinstance(strategy, SwapStrategy):
            removed = tally.identifiers_removed
            return joins, Bounds(0, removed if most is None else min(removed, most))
        if not incoming and not (self._parts.request.config.allow_empty_audience and not tally.entered):
            return joins, _exactly(0)  # A table without usable rows empties nothing.
        return joins, Bounds(max(0, members.at_least - incoming), most)


def _unusable(strategy: SyncStrategy) -> ConnectorError | None:
    """Returns why the sync would fail for rows that can't be used, however the audience is kept; None if not."""
    try:
        check_rows(strategy.lane.target.name, strategy.lane.qualities)
    except UnusableRowsError as refusal:
        return refusal
    return None


def _prospects(target: AudienceTarget, strategy: SyncStrategy, *, may_be_emptied: bool) -> list[str]:
    """Returns notes on an audience that is missing although there is a list of it."""
    waiting = target.adoptable
    if waiting is None:
        return []
    if target.shadow is None or strategy.lane.tally.identifiers_added:
        return [] if target.waiting == waiting.id else [prospect_note(waiting)]
    if strategy.lane.tally.entered or not may_be_emptied:
        return []  # It stays; see the note on a table that replaces nobody.
    return [f"The table has no usable rows, so an empty one takes the place of the list {waiting.id}."]


def _suppressed_notes(strategy: SyncStrategy) -> list[str]:
    """Returns a note on rows with people who were forgotten, of which the command line's own counts know nothing."""
    reason, tally = RejectionReason.SUPPRESSED.value, strategy.lane.tally
    rows, identifiers = tally.not_synced[reason], tally.identifiers_refused[reason]
    if not rows and not identifiers:
        return []
    note = (
        "The suppression store keeps people out who were forgotten: "
        f"rows without anybody else: {rows:,}; identifiers of rows that have others: {identifiers:,}."
    )
    return [note]


def _exactly(number: int) -> Bounds:
    return Bounds(number, number)


def _members_now(target: AudienceTarget, strategy: SyncStrategy) -> Bounds:
    """Returns how many identifiers the audience has: as the last sync counted them, or at most what was ever added."""
    customer_list = target.live or target.adoptable
    if customer_list is None:
        return _exactly(0)
    known = strategy.remembered.members
    if known is not None and known.is_still_exact(customer_list):
        return _exactly(known.identifiers)
    counts = counts_of(customer_list)
    return Bounds(0, None if counts is None else counts.added)
