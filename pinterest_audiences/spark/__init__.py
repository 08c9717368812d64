"""Keeps an audience from a DataFrame of Spark: `from pinterest_audiences.spark import sync`.

Executors import this package as well, so nothing is loaded here that only the driver needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pinterest_audiences.spark.result import SyncResult

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pinterest_audiences.spark.planning import Mode

__all__ = ["SyncResult", "sync"]


def sync(
    frame: DataFrame,
    *,
    audience: str,
    mode: Mode = "append",
    config: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    profile: str | None = None,
    settings: Mapping[str, Any] | None = None,
    stream: str = "dataframe",
    sent: str | None = None,
    sent_format: str | None = None,
    staging: str | None = None,
) -> SyncResult:
    """Syncs a DataFrame into an audience, and returns once Pinterest has accepted it.

    The executors normalise, check and hash; the driver gets digests, and feeds them to one connector process, which
    keeps to Pinterest's quota.

    Args:
        frame: the people; not a stream (there, call this in `foreachBatch`).
        audience: the audience's name at Pinterest; created if there is none.
        mode: append adds the rows' people; replace makes the audience equal to the rows; mirror does so by sending
            the difference to what was last sent.
        config: the connector's settings: a JSON file on the driver, or what would be in one as a dict, which stays in
            the driver's memory; what it lacks is taken from the environment or from the profile.
        profile: the profile that `pinterest-audiences login` has written.
        settings: take the place of the config's for this call, such as `identity_columns`.
        stream: the stream's name in messages and reports.
        sent: for the mode mirror, where what was last sent is kept: the path of a folder, or a table's name.
        sent_format: its format, such as delta or iceberg; left out, Parquet in a folder, else the catalog's default.
        staging: for the mode mirror, the folder in which a difference is written ahead; beside the folder of `sent`
            if that is one.

    Raises: ConnectorError of the kind that says whether waiting helps: ConfigurationError, TransientError or
        InternalError, with its code.
    """
    from pinterest_audiences.spark.syncing import Sent, run  # noqa: PLC0415 - executors need none of it

    return run(
        frame,
        audience,
        mode,
        config=config,
        profile=profile,
        settings=settings or {},
        stream=stream,
        sent=Sent(sent, sent_format, staging),
    )
