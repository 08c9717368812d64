"""Runs a sync of a DataFrame: the cluster maps and drops duplicates, one connector process on the driver sends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.empty_tables import empty_table_of
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.arguments import opened_config, opened_given
from pinterest_audiences.sources.source import Row
from pinterest_audiences.spark.chunks import Tally, rows_of
from pinterest_audiences.spark.cluster import chunks_of, is_micro_batch, keys_of, spark_failures
from pinterest_audiences.spark.feeding import ConnectorFeed, Slice
from pinterest_audiences.spark.hadoop_folder import HadoopFolder
from pinterest_audiences.spark.lease import Lease
from pinterest_audiences.spark.logged_display import LoggedWatcher
from pinterest_audiences.spark.mirror import Mirror, Mirrored
from pinterest_audiences.spark.planning import MODES, SparkPlan, planned
from pinterest_audiences.spark.quality import check_quality
from pinterest_audiences.spark.result import SyncResult
from pinterest_audiences.spark.sent_log import SentLog, is_path
from pinterest_audiences.spark.staging import Staging

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pinterest_audiences.spark.planning import Mode


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a mirror keeps what was last sent, and writes ahead what it sends."""

    table: str | None
    file_format: str | None
    staging: str | None


def run(
    frame: DataFrame,
    audience: str,
    mode: Mode,
    *,
    config: str | os.PathLike[str] | Mapping[str, Any] | None,
    profile: str | None,
    settings: Mapping[str, Any],
    stream: str,
    sent: Sent,
) -> SyncResult:
    """See `pinterest_audiences.spark.sync`."""
    _check(frame, audience, mode, sent)
    opened = _opened(config, profile)
    is_increment = mode == "append" and is_micro_batch(frame)
    plan = planned(frame.columns, audience, mode, opened, settings=settings, name=stream, is_increment=is_increment)
    watcher = LoggedWatcher()
    if plan.config.object_storage_config is not None:
        watcher.log("WARN", "Rows that are rejected on executors are counted, and not written to the bucket.")
    if mode == "mirror":
        done = _mirrored(frame, plan, config=opened, watcher=watcher, sent=sent)
    else:
        tally = Tally()
        feed = ConnectorFeed(plan, plan.columns, opened, watcher, lambda _number: None)
        report = feed.run([Slice(_rows(frame, plan, tally, audience), 0)])
        done = Mirrored(report, tally, 0, 0, 0, empty_table_of((report or {}).get("audiences") or ()))
    tally = done.tally
    return SyncResult(
        done.report,
        rows=tally.read,
        fed=done.joined + done.left if mode == "mirror" else tally.different,
        duplicates=tally.usable - tally.different,
        rejected=dict(tally.rejected),
        refused_values=dict(tally.refused_values),
        joined=done.joined,
        left=done.left,
        finished_before=done.finished_before,
        warnings=watcher.warnings,
        empty_table=done.empty_table,
    )


def _opened(config: str | os.PathLike[str] | Mapping[str, Any] | None, profile: str | None) -> ConfigFile:
    if isinstance(config, Mapping):
        return opened_given(config, profile, os.environ)
    return opened_config(None if config is None else os.fspath(config), profile, os.environ)


def _mirrored(frame: DataFrame, plan: SparkPlan, *, config: ConfigFile, watcher: LoggedWatcher, sent: Sent) -> Mirrored:
    spark = frame.sparkSession
    with spark_failures():
        folder = HadoopFolder(spark, _staging_path(sent))
        lease = Lease(folder)
        with lease.held():
            log = SentLog(spark, str(sent.table), sent.file_format)
            staging = Staging(spark, folder)
            return Mirror(plan, config, watcher, log=log, staging=staging, lease=lease).run(frame)


def _staging_path(sent: Sent) -> str:
    return sent.staging or f"{str(sent.table).rstrip('/')}.staging"


def _rows(frame: DataFrame, plan: SparkPlan, tally: Tally, audience: str) -> Iterator[list[Row]]:
    """Yields different rows. Raises: UnusableRowsError at their end, before anything says that the table is whole."""
    with spark_failures():
        keys = keys_of(frame, plan.mapping)
    for chunk in chunks_of(keys):
        tally.take(chunk)
        if chunk.rows:
            yield rows_of(chunk, len(plan.columns))
    check_quality(tally, audience, plan.config.max_rejected_percent, is_whole=plan.is_whole)


def _check(frame: DataFrame, audience: str, mode: Mode, sent: Sent) -> None:
    """Raises: UsageError if the call is not possible as it is written."""
    if mode not in MODES:
        raise UsageError(Code.USAGE_WRONG, f"mode={mode!r} is none of {', '.join(MODES)}.")
    if not audience.strip():
        raise UsageError(Code.USAGE_WRONG, "audience must not be blank.")
    if frame.isStreaming:
        raise UsageError(
            Code.USAGE_WRONG, "The DataFrame is a stream. Call sync in foreachBatch, with each batch as it comes."
        )
    if mode != "mirror":
        if sent.table is not None or sent.staging is not None:
            raise UsageError(Code.USAGE_WRONG, f'sent and staging are for mode="mirror"; mode is {mode!r}.')
        return
    if not sent.table:
        raise UsageError(
            Code.USAGE_WRONG, 'mode="mirror" needs sent: the path of a folder or the name of a table of your own.'
        )
    if not is_path(sent.table) and not sent.staging:
        raise UsageError(
            Code.USAGE_WRONG, f"sent={sent.table!r} is a table, so staging has to name a folder beside it."
        )
