"""One sync, put together and run: from the catalog's plans to the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from os import environ
from typing import Any, Final

from destination_pinterest.api.auth import RefreshingToken
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.audience.batch import MembershipBatch
from destination_pinterest.audience.events import EventObserver, Events
from destination_pinterest.audience.journal import SyncJournal
from destination_pinterest.audience.lane import MAX_IN_FLIGHT, AudienceLane
from destination_pinterest.audience.provision import AudienceProvisioner, AudienceTarget
from destination_pinterest.audience.reporting import SyncReporter
from destination_pinterest.audience.routing import StreamRoute, StreamWay, plan_ways
from destination_pinterest.audience.sender import DeliverySender
from destination_pinterest.audience.threads import DaemonThreads
from destination_pinterest.audience.writer import AudienceWriter
from destination_pinterest.config import Config
from destination_pinterest.connection import ConfigKeeper, Connection, connect
from destination_pinterest.connection_check import CHAIN_WARNING_S, chain_end
from destination_pinterest.errors import ConfigurationError, ConnectorError
from destination_pinterest.protocol.catalog import StreamPlan
from destination_pinterest.protocol.checkpoint import CheckpointLedger
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import Lines
from destination_pinterest.protocol.messages import MessageDecoder
from destination_pinterest.system import System

# Requests a second to one list that may be worth having in flight, by tier: the quota's own rate; for `none`, half of
# the 100 a second that Pinterest allows any app (developers.pinterest.com rate limits, read 2026-11-22).
_RATE_PER_S: Final = {"standard": 400 / 60, "trial": 1.0, "none": 50.0}
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
        raw: the config that they were read from, which a rotated token is written back into.
        plans: the catalog's streams.
        lines: the input.
        messages: the output.
        keeper: takes a changed config.
        system: clocks and chance.
    """

    def __init__(
        self,
        config: Config,
        raw: Mapping[str, Any],
        plans: Sequence[StreamPlan],
        lines: Lines,
        messages: MessageWriter,
        *,
        keeper: ConfigKeeper,
        system: System,
    ) -> None:
        self._config = config
        self._lines = lines
        self._messages = messages
        self._system = system
        ways = plan_ways(plans, config)
        self._events = Events(lines.wake)
        self._observer = EventObserver(self._events)
        self._connection = connect(
            config,
            raw,
            keeper=keeper,
            system=system,
            observer=self._observer,
            retry=RetryPolicy.from_hours(config.retry_hours),
        )
        self._provisioner = _provisioner(self._connection, system)
        self._lanes = _lanes(ways, config)
        self._ledger = CheckpointLedger()
        self._journal = SyncJournal(
            messages,
            list(self._lanes.values()),
            clock=system.clock,
            now=system.now,
            progress_every_s=float(environ.get(PROGRESS_VARIABLE, _PROGRESS_S)),
        )
        self._decoder = MessageDecoder(column for way in ways for column in way.columns)
        self._routes = [
            StreamRoute(way, config, self._decoder, self._lanes[way.audience], self._ledger.tally(way.plan.key))
            for way in ways
        ]
        self._sender = DeliverySender(self._connection.client, self._provisioner, config.batch_size)
        self._writer, self._executor = self._make_writer(config)
        self._reporter = SyncReporter(
            self._lanes.values(),
            self._journal.sync,
            self._provisioner,
            catch_up=self._writer.catch_up,
            clock=system.clock,
        )
        self._is_writing = False

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
            _warn_of_the_chain(self._connection.sign_in, self._messages, self._system.now())
            self._is_writing = True
            yield from self._writer.run(self._lines)
            self._is_writing = False
            if not self.is_stopped:
                with self._observer.telling(self._journal.told):
                    self._ensure_audiences()
                succeeded = True
        finally:
            if succeeded:
                self._connection.pause.allow_at_most(_REPORT_PATIENCE_S)
            else:
                self._connection.pause.interrupt()
            self._executor.shutdown(wait=False)
            self._report(succeeded=succeeded)

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
        self._provisioner.find(targets)
        for target in targets:
            for note in target.notes:
                self._messages.log("WARN", f'Audience "{target.name}": {note}')

    def _make_up_for_earlier_syncs(self) -> None:
        """Creates the audience of a list that an earlier sync left without one, before quota goes into people.

        On Trial access a large table uses up the day's quota every day, and nothing would be left at the end.
        """
        for lane in self._lanes.values():
            notes = list(lane.target.notes)
            with suppress(ConfigurationError):  # It is tried again at the end, and what it then says is said.
                self._provisioner.ensure_audience(lane.target)
            lane.target.notes[:] = notes

    def _ensure_audiences(self) -> None:
        """Creates what is missing; one that can't be created does not keep the others from it."""
        failures: list[ConnectorError] = []
        for lane in self._lanes.values():
            try:
                self._provisioner.ensure_audience(lane.target)
            except ConnectorError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    def _announce(self) -> None:
        setting = self._config.operation_column
        for route in self._routes:
            columns = ", ".join(f"{i.column} as {i.identifier} ({i.format})" for i in route.way.identities)
            self._messages.log(
                "INFO",
                f'Stream "{route.way.plan.key}" goes to the audience "{route.way.audience}"; identities: {columns}.',
            )
            if setting is not None and route.way.operation_column is None:
                self._messages.log(
                    "WARN",
                    f'The stream "{route.way.plan.key}" has no column "{setting.column}" (the operation column of the '
                    "settings), so all its rows add people unless they are marked as deleted.",
                )
            if route.way.plan.drops_earlier_generations:
                self._messages.log(
                    "WARN",
                    f'The refresh of the stream "{route.way.plan.key}" is to remove earlier rows, which this version '
                    "does not do: people who are in the table no more stay in the audience.",
                )

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
        self._messages.figures("INFO", report.as_line())

    def _make_writer(self, config: Config) -> tuple[AudienceWriter, DaemonThreads]:
        lanes = list(self._lanes.values())
        executor = DaemonThreads(min(_MOST_THREADS, MAX_IN_FLIGHT * max(1, len(lanes))))
        writer = AudienceWriter(
            decoder=self._decoder,
            routes={(route.way.plan.key.namespace, route.way.plan.key.name): route for route in self._routes},
            lanes=lanes,
            ledger=self._ledger,
            sender=self._sender,
            executor=executor,
            events=self._events,
            observer=self._observer,
            journal=self._journal,
            clock=self._system.clock,
            flush_s=config.flush_seconds,
            interrupt=self._connection.pause.interrupt,
        )
        return writer, executor


def _lanes(ways: Sequence[StreamWay], config: Config) -> dict[str, AudienceLane]:
    """One lane an audience; streams that lead to one name share it."""
    by_audience: dict[str, list[StreamWay]] = {}
    for way in ways:
        by_audience.setdefault(way.audience, []).append(way)
    return {
        audience: AudienceLane(
            AudienceTarget(audience, frozenset(identity.identifier for way in sharing for identity in way.identities)),
            MembershipBatch(config.batch_size),
            tuple(way.plan.key for way in sharing),
            _RATE_PER_S[config.access_tier],
        )
        for audience, sharing in by_audience.items()
    }


def _provisioner(connection: Connection, system: System) -> AudienceProvisioner:
    return AudienceProvisioner(
        connection.client,
        delay_s=connection.lost_answer_delay_s,
        sleep=connection.pause.sleep,
        clock=system.clock,
    )


def _warn_of_the_chain(sign_in: RefreshingToken | None, messages: MessageWriter, now: float) -> None:
    if sign_in is None or sign_in.chain_ends_at is None or sign_in.chain_ends_at - now >= CHAIN_WARNING_S:
        return
    for sentence in chain_end(sign_in, now):
        messages.log("WARN", sentence + " If it has ended, sign in again in the destination's settings.")
