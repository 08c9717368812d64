"""Runs one sync whose difference is computed in the warehouse, and sends it through one process of the connector.

An audience that the warehouse knows gets the difference. One that is not there yet is filled with everybody, in slices
that count for themselves. One that is there and was made otherwise, or anew, is replaced as a whole, as `--replace`
does, since nobody knows who is in it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any, Final, Self

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.routing.plan import StreamPlan
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.difference.asking import Found, look_up
from pinterest_audiences.difference.feeding import Delivery, Sending, Sent
from pinterest_audiences.difference.guard import Guard, kept_fill
from pinterest_audiences.difference.opening import open_warehouse
from pinterest_audiences.difference.pace import Heartbeat, Pace
from pinterest_audiences.difference.planning import Planned, of_plan, planned
from pinterest_audiences.difference.report import Account, completed
from pinterest_audiences.difference.sent_table import NEW_LIST, Kept, SentTable
from pinterest_audiences.difference.settings import overlay_of, plan_of, stream_of
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.stopping import stopping
from pinterest_audiences.difference.table_rows import TableRows
from pinterest_audiences.difference.trust import check_engine
from pinterest_audiences.difference.warehouse import Session, Warehouse
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure, UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.progress import Display
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.names import check_columns
from pinterest_audiences.sources.source import Selection
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.sync_run import Outcome

_TELLING_APART: Final = 10
_NOBODY: Final = (
    "The table has no usable rows, so there is nobody to add. If that is meant, Allow an empty audience "
    "(allow_empty_audience) ends this warning."
)
_REPLACED: Final = (
    "The database did not know the customer list of this audience, so the whole table took the place of its members. "
    "From now on only differences are sent."
)


class Way(Enum):
    """How an audience becomes equal to the table: what a run does, and what a dry run says of it."""

    DIFFERENCE = auto()
    FILL = auto()
    REPLACEMENT = auto()

    @classmethod
    def of(cls, kept: Kept, found: Found) -> Self:
        """Chooses it, by the customer list that the warehouse knows and the one that there is."""
        if found.customer_list_id is not None:
            # There was no list when the fill began, and only its end makes an audience of the one that it fills.
            is_the_one_begun = kept.is_being_filled and found.audience_id is None
            is_known = is_the_one_begun or found.customer_list_id == kept.customer_list_id
            return cls.DIFFERENCE if is_known else cls.REPLACEMENT
        return cls.FILL if found.audience_id is None else cls.REPLACEMENT


@dataclass(frozen=True, slots=True)
class _Begun:
    """What a run has found out before it sends."""

    kept: Kept
    way: Way
    what: Planned


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run works with."""

    plan: StreamPlan
    settings: Config
    warehouse: Warehouse
    session: Session
    table: SentTable
    rows: TableRows
    display: Display


