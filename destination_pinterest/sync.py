"""Runs a sync: looks up the audiences, writes rows, finishes the audiences, and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from os import environ
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from destination_pinterest.api.auth import RefreshingToken
from destination_pinterest.assembly import SyncParts
from destination_pinterest.audiences.description_mark import for_exclusion, read_mark
from destination_pinterest.audiences.mark_keeper import MarkKeeper
from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.connection_check import REFRESH_EXPIRY_WARNING_S, refresh_expiry
from destination_pinterest.delivery.by_column import ColumnStrategy
from destination_pinterest.delivery.lane import AudienceLane
from destination_pinterest.delivery.ledgers import open_index, open_ledgers, open_store
from destination_pinterest.delivery.looking_up import look_up, note_newcomers
from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.errors import ConnectionFailedError, ConnectorError, ServerError
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.markers import REPORT_TEXT_VARIABLE
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.reporting.builder import SyncReporter
from destination_pinterest.reporting.report import SyncReport
from destination_pinterest.routing.decision import excludes
from destination_pinterest.system import System
from destination_pinterest.vocabulary import ROWS_ONLY
from destination_pinterest.wording.plan_text import plan_lines

if TYPE_CHECKING:  # It imports DuckDB and NumPy, which syncs without a store don't need.
    from destination_pinterest.membership import MembershipStore

# Everything is synced and only the report's figures are missing, so only short waits are worth it.
_REPORT_PATIENCE_S: Final = 2.0
# A quota that is back within a minute is worth the wait for an actalike audience; an outage is not.
_REACH_PATIENCE_S: Final = 60.0
# How long a process that is to end waits for a sign-in that is being renewed; the second, once it has waited before.
RENEWAL_WAIT_S: Final = 5.0
_LAST_WAIT_S: Final = 0.5
# Warnings about audiences that are logged one by one: a column may name thousands that all meet the same.
_MOST_NOTES_LOGGED: Final = 50


class Sync:
    """Runs an assembled sync. Its `report` is there once it has ended, unless it failed before."""

    def __init__(self, parts: SyncParts) -> None:
        self._parts = parts
        self._messages = parts.request.messages
        self._writer = parts.writer
        self._is_writing = False
        # Whether whatever could be finished is: all audiences, or all but those that failed alone.
        self._has_ended = False
        self._notes_noted = 0
        self.report: SyncReport | None = None
        self._stores: list[MembershipStore] = []
        self._reporter = SyncReporter(
            lambda: parts.isolation.every,
            parts.journal.sync,
            parts.session.clients,
            access_tier=parts.session.access_tier,
            catch_up=parts.writer.catch_up,
            clock=parts.system.clock,
        )

    def run(self) -> Iterator[bytes]:
        """Yields states once they are safe, each as the content of `state`; ends with the report.

        Raises:
            ConnectorError: why the sync failed; raised after the report.
        """
        succeeded = False
        parts = self._parts
        try:
            self._announce()
            with parts.pool.listening(parts.journal.on_event):
                self._prepare()
            # Only now, since the first request has renewed the sign-in, if it can be renewed.
            _warn_of_refresh_expiry(parts.session.sign_in, self._messages, parts.system.now())
            self._is_writing = True
            yield from self._writer.run()
            self._is_writing = False
            if not self.is_stopped:
                with parts.pool.listening(parts.journal.on_event):
                    self._finish()
                yield from self._writer.release()
                self._has_ended = True
                self._extend_reach()
                parts.isolation.raise_failures()
                succeeded = True
        finally:
            self._end(succeeded=succeeded)

    def stop(self) -> bool:
        """Asks the sync to end soon, from any thread. Returns False if there is nothing worth waiting for."""
        if not self._is_writing:
            return False
        self._writer.stop()
        return True

    def give_back(self) -> None:
        """Hands over a sign-in that is being renewed, and gives back the leases of the membership store and the quota.

        From any thread: the process is about to end.
        """
        if self._parts.session.sign_in is not None:
            self._parts.session.sign_in.wait_for_renewal(_LAST_WAIT_S if self.is_stopped else RENEWAL_WAIT_S)
        for store in self._stores:
            store.give_back()
        self._parts.session.leave_quota()

    @property
    def is_stopped(self) -> bool:
        """Whether the sync was asked to stop before its input ended."""
        return self._writer.is_stopped

    def _announce(self) -> None:
        parts = self._parts
        shadow_lists = {
            audience.key: strategy.lane.target.list_name
            for audience, strategy in zip(parts.audiences, parts.strategies, strict=True)
        }
        for level, text in plan_lines(parts.plans, parts.audiences, parts.request.config, shadow_lists):
            self._messages.log(level, text)

    def _prepare(self) -> None:
        parts, isolation = self._parts, self._parts.isolation
        for refused, failure in parts.refused:
            isolation.give_up(refused.lane, failure)
        # The audiences that a column names are looked up once rows have named them.
        lanes = [strategy.lane for strategy in parts.strategies if not isinstance(strategy, ColumnStrategy)]
        look_up(lanes, parts.desks, self._give_up)
        note_newcomers(lanes)
        interruptible = parts.system.with_sleep(parts.session.pause.sleep)
        remarks = open_ledgers(
            [mirror for mirror in parts.mirrors if mirror.lane.failure is None],
            parts.request.config,
            system=interruptible,
            stretchings=parts.tuning.stretchings,
            timing=parts.tuning.lease_timing,
            on_failure=lambda mirror, failure: isolation.give_up(mirror.lane, failure),
            on_store=self._keep_store,
        )
        self._open_indexes(interruptible)
        for remark in remarks:
            self._messages.log("INFO", remark)
        self._suppress()
        self._log_notes()
        for strategy in isolation.healthy:
            strategy.recall()
            parts.rows.recall(strategy.remembered)
        for strategy in isolation.healthy:
            try:
                self._find_out_form(strategy)
                strategy.prepare()
            except ConnectorError as failure:
                self._give_up(strategy.lane, failure)
        self._log_notes()

    def _find_out_form(self, strategy: SyncStrategy) -> None:
        """Finds out how an audience's identifiers can be sent, if some of them need a newer form of request."""
        lane, rows = strategy.lane, self._parts.rows
        if ROWS_ONLY.isdisjoint(lane.target.identifiers):
            return
        if not strategy.has_audience:  # Of the audiences that a column names, the first to be settled finds out.
            lane.notes.extend(rows.notes(lane.target.identifiers))
            return
        rows.find_out(lane, self._parts.desks[lane.target.ad_account_id].creator)
        strategy.remembered = rows.noted(strategy.remembered)
        lane.notes.extend(rows.notes(lane.target.identifiers))

    def _open_indexes(self, system: System) -> None:
        parts = self._parts
        columns = [one for one in parts.strategies if isinstance(one, ColumnStrategy) and one.remembers]
        store = (
            open_store(
                parts.request.config,
                system=system,
                open_ledgers=max(column.at_once for column in columns) + 1,
                stretchings=parts.tuning.stretchings,
                timing=parts.tuning.lease_timing,
            )
            if columns
            else None
        )
        if store is None:
            return
        self._keep_store(store)
        for column in columns:
            if column.lane.failure is None:
                try:
                    open_index(column, store)
                except ConnectorError as failure:
                    parts.isolation.take(column.lane, failure)

    def _suppress(self) -> None:
        """Reads whom no row may add, and has the ledgers remove those whom they still have."""
        parts = self._parts
        if parts.suppressor is None:
            return
        parts.suppressor.load()
        for mirror in parts.mirrors:
            if mirror.lane.failure is None:
                try:
                    mirror.shed(parts.suppressor)
                except ConnectorError as failure:
                    self._give_up(mirror.lane, failure)

    def _keep_store(self, store: MembershipStore) -> None:
        self._stores.append(store)

    def _finish(self) -> None:
        """Finishes every audience that has not failed, even if others fail."""
        for strategy in self._parts.isolation.healthy:
            _note_absent_identities(strategy)
            strategy.remembered = _with_request_size(strategy.remembered, strategy.lane)
            try:
                strategy.finish(self._parts.source.is_complete)
            except ConnectorError as failure:
                self._give_up(strategy.lane, failure)
        self._log_notes()

    def _give_up(self, lane: AudienceLane, failure: ConnectorError) -> None:
        """Gives an audience up for what its own requests met, unless Pinterest does not answer anybody any more.

        Audiences are prepared and finished one after the other, and each would wait for as long as retries may take.

        Raises:
            ConnectorError: the failure concerns the whole sync, or no audience is left.
        """
        isolation = self._parts.isolation
        others = [strategy.lane.target for strategy in isolation.healthy if strategy.lane is not lane]
        if others and isinstance(failure, ServerError | ConnectionFailedError):
            elsewhere = [target for target in others if target.ad_account_id != lane.target.ad_account_id]
            self._parts.session.clients[(elsewhere or others)[0].ad_account_id].ad_account()
        isolation.take(lane, failure)

    def _extend_reach(self) -> None:
        """Creates actalike audiences and shares, once states are out: nothing in it fails the sync or is waited for."""
        parts = self._parts
        parts.session.pause.allow_at_most(_REACH_PATIENCE_S)
        with parts.pool.listening(parts.journal.on_event):
            for lane in (strategy.lane for strategy in self._finished() if strategy.has_audience):
                desk = parts.desks[lane.target.ad_account_id]
                update, lane.reach = desk.reach.settle(lane.target, desk.lookup.listed)
                lane.update(update)
        self._log_notes()

    def _keep_marks(self) -> None:
        """Leaves the next sync what it compares its rows with. Everything is synced already, so nothing here fails."""
        keepers = {account: MarkKeeper(client) for account, client in self._parts.session.clients.items()}
        with self._parts.pool.listening(self._parts.journal.on_event):
            for strategy in self._parts.isolation.healthy:
                strategy.conclude()
                mark = strategy.mark
                if excludes(self._parts.request.config):  # Pinterest does not know, and others have to.
                    mark = for_exclusion(mark or strategy.remembered)
                if mark is not None:
                    mark = _with_request_size(mark, strategy.lane)
                    target = strategy.lane.target
                    strategy.lane.update(keepers[target.ad_account_id].keep(target, mark))
                self._keep_described(strategy.branches, keepers)
        self._log_notes()

    def _keep_described(self, branches: Sequence[SyncStrategy], keepers: Mapping[str, MarkKeeper]) -> None:
        """Writes what the settings say into the descriptions of a column's audiences, and what all marks have to tell.

        What else their marks say is that of their creation.
        """
        for lane in (branch.lane for branch in branches if branch.lane.failure is None):
            target = lane.target
            mark = read_mark(target.description)
            if not ROWS_ONLY.isdisjoint(target.identifiers):
                mark = self._parts.rows.noted(mark)
            mark = _with_request_size(mark, lane)
            update = keepers[target.ad_account_id].keep(target, mark)
            lane.update(update)
            if update.notes:
                return  # The others would meet the same, and may be thousands.

    def _finished(self) -> list[SyncStrategy]:
        """The strategies of all audiences that have not failed, among them those that columns name."""
        healthy = self._parts.isolation.healthy
        branches = [branch for strategy in healthy for branch in strategy.branches]
        return [*healthy, *(branch for branch in branches if branch.lane.failure is None)]

    def _log_notes(self) -> None:
        for strategy in self._parts.isolation.every:
            lane = strategy.lane
            for note in lane.unlogged_notes():
                self._notes_noted += 1
                if self._notes_noted <= _MOST_NOTES_LOGGED:
                    self._messages.log("WARN", f"Audience {lane.target.title}: {note}")

    def _log_left_out(self) -> None:
        left_out = self._notes_noted - _MOST_NOTES_LOGGED
        if left_out > 0:
            self._messages.log("WARN", f"{left_out:,} further warnings about audiences are in the report alone.")

    def _end(self, *, succeeded: bool) -> None:
        pause = self._parts.session.pause
        if self._has_ended:
            pause.allow_at_most(_REPORT_PATIENCE_S)
        else:
            pause.interrupt()
        self._parts.pool.shut_down()
        try:
            if self._has_ended:
                self._keep_marks()
            self._log_left_out()
            self._report_streams()
            self._report(succeeded=succeeded)
        finally:
            for strategy in self._parts.strategies:
                strategy.close()
            if self._parts.suppressor is not None:
                self._parts.suppressor.close()
            self._parts.session.leave_quota()

    def _report_streams(self) -> None:
        """Tells the platform which streams are synced, if some are not; otherwise the sync's success says so."""
        isolation = self._parts.isolation
        if not isolation.failed:
            return
        is_failed: dict[StreamKey, bool] = {}
        for lane in (strategy.lane for strategy in isolation.every):
            for stream in lane.streams:
                is_failed[stream] = is_failed.get(stream, False) or lane.failure is not None
        for stream, failed in is_failed.items():
            if failed or self._has_ended:
                self._messages.stream_status(stream, "INCOMPLETE" if failed else "COMPLETE")

    def _report(self, *, succeeded: bool) -> None:
        finished = self._finished() if self._has_ended else ()
        report = self.report = self._reporter.report(succeeded=succeeded, finished=finished)
        max_identifiers = min(sender.max_identifiers for sender in self._parts.senders.values())
        if max_identifiers < self._parts.request.config.batch_size:
            self._messages.log(
                "WARN",
                f"Pinterest refused larger requests, so at most {max_identifiers} identifiers were sent "
                "at a time. Set Identifiers per request to that number in the destination's settings.",
            )
        for line in () if environ.get(REPORT_TEXT_VARIABLE) == "0" else report.as_text():
            self._messages.log("INFO" if succeeded else "WARN", line)
        for line in self._parts.dead_letters.summary() if self._parts.dead_letters else ():
            self._messages.log("INFO", line)
        self._messages.figures("INFO", report.as_line())


def _with_request_size(mark: Remembered, lane: AudienceLane) -> Remembered:
    """Returns the mark with how far requests grew, if they may."""
    if lane.growth is None:
        return mark
    return replace(mark, request_size=lane.growth.remembered(mark.request_size))


def _note_absent_identities(strategy: SyncStrategy) -> None:
    lane = strategy.lane
    if 0 < lane.tally.entered == lane.tally.not_synced[RejectionReason.NO_IDENTITY.value]:
        lane.notes.append(
            "No row had a value in an identity column. If the table has such values, check the names of the "
            "columns (upper and lower case count) against the log's line about the stream."
        )


def _warn_of_refresh_expiry(sign_in: RefreshingToken | None, messages: MessageWriter, now: float) -> None:
    if (
        sign_in is None
        or sign_in.refresh_expires_at is None
        or sign_in.refresh_expires_at - now >= REFRESH_EXPIRY_WARNING_S
    ):
        return
    for sentence in refresh_expiry(sign_in, now):
        messages.log("WARN", sentence + " If it has ended, sign in again in the destination's settings.")
