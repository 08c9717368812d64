"""What a user may have set up: a host, streams and their modes, settings; and what this comes to for an audience."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from integration_tests.orchestrator.airbyte_platform import Platform
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.jobs import Job
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.model import Row
from integration_tests.property.tables import CONSENT, CONSENTS, DELETED_AT, Shape, identifiers_of

OVERWRITES = ("overwrite", "overwrite_dedup")


@dataclass(frozen=True)
class Setup:
    """A connection.

    `shares`: whether all streams lead to one audience; `has_store`: whether there is a membership store; `were_there`:
    numbers of people who were in the audiences before, None where there was no audience; `is_early`: whether audiences
    are created before their first rows; `grows`: whether requests may grow; `far_end`: settings of the sandbox.
    """

    host: Host
    shapes: tuple[Shape, ...]
    shares: bool
    in_turns: bool
    has_store: bool
    batch_size: int
    mode: str
    deletes: str
    allow_empty: bool
    were_there: tuple[int, ...] | None
    asks_for_consent: bool = False
    used_for: str = "targeting"
    is_early: bool = False
    grows: bool = False
    far_end: tuple[tuple[str, Any], ...] = ()

    @property
    def knows_refreshes(self) -> bool:
        """Whether the host speaks of generations."""
        return isinstance(self.host, Platform) and self.host.supports_refreshes

    @property
    def remembers(self) -> bool:
        """Whether audiences are mirrored: only a mirror needs to remember."""
        return self.has_store and self.mode == "mirror"

    def audience_of(self, stream: Stream) -> str:
        return "shared" if self.shares else stream.name

    def settings(self) -> dict[str, Any]:
        """Those of the connector, without the store's."""
        return {
            "audience_name": "shared" if self.shares else "{stream}",
            "batch_size": self.batch_size,
            "mode": self.mode,
            "deletes": self.deletes,
            "allow_empty_audience": self.allow_empty,
            "used_for": self.used_for,
            **({"consent_column": {"column": CONSENT}} if self.asks_for_consent else {}),
            # The guard counts as Pinterest does, repeats too, so it is tried where its numbers are known.
            "max_removal_percent": 100,
            # Tables are small. What remains forbidden is a whole table of which no row can be used.
            "max_rejected_percent": 100,
            "create_early": self.is_early,
            **({"request_growth": "auto"} if self.grows else {}),
        }

    def row(self, stream: Stream, data: dict[str, Any], position: int) -> Row:
        """What a row that is sent means."""
        is_gone = data.get(DELETED_AT) is not None
        is_in: bool | None = not is_gone
        if stream.destination_sync_mode == "soft_delete":
            is_in = False
        elif self.mode == "remove":
            is_in = None if is_gone else False
        elif is_gone and (self.mode == "additive" or self.deletes == "keep"):
            is_in = None
        objects = self._objects(stream, data, is_gone=is_gone)
        if objects:
            is_in = False
        key = data["id"] if self._has_key(stream) else None
        return Row(position, stream.name, key, is_in, identifiers_of(data), objects)

    def _objects(self, stream: Stream, data: dict[str, Any], *, is_gone: bool) -> bool:
        """Whether a row has no consent that is asked for. One that is gone is no row any more, unless those count."""
        if not self.asks_for_consent or self.used_for == "exclusion":
            return False
        if stream.destination_sync_mode == "soft_delete" or self.mode == "remove":
            return False
        if is_gone and (data.get(CONSENT) is None or (self.mode != "additive" and self.deletes == "remove")):
            return False
        return data.get(CONSENT) not in CONSENTS

    def _has_key(self, stream: Stream) -> bool:
        # Only a platform that knows refreshes says that a table which is read whole is deduplicated.
        deduplicates = stream.destination_sync_mode == "append_dedup" or (
            stream.destination_sync_mode == "overwrite_dedup" and self.knows_refreshes
        )
        return bool(stream.primary_key) and (not stream.is_full_refresh or deduplicates)


def is_to_be_replaced(setup: Setup, job: Job, stream: Stream) -> bool:
    """Whether the host asks for it that the stream becomes all of its audience."""
    if stream.destination_sync_mode == "soft_delete":
        return False
    if setup.knows_refreshes:
        return stream.descriptor in job.truncated
    return stream.destination_sync_mode in OVERWRITES


def is_sent_whole(setup: Setup, stream: Stream) -> bool:
    """Whether an attempt, or a generation of attempts, is known to hold the whole table."""
    return setup.knows_refreshes or (stream.is_full_refresh and not stream.is_resumable)


def replaces_audience(setup: Setup, job: Job, streams: Collection[Stream]) -> bool:
    """Whether streams that share an audience replace it, where nothing is remembered."""
    return setup.mode == "mirror" and all(
        is_to_be_replaced(setup, job, stream) and is_sent_whole(setup, stream) for stream in streams
    )


def replaced_streams(setup: Setup, job: Job, streams: Sequence[Stream]) -> list[Stream]:
    """Those that are replaced each on its own, where it is remembered who came from which stream."""
    return [stream for stream in streams if is_to_be_replaced(setup, job, stream) and is_sent_whole(setup, stream)]
