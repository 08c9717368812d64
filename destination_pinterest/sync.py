"""One sync, put together and run: from the catalog's plans to the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from os import environ
from typing import Final

from destination_pinterest.api.auth import RefreshingToken
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.wire import OpenWire, open_http_wire
from destination_pinterest.audiences.creation import AudienceCreator
from destination_pinterest.audiences.lookup import AudienceLookup
from destination_pinterest.audiences.swap import AudienceSwapper
from destination_pinterest.config import Config
from destination_pinterest.connection_check import REFRESH_EXPIRY_WARNING_S, refresh_expiry
from destination_pinterest.dead_letters.factory import DeadLetterStorage
from destination_pinterest.dead_letters.queue import MAX_FILES_IN_FLIGHT
from destination_pinterest.delivery.events import EventObserver, Events
from destination_pinterest.delivery.intake import RowIntake
from destination_pinterest.delivery.journal import SyncJournal
from destination_pinterest.delivery.lane import MAX_IN_FLIGHT, AudienceLane
from destination_pinterest.delivery.lane_factory import make_lanes
from destination_pinterest.delivery.route import StreamRoute
from destination_pinterest.delivery.sender import DeliverySender
from destination_pinterest.delivery.threads import DaemonThreads
from destination_pinterest.delivery.tracked_books import Memories
from destination_pinterest.delivery.writer import AudienceWriter
from destination_pinterest.errors import ConfigurationError, ConnectorError
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.reporting.builder import SyncReporter
from destination_pinterest.reporting.plan_text import announcements
from destination_pinterest.routing.plan import StreamPlan, plan_streams
from destination_pinterest.session import PinterestSession, PlatformConfig, open_session
from destination_pinterest.system import System

_MOST_THREADS: Final = 64
# Everything is synced and only the report's figures are missing: the quota's ordinary rhythm is waited for, no more.
_REPORT_PATIENCE_S: Final = 2.0
# A platform's log wants a line now and then; a terminal's progress bar asks for more through this variable.
PROGRESS_VARIABLE: Final = "DESTINATION_PINTEREST_PROGRESS_S"
_PROGRESS_S: Final = 30.0


class Sync:
    """One sync.

    Args:
        config: the settings.
        plans: the catalog's streams.
        lines: the input.
        messages: the output.
        platform_config: what the settings were read from; takes a rotated token.
        system: clocks and chance.
        open_wire: makes the way to Pinterest.
    """

    def __init__(
        self,
        config: Config,
        plans: Sequence[ConfiguredStream],
        lines: Lines,
        messages: MessageWriter,
        *,
        platform_config: PlatformConfig,
        system: System,
        open_wire: OpenWire = open_http_wire,
    ) -> None:
        self._config = config
        self._lines = lines
        self._messages = messages
        self._system = system
        ways = plan_streams(plans, config)
        self._events = Events(lines.wake)
        self._observer = EventObserver(self._events)
        self._session = open_session(
            config,
            platform_config,
            system=system,
            observer=self._observer,
            retry=RetryPolicy.from_hours(config.retry_hours),
            open_wire=open_wire,
        )
        self._finder = AudienceLookup(self._session.client, now=system.now)
        self._provisioner = _provisioner(self._session, self._finder, system)
        self._replacer = AudienceSwapper(
            self._session.client,
            self._provisioner,
            max_removal_percent=config.max_removal_percent,
            allow_empty=config.allow_empty_audience,
            if_refused=config.refused_rule_change,
        )
        self._lanes = make_lanes(ways, config, system)
        self._memories = Memories(self._lanes.values(), config, sleep=self._session.pause.sleep, clock=system.clock)
        self._ledger = CheckpointLedger()
        self._completeness = Completeness(plans, trust_end_markers=config.trust_end_markers)
        self._journal = SyncJournal(
            messages,
            list(self._lanes.values()),
            clock=system.clock,
            now=system.now,
            progress_every_s=float(environ.get(PROGRESS_VARIABLE, _PROGRESS_S)),
        )
        self._decoder = MessageDecoder(
            (column for way in ways for column in way.columns), (column for plan in plans for column in plan.columns)
        )
        self._rejected = _rejected_storage(config, system)
        self._routes = [self._make_route(way) for way in ways]
        self._sender = DeliverySender(self._session.client, self._provisioner, config.batch_size)
        self._writer, self._executor = self._make_writer(config)
        self._reporter = SyncReporter(
            self._lanes.values(),
            self._journal.sync,
            self._provisioner,
            catch_up=self._writer.catch_up,
            clock=system.clock,
        )
        self._is_writing = False
        self._notes_told: dict[tuple[str, str], int] = {}

    def run(self) -> Iterator[bytes]:
        """Yields states as they become safe, each as the content of `state`; ends with the report.

        Raises:
            ConnectorError: what the sync failed with, after the report.
        """
        succeeded = False
        try:
            self._announce()
            with self._observer.telling(self._journal.told):
                self._find_audiences()
                self._make_up_for_earlier_syncs()
            # Only now: the first request has renewed the sign-in, where it can be renewed.
            _warn_of_refresh_expiry(self._session.sign_in, self._messages, self._system.now())
            self._is_writing = True
            yield from self._writer.run(self._lines)
            self._is_writing = False
            if not self.is_stopped:
                with self._observer.telling(self._journal.told):
                    failures = self._finish_audiences()
                yield from self._writer.release()
                _raise_first(failures, self._messages)
                succeeded = True
        finally:
            if succeeded:
                self._session.pause.allow_at_most(_REPORT_PATIENCE_S)
            else:
                self._session.pause.interrupt()
            self._executor.shutdown(wait=False)
            try:
                self._report(succeeded=succeeded)
            finally:
                self._memories.close()

    def stop(self) -> bool:
        """Asks the sync to end soon; for a signal handler. False if nothing is on its way that is worth waiting for."""
        if not self._is_writing:
            return False
        self._writer.stop()
        return True

    @property
    def is_stopped(self) -> bool:
        """Whether the sync was asked to end before its input did."""
        return self._writer.is_stopped

    def _find_audiences(self) -> None:
        targets = [lane.target for lane in self._lanes.values()]
        self._finder.find(targets)
        for remark in self._memories.open():
            self._messages.log("INFO", remark)
        self._tell_notes()

    def _tell_notes(self) -> None:
        """Logs what was noted about the audiences and was not logged yet."""
        for key, lane in self._lanes.items():
            for note in lane.target.notes[self._notes_told.get(key, 0) :]:
                self._messages.log("WARN", f'Audience "{lane.target.name}": {note}')
            self._notes_told[key] = len(lane.target.notes)

    def _make_up_for_earlier_syncs(self) -> None:
        """Creates the audience of a list that an earlier sync left without one, before quota goes into people.

        On Trial access a large table uses up the day's quota every day, and nothing would be left at the end.
        """
        for lane in self._lanes.values():
            target = lane.target
            if target.audience_id is not None or target.generation is not None:
                continue
            notes = list(target.notes)
            with suppress(ConfigurationError):  # It is tried again at the end, and what it then says is said.
                self._provisioner.ensure_audience(target)
            target.notes[:] = notes

    def _finish_audiences(self) -> list[ConnectorError]:
        """Creates what is missing and replaces what is to be; one that can't be does not keep the others from it."""
        failures: list[ConnectorError] = []
        for lane in self._lanes.values():
            try:
                self._finish(lane)
            except ConnectorError as failure:
                failures.append(failure)
        self._tell_notes()
        return failures

    def _finish(self, lane: AudienceLane) -> None:
        if 0 < lane.tally.entered == lane.tally.not_synced[RejectionReason.NO_IDENTITY.value]:
            lane.target.notes.append(
                "None of the rows had anything in an identity column. If the table has people, check the names of the "
                "columns (upper and lower case count) against the log's line about the stream."
            )
        if lane.target.generation is None:
            self._provisioner.ensure_audience(lane.target)
            return
        self._replacer.finish(
            lane.target,
            is_complete=all(self._completeness.is_complete(stream) for stream in lane.streams),
            has_rows=lane.tally.entered > 0,
            sent=lane.tally.identifiers_added,
        )
        lane.let_go()

    def _announce(self) -> None:
        for level, text in announcements(self._routes, self._lanes.values(), self._config):
            self._messages.log(level, text)

    def _report(self, *, succeeded: bool) -> None:
        report = self._reporter.report(succeeded=succeeded)
        if self._sender.max_identifiers < self._config.batch_size:
            self._messages.log(
                "WARN",
                f"Pinterest refused larger requests, so {self._sender.max_identifiers} identifiers at most were sent "
                "at a time. Set Identifiers per request to that number in the destination's settings.",
            )
        for line in report.as_text():
            self._messages.log("INFO" if succeeded else "WARN", line)
        for line in self._rejected.summary() if self._rejected else ():
            self._messages.log("INFO", line)
        self._messages.figures("INFO", report.as_line())

    def _make_route(self, way: StreamPlan) -> StreamRoute:
        rejected = None
        if self._rejected is not None:
            identity_columns = tuple(identity.column for identity in way.identities)
            rejected = self._rejected.rows_of(way.plan, way.key_columns, identity_columns, self._decoder)
        return StreamRoute(
            way,
            self._config,
            self._decoder,
            self._lanes[way.lane_key],
            self._ledger.tally(way.plan.key),
            rejected=rejected,
        )

    def _make_writer(self, config: Config) -> tuple[AudienceWriter, DaemonThreads]:
        lanes = list(self._lanes.values())
        executor = DaemonThreads(min(_MOST_THREADS, MAX_IN_FLIGHT * max(1, len(lanes)) + MAX_FILES_IN_FLIGHT))
        writer = AudienceWriter(
            intake=RowIntake(
                self._decoder,
                {(route.way.plan.key.namespace, route.way.plan.key.name): route for route in self._routes},
                self._ledger,
                self._completeness,
                self._system.clock,
            ),
            lanes=lanes,
            ledger=self._ledger,
            completeness=self._completeness,
            sender=self._sender,
            executor=executor,
            events=self._events,
            observer=self._observer,
            journal=self._journal,
            clock=self._system.clock,
            flush_s=config.flush_seconds,
            interrupt=self._session.pause.interrupt,
            rejected=self._rejected.records if self._rejected else None,
        )
        return writer, executor


def _rejected_storage(config: Config, system: System) -> DeadLetterStorage | None:
    storage = config.object_storage_config
    if storage is None:
        return None
    return DeadLetterStorage(S3Bucket(storage), storage, clock=system.clock, now=system.now)


def _provisioner(session: PinterestSession, finder: AudienceLookup, system: System) -> AudienceCreator:
    return AudienceCreator(
        session.client,
        finder,
        delay_s=session.lost_answer_delay_s,
        sleep=session.pause.sleep,
        clock=system.clock,
    )


def _raise_first(failures: Sequence[ConnectorError], messages: MessageWriter) -> None:
    """The platform shows one failure; the others are at least in the log."""
    for failure in failures[1:]:
        messages.log("ERROR", str(failure))
    if failures:
        raise failures[0]


def _warn_of_refresh_expiry(sign_in: RefreshingToken | None, messages: MessageWriter, now: float) -> None:
    if (
        sign_in is None
        or sign_in.refresh_expires_at is None
        or sign_in.refresh_expires_at - now >= REFRESH_EXPIRY_WARNING_S
    ):
        return
    for sentence in refresh_expiry(sign_in, now):
        messages.log("WARN", sentence + " If it has ended, sign in again in the destination's settings.")
