"""Runs a sync of a DataFrame: the cluster maps and drops duplicates, one connector process on the driver sends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sign_in.arguments import opened_config
from pinterest_audiences.sources.source import Row
from pinterest_audiences.spark.chunks import Tally, rows_of
from pinterest_audiences.spark.cluster import chunks_of, keys_of
from pinterest_audiences.spark.feeding import ConnectorFeed, Slice
from pinterest_audiences.spark.logged_display import LoggedWatcher
from pinterest_audiences.spark.planning import MODES, SparkPlan, planned
from pinterest_audiences.spark.quality import check_quality
from pinterest_audiences.spark.result import SyncResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pinterest_audiences.spark.planning import Mode


def run(
    frame: DataFrame,
    audience: str,
    mode: Mode,
    *,
    config: str | os.PathLike[str] | None,
    profile: str | None,
    settings: Mapping[str, Any],
    stream: str,
) -> SyncResult:
    """See `pinterest_audiences.spark.sync`."""
    _check(frame, audience, mode)
    opened = opened_config(None if config is None else os.fspath(config), profile, os.environ)
    plan = planned(frame.columns, audience, mode, opened, settings=settings, name=stream)
    watcher = LoggedWatcher()
    tally = Tally()
    feed = ConnectorFeed(plan, plan.columns, opened, watcher, lambda _number: None)
    report = feed.run([Slice(_rows(frame, plan, tally, audience), 0)])
    return SyncResult(
        report,
        rows=tally.read,
        fed=tally.different,
        duplicates=tally.usable - tally.different,
        rejected=dict(tally.rejected),
        refused_values=dict(tally.refused_values),
        warnings=watcher.warnings,
    )


def _rows(frame: DataFrame, plan: SparkPlan, tally: Tally, audience: str) -> Iterator[list[Row]]:
    """Yields different rows. Raises: UnusableRowsError at their end, before anything says that the table is whole."""
    for chunk in chunks_of(keys_of(frame, plan.mapping)):
        tally.take(chunk)
        if chunk.rows:
            yield rows_of(chunk, len(plan.columns))
    check_quality(tally, audience, plan.config.max_rejected_percent, is_whole=plan.is_whole)


def _check(frame: DataFrame, audience: str, mode: Mode) -> None:
    """Raises: UsageError if the call is not possible as it is written."""
    if mode not in MODES:
        raise UsageError(Code.USAGE_WRONG, f"mode={mode!r} is none of {', '.join(MODES)}.")
    if not audience.strip():
        raise UsageError(Code.USAGE_WRONG, "audience must not be blank.")
    if frame.isStreaming:
        raise UsageError(
            Code.USAGE_WRONG, "The DataFrame is a stream. Call sync in foreachBatch, with each batch as it comes."
        )