class DifferenceRun:
    """Runs one sync, once.

    Args:
        request: what to do.
        config: the config file; rotated credentials go back into it.
        interruption: whether to stop.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        request: SyncRequest,
        config: ConfigFile,
        interruption: Interruption,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._request = request
        self._config = config
        self._interruption = interruption
        self._sleep = sleep

    def run(self, display: Display) -> Outcome:
        """Runs the sync, which `display` shows. Raises: ConnectorError if nothing could be begun."""
        for warning in self._config.warnings:
            display.log("WARN", warning)
        with closing(open_warehouse(self._request.source)) as warehouse:
            return self._opened(warehouse, display)

    def _opened(self, warehouse: Warehouse, display: Display) -> Outcome:
        request, schema = self._request, self._request.difference_schema or ""
        warehouse.check_schema(schema)
        selection = selection_of(request)
        columns = columns_of(request, warehouse, selection)
        plan, settings = plan_of(request, self._config, columns)
        account = settings.ad_account_id
        statements = Statements(
            warehouse.dialect, schema, warehouse.relation(selection), _short(f"{account} {name_of(request)}")
        )
        table = SentTable(warehouse, statements, account, name_of(request), sleep=self._sleep)
        rejected = None
        if request.rejected is not None:
            rejected = RejectedFile.create(request.rejected, has_values=request.rejected_values)
        rows = TableRows(
            statements,
            plan,
            settings,
            rejected=rejected,
            batch_rows=request.batch_rows,
            read=display.read,
            comparison=warehouse.comparison(statements, selection),
        )
        with warehouse.session() as session:
            check_engine(session, statements, plan.identities, settings)
            work = _Work(plan, settings, warehouse, session, table, rows, display)
            display.begin(None)
            outcome = self._leased(work)
        if rejected is not None:
            display.log("INFO", rejected.summary())
        return outcome

    def _leased(self, work: _Work) -> Outcome:
        kept = work.table.take(work.session)
        pace = Pace(work.table)
        try:
            with Heartbeat(work.warehouse, pace) as heartbeat:
                sending = Sending(
                    self._request,
                    self._config,
                    work.table,
                    pace,
                    heartbeat=heartbeat,
                    watcher=work.display,
                    interruption=self._interruption,
                )
                return self._synced(work, kept, pace, sending)
        finally:
            with suppress(ConnectorError):
                work.table.release(work.session)

    def _synced(self, work: _Work, kept: Kept, pace: Pace, sending: Sending) -> Outcome:
        request = self._request
        digests = tuple(dict.fromkeys(of_plan(work.plan)))
        found = look_up(
            request,
            self._config,
            overlay_of(request, digests, removes=False),
            stream_of(request, digests, replaces=False),
            display=work.display,
            interruption=self._interruption,
        )
        if self._is_stopped():
            return self._stopped()
        if isinstance(found, Failure):
            return Outcome(EXIT_FAILED, found)
        way = Way.of(kept, found)
        if way is not Way.DIFFERENCE:
            work.table.begin_epoch(work.session, NEW_LIST if way is Way.FILL else None)
        elif kept.is_being_filled:
            kept = replace(kept, customer_list_id=found.customer_list_id)
            work.table.keep_list(work.session, found.customer_list_id)
        guard = Guard(request.audience, work.plan.stream.key, work.settings)
        try:
            with stopping(work.warehouse, self._interruption):
                what = planned(work.session, work.table, work.rows, plan=work.plan, guard=guard, before=kept.fill)
        except ConnectorError as error:
            return self._stopped() if self._is_stopped() else Outcome(EXIT_FAILED, Failure.of(error))
        if self._is_stopped():
            return self._stopped()
        replaces = way is Way.REPLACEMENT
        delivery = Delivery(
            stream_of(request, what.digests, replaces=replaces),
            overlay_of(request, what.digests, removes=not replaces),
            what.digests,
            what.last,
            replaces=replaces,
            creates=way is Way.FILL,
        )
        sent = sending.run(work.session, delivery)
        return self._settled(work, _Begun(kept, way, what), pace, sent)

    def _settled(self, work: _Work, begun: _Begun, pace: Pace, sent: Sent) -> Outcome:
        """Makes what was accepted a part of what was sent."""
        kept, way, what = begun.kept, begun.way, begun.what
        session, table, last = work.session, work.table, what.last
        failure = sent.failure
        if failure is None and not self._interruption.is_requested and pace.done < last:
            sentence = "The connector ended without confirming the last changes. Run the sync again."
            failure = Failure.because(Code.ROWS_UNCONFIRMED, sentence)
        report = sent.report
        now_list = None if report is None else report["audiences"][0]["customer_list_id"]
        is_whole = failure is None and not self._interruption.is_requested
        pace.note(session)
        if way is Way.REPLACEMENT:
            # Until it is through, the audience is as it was, and nobody of the new list counts.
            members = table.settle(session, *((last, last) if is_whole else (0, 0)))
            if is_whole and last:
                table.keep_list(session, now_list)
        else:
            members = table.settle(session, pace.begun, pace.done)
            if way is Way.FILL and now_list is not None:
                table.keep_list(session, now_list)
            if way is Way.DIFFERENCE and now_list not in {None, kept.customer_list_id}:
                table.keep_list(session, None)
                failure = failure or _list_changed(self._request.audience)
        if is_whole:
            table.keep_fill(session, kept_fill(kept.fill, what.counts.fill))
        empty_table, notes = what.empty_table, what.notes
        if what.has_nobody and way is not Way.REPLACEMENT and not work.settings.allow_empty_audience:
            empty_table, notes = "nobody_yet", (*notes, _NOBODY)
        for note in notes:
            work.display.log("WARN", f'Audience "{self._request.audience}": {note}')
        account = Account(what.counts, what.difference, members, kept.fill, (*notes, *_of_way(way, last)), empty_table)
        full = None if report is None else completed(report, account)
        if self._interruption.is_requested:
            return self._stopped(full)
        return Outcome(EXIT_DONE if failure is None else EXIT_FAILED, failure, full)

    def _is_stopped(self) -> bool:
        return self._interruption.is_requested

    def _stopped(self, report: dict[str, Any] | None = None) -> Outcome:
        sentence = "Stopped; what was accepted is noted, and a new run goes on from there."
        failure = Failure.because(Code.STOPPED_BY_USER, sentence)
        return Outcome(self._interruption.exit_code, failure, report)


def selection_of(request: SyncRequest) -> Selection:
    """Returns what is read. Raises: UsageError if nothing is named."""
    if request.table is None and request.query is None:
        raise UsageError(Code.USAGE_WRONG, "Say what to read from the database: --table NAME or --query 'SELECT …'.")
    return Selection(table=request.table, query=request.query)


def columns_of(request: SyncRequest, warehouse: Warehouse, selection: Selection) -> tuple[str, ...]:
    """Returns the columns that may be used. Raises: UsageError if one that is named is not there."""
    columns = warehouse.columns(selection)
    check_columns((*request.named_columns(), *(request.columns or ())), columns, warehouse.label)
    return tuple(column for column in columns if request.columns is None or column in request.columns)


def name_of(request: SyncRequest) -> str:
    """Returns what tells the audience from others of its ad account; one that is named by its id may be renamed."""
    return request.destination_object or request.audience


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_TELLING_APART]


def _of_way(way: Way, last: int) -> tuple[str, ...]:
    if way is Way.REPLACEMENT and last:
        return (_REPLACED,)
    return ()


def _list_changed(audience: str) -> Failure:
    sentence = f'The audience "{audience}" got another customer list meanwhile. Run the sync again.'
    return Failure.because(Code.ROWS_UNCONFIRMED, sentence)
