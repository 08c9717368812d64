"""Decides which streams replace their audience, and what prevents it, from the catalog and the settings alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from destination_pinterest.config import Config
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.routing.plan import SOFT_DELETE, StreamPlan


def replaces(stream: ConfiguredStream) -> bool:
    """Whether the platform wants the stream's rows to replace the earlier ones."""
    if stream.destination_sync_mode == SOFT_DELETE:
        return False  # Its rows are removed; a refresh only sends them all again.
    return stream.drops_earlier_generations or stream.destination_sync_mode == "overwrite"


def obstacle(streams: Sequence[ConfiguredStream]) -> str | None:
    """Returns why an audience can't be replaced although a stream asks for it; None if it can."""
    for stream in streams:
        if not replaces(stream):
            return f'the stream "{stream.key}" leads to the same audience and does not replace it'
        if stream.has_generation:
            continue
        if stream.sync_mode != "full_refresh":
            return f'the stream "{stream.key}" is read incrementally, so its rows are not the whole table'
        if stream.is_resumable:
            return (
                f'the stream "{stream.key}" can be resumed in its middle, and this platform does not tell whether it '
                "was, so its rows may not be the whole table"
            )
    return None


def is_whole_pass(stream: ConfiguredStream) -> bool:
    """Whether the stream's rows are a whole table, as far as the catalog tells."""
    if replaces(stream) and obstacle([stream]) is None:
        return True
    return stream.sync_mode == "full_refresh" and not stream.is_resumable


def continues_in_job(stream: ConfiguredStream) -> bool:
    """Whether a later attempt of a job reads only what follows the states that an earlier one returned.

    A full refresh that can't be resumed is read from its beginning by every attempt.
    """
    return stream.has_generation and (stream.sync_mode == "incremental" or stream.is_resumable)


def why_not_replaced(plans: Iterable[StreamPlan], config: Config) -> str | None:
    """Returns why an audience is only added to although a stream asks to replace it; None if that is not so."""
    streams = [plan.stream for plan in plans]
    wanting = [stream for stream in streams if replaces(stream)]
    if not wanting or config.mode == "remove":
        return None
    if config.mode == "additive":
        return f"the setting What the table does (mode) is {config.mode}"
    # With a membership store, the streams of an audience don't depend on each other.
    return obstacle(streams if config.membership_store is None else wanting)
