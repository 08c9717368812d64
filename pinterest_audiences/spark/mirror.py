"""Keeps an audience equal to a DataFrame by what was last sent: the difference is written ahead, and fed in slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.asked_listing import asked_listing
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.empty_tables import EmptyTable
from pinterest_audiences.failures import UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sources.source import Row
from pinterest_audiences.spark import chunks, row_mapping
from pinterest_audiences.spark.chunks import Tally, unpacked
from pinterest_audiences.spark.cluster import identifiers_of, spark_failures
from pinterest_audiences.spark.differences import DifferencePacker
from pinterest_audiences.spark.feeding import ConnectorFeed, Slice, raise_failure
from pinterest_audiences.spark.guards import empty_table_of, may_be_sent
from pinterest_audiences.spark.lease import Lease
from pinterest_audiences.spark.logged_display import LoggedWatcher
from pinterest_audiences.spark.planning import FedKinds, SparkPlan, operation_of
from pinterest_audiences.spark.quality import check_quality
from pinterest_audiences.spark.sent_log import IDENTIFIER, JOINS, KIND, SentLog
from pinterest_audiences.spark.staging import SLICE, Staging
from pinterest_audiences.spark.written_ahead import (
    FORMAT,
    Entry,
    Header,
    are_many,
    kinds_in_order,
    slices_for,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a mirror came to; see SyncResult."""

    report: Mapping[str, Any] | None
    tally: Tally
    joined: int
    left: int
    finished_before: int
    empty_table: EmptyTable | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the log knows: with which run the members begin, how many runs it has since, and the list."""

    since: int
    begins_anew: bool
    next_run: int
    runs: int = 0
    customer_list_id: str | None = None


class Mirror:
    """Mirrors one audience.

    Args:
        plan: how the DataFrame's rows are mapped.
        config: the user's.
        watcher: is shown what happens.
        log: what was last sent.
        staging: where the difference is written ahead.
        lease: held by the caller.
    """

    def __init__(
        self,
        plan: SparkPlan,
        config: ConfigFile,
        watcher: LoggedWatcher,
        *,
        log: SentLog,
        staging: Staging,
        lease: Lease,
    ) -> None:
        self._plan = plan
        self._audience = plan.audience
        self._config = config
        self._watcher = watcher
        self._log = log
        self._staging = staging
        self._lease = lease

    def run(self, frame: DataFrame) -> Mirrored:
        """Finishes what an earlier call has left, then sends the difference. Raises: ConnectorError."""
        with spark_failures():
            finished = self._finish()
            known = self._compacted(self._known())
            tally, header, empty_table = self._stage(frame, known)
            report = self._send(header, self._staging.slices()) if header.kinds else None
            self._staging.clear()
        return Mirrored(report, tally, header.joining, header.leaving, finished, empty_table)

    def _finish(self) -> int:
        """Sends what is staged and not written down as accepted; returns how many identifiers that were."""
        header = self._staging.header()
        if header is None:
            return 0
        self._check_own(header.ad_account_id, header.audience, header.format)
        remaining = self._staging.slices().join(self._log.of_run(header.run), IDENTIFIER, "left_anti")
        left = int(remaining.count())
        if left:
            self._watcher.log("INFO", f"An earlier call has left {left:,} identifiers unsent; they go first.")
            self._send(header, remaining)
        self._staging.clear()
        return left

    def _known(self) -> _Known:
        """Finds out whose log it is, and whether Pinterest still has the list that it speaks of. Raises: UsageError."""
        entries = self._log.entries()
        for entry in entries:
            self._check_own(entry.ad_account_id, entry.audience, entry.format)
        if not entries:
            return _Known(1, begins_anew=True, next_run=1)
        next_run = entries[-1].run + 1
        since = max((entry.run for entry in entries if entry.begins_anew), default=0)
        lists = [entry.customer_list_id for entry in entries if entry.run >= since and entry.customer_list_id]
        if lists and not self._has_list(lists[-1]):
            self._watcher.log(
                "WARN",
                f'The audience "{self._audience}" is no longer made of the list that was last sent to, so everybody '
                "is sent again. Whom the present list has besides stays in it.",
            )
            return _Known(next_run, begins_anew=True, next_run=next_run)
        runs = {entry.run for entry in entries if entry.run >= since}
        return _Known(
            since,
            begins_anew=False,
            next_run=next_run,
            runs=len(runs),
            customer_list_id=lists[-1] if lists else None,
        )

    def _compacted(self, known: _Known) -> _Known:
        """Writes the members down as one run if the log has many, and deletes those before.

        A run of members says nothing new. So wherever it ends, what is there is right: the runs before count until the
        second entry says that the log begins with this one, and nobody reads them after that.
        """
        if not are_many(known.runs) or known.customer_list_id is None:
            return known
        run = known.next_run
        entry = Entry(run, self._plan.ad_accounts, self._audience, None)
        self._lease.renew()
        self._lease.check()
        self._log.note(entry)
        self._log.add_members(known.since, run)
        self._lease.renew()
        self._lease.check()
        self._log.note(replace(entry, begins_anew=True, customer_list_id=known.customer_list_id))
        if not self._log.delete_before(run):
            self._watcher.log("INFO", "What was last sent has been compacted. Its old rows stay; nobody reads them.")
        return _Known(run, begins_anew=False, next_run=run + 1, runs=1, customer_list_id=known.customer_list_id)

    def _has_list(self, customer_list_id: str) -> bool:
        """Whether the audience is made of the list, or would be made of it."""
        asked = asked_listing(self._config, self._watcher, Interruption(), settings=self._plan.settings)
        if asked.failure is not None:
            raise_failure(asked.failure)
        listing = asked.content or {}
        own = [each for each in listing["audiences"] if each["name"] == self._audience]
        if own:
            return any((each["customer_list"] or {}).get("customer_list_id") == customer_list_id for each in own)
        free = {each["customer_list_id"] for each in listing["customer_lists_without_audience"]}
        return self._plan.config.if_audience_is_gone == "recreate" and customer_list_id in free

    def _stage(self, frame: DataFrame, known: _Known) -> tuple[Tally, Header, EmptyTable | None]:
        """Writes the difference ahead. Raises: ConnectorError if a guard refuses it; nothing is staged then."""
        keys = self._staging.write_keys(identifiers_of(frame, self._plan.mapping))
        tally, are = _counted(keys)
        check_quality(tally, self._audience, self._plan.config.max_rejected_percent, is_whole=True)
        now = keys.where(functions.col(KIND) != "").select(IDENTIFIER, KIND)
        if known.begins_anew:
            # Everybody joins, so there is nothing to compare or to count again.
            difference, were = now.withColumn(JOINS, functions.lit(True)), {}
            changes = {(True, kind): number for kind, number in are.items()}
        else:
            before = self._log.members(known.since)
            difference, were = self._staging.write_changes(_difference(before, now)), _by_kind(before)
            changes = {
                (row[JOINS], row[KIND]): row["count"] for row in difference.groupBy(JOINS, KIND).count().collect()
            }
        joining = sum(number for (joins, _), number in changes.items() if joins)
        leaving = sum(changes.values()) - joining
        if not may_be_sent(self._plan, were, are, leaving, self._watcher):
            changes, joining, leaving = {}, 0, 0
        header = Header(
            known.next_run,
            self._plan.ad_accounts,
            self._audience,
            known.begins_anew,
            slices_for(joining + leaving),
            kinds_in_order([kind for _, kind in changes]),
            joining,
            leaving,
        )
        if changes:
            self._staging.write_slices(difference, header)
        return tally, header, empty_table_of(self._plan, were, are)

    def _send(self, header: Header, remaining: DataFrame) -> Mapping[str, Any] | None:
        """Feeds the slices of what remains, and writes each down once it was accepted."""
        account, audience = header.ad_account_id, header.audience
        self._log.note(Entry(header.run, account, audience, None, begins_anew=header.begins_anew))
        accepted = _Accepted(self._log, remaining, header.run, self._lease)
        fed = FedKinds(header.kinds)
        feed = ConnectorFeed(fed.plan(self._plan), fed.columns, self._config, self._watcher, accepted.take)
        report = feed.run(self._slices(remaining, header, accepted))
        accepted.take(header.slices - 1)
        accepted.check()
        self._warn_of_unsynced(report)
        self._log.note(Entry(header.run, account, audience, _list_in(report)))
        return report

    def _warn_of_unsynced(self, report: Mapping[str, Any] | None) -> None:
        """Says that identifiers are written down as sent that the connector, for reasons of its own, did not send."""
        reasons: dict[str, int] = {}
        for each in (report or {}).get("audiences") or ():
            for reason, rows in each["not_synced"].items():
                reasons[reason] = reasons.get(reason, 0) + rows
        if reasons:
            named = ", ".join(f"{reason} {rows:,}" for reason, rows in sorted(reasons.items()))
            self._watcher.log(
                "WARN",
                f"Identifiers of the difference were not sent ({named}), and count as sent from now on. When the "
                "reason is gone, sync by mode replace, and then by mirror with a new table.",
            )

    def _slices(self, remaining: DataFrame, header: Header, accepted: _Accepted) -> Iterator[Slice]:
        packer = DifferencePacker(header.kinds, operation_of(joins=True), operation_of(joins=False))
        for number in range(header.slices):
            part = remaining.where(functions.col(SLICE) == number).select(IDENTIFIER, KIND, JOINS)
            yield Slice(_rows(part.mapInArrow(packer, chunks.SCHEMA), accepted), number)

    def _check_own(self, ad_account_id: str, audience: str, version: int) -> None:
        """Raises: UsageError if what was last sent is not this audience's."""
        if version > FORMAT:
            raise UsageError(
                Code.SPARK_SENT_FOREIGN,
                "A later version of this package has written what was last sent. Use that version.",
            )
        if (ad_account_id, audience) != (self._plan.ad_accounts, self._audience):
            raise UsageError(
                Code.SPARK_SENT_FOREIGN,
                f'What was last sent is of the audience "{audience}" in the ad account {ad_account_id}. Name a table '
                "and a staging folder of its own for each audience.",
            )


class _Accepted:
    """Writes slices down once Pinterest has accepted them. `take` is called by the thread that reads the connector."""

    def __init__(self, log: SentLog, remaining: DataFrame, run: int, lease: Lease) -> None:
        self._log = log
        self._remaining = remaining
        self._run = run
        self._lease = lease
        self._next = 0
        self._failure: ConnectorError | None = None

    def take(self, number: int) -> None:
        """Takes the number of the last slice that was accepted, those before it included."""
        if number < self._next or self._failure is not None:
            return
        try:
            self._lease.check()
            with spark_failures():
                accepted = functions.col(SLICE).between(self._next, number)
                self._log.add(self._remaining.where(accepted), self._run)
        except ConnectorError as error:
            self._failure = error
            return
        self._next = number + 1

    def check(self) -> None:
        """Raises: ConnectorError if the lease is lost, or a slice could not be written down."""
        self._lease.check()
        if self._failure is not None:
            raise self._failure


def _rows(packed: DataFrame, accepted: _Accepted) -> Iterator[list[Row]]:
    for row in packed.toLocalIterator(prefetchPartitions=True):
        accepted.check()
        yield unpacked(row[0]).rows


def _difference(before: DataFrame, now: DataFrame) -> DataFrame:
    """Returns who joins and who leaves, with the kind that the one or the other names."""
    was, is_now = before.withColumnRenamed(KIND, "was"), now.withColumnRenamed(KIND, "is")
    both = was.join(is_now, IDENTIFIER, "full_outer")
    changed = both.where(functions.col("was").isNull() | functions.col("is").isNull())
    return changed.select(
        IDENTIFIER, functions.coalesce("is", "was").alias(KIND), functions.col("is").isNotNull().alias(JOINS)
    )


def _counted(keys: DataFrame) -> tuple[Tally, dict[str, int]]:
    """Returns the counts of the DataFrame's rows, and its identifiers by kind."""
    count_key = functions.when(functions.col(KIND) == "", functions.col(IDENTIFIER))
    found = keys.groupBy(KIND, count_key.alias("key")).agg(
        functions.count("*").alias("different"), functions.sum(row_mapping.ROWS).alias("of")
    )
    tally, by_kind = Tally(), {}
    for row in found.collect():
        if row[KIND] == "":
            tally.take_counts([(row["key"], row["of"])])
        else:
            by_kind[row[KIND]] = row["different"]
            tally.different += row["different"]
            tally.usable += row["of"]
    return tally, by_kind


def _by_kind(people: DataFrame) -> dict[str, int]:
    return {row[KIND]: row["count"] for row in people.groupBy(KIND).count().collect()}


def _list_in(report: Mapping[str, Any] | None) -> str | None:
    audiences: Sequence[Mapping[str, Any]] = (report or {}).get("audiences") or ()
    return audiences[0].get("customer_list_id") if audiences else None
