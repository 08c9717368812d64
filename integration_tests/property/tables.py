"""Tables that change, and the source that reads them: its log, its snapshots, and its states."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from integration_tests.orchestrator.source import KeptStates
from integration_tests.orchestrator.streams import Descriptor, SourceMessage, Stream

DELETED_AT = "_ab_cdc_deleted_at"
CONSENT = "consent"
CONSENTS = (True, "yes", "2026-11-22")
NO_CONSENTS = (False, None, "no", "perhaps")
PEOPLE = 4
DEVICES = 2
_COMPLETE = '{"__ab_full_refresh_sync_complete":true}'
_NO_CURSOR = '{"__ab_no_cursor_state_message":true}'
NOBODY_AT_ALL = [None, "", "nobody", 17]


def email(number: int, *, is_untidy: bool = False) -> str:
    return f"  P{number}@Example.COM " if is_untidy else f"p{number}@example.com"


def device(number: int) -> str:
    return f"cdda802e-fb9c-47ad-9866-0794d394c9{number:02d}"


DIGESTS = {
    **{email(number, is_untidy=untidy): email(number) for number in range(PEOPLE) for untidy in (False, True)},
    **{device(number): device(number) for number in range(DEVICES)},
}


def sha256_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


EVERYBODY = frozenset(map(sha256_of, DIGESTS.values()))


def identifiers_of(row: dict[str, Any]) -> frozenset[str]:
    """Whom a row names, as Pinterest is to be told."""
    values = (row.get("email"), row.get("gaid"))
    return frozenset(sha256_of(DIGESTS[value]) for value in values if value in DIGESTS)


@dataclass(frozen=True)
class Shape:
    """A stream, and how its source behaves.

    `states_every` so many rows; `logs_deletions`: whether deletions are read at all, `by_key_alone` or with the row's
    values; `has_snapshots`: whether the first read is of the rows as they are, and not of all changes since the
    beginning; `has_end_marker`: whether a full refresh that can't be resumed ends with a state of its own.
    """

    stream: Stream
    states_every: int
    logs_deletions: bool
    by_key_alone: bool
    has_snapshots: bool
    has_end_marker: bool


@dataclass
class Table:
    """Rows by key, and every change since the beginning."""

    shape: Shape
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    log: list[dict[str, Any]] = field(default_factory=list)

    def put(self, key: int, row: dict[str, Any]) -> None:
        self.rows[key] = {"id": key, **row}
        self.log.append(self.rows[key])

    def delete(self, key: int) -> None:
        row = self.rows.pop(key, None)
        if row is None or not self.shape.logs_deletions:
            return
        values = {"id": key} if self.shape.by_key_alone else row
        self.log.append({**dict.fromkeys(row), **values, DELETED_AT: "2026-11-22T10:00:00Z"})

    def read(self, state: str | None) -> Iterator[SourceMessage]:
        """What the source says of this stream when it continues from a state."""
        kept = json.loads(state or "{}") or {}
        stream = self.shape.stream
        if stream.is_full_refresh:
            yield from self._refresh(kept)
        else:
            since = kept.get("at") if self.shape.has_snapshots else kept.get("at", 0)
            if since is None:
                since = kept.get("since", len(self.log))
                yield from self._snapshot(kept.get("after", -1), {"since": since})
                yield stream.state(json.dumps({"at": since}))
            yield from self._changes(since)
        yield stream.status("COMPLETE")

    def _refresh(self, kept: dict[str, Any]) -> Iterator[SourceMessage]:
        stream = self.shape.stream
        if not stream.is_resumable:
            for key in sorted(self.rows):
                yield stream.record(**self.rows[key])
            if self.shape.has_end_marker:
                yield stream.state(_NO_CURSOR)
            return
        if "__ab_full_refresh_sync_complete" not in kept:
            yield from self._snapshot(kept.get("after", -1), {})
        yield stream.state(_COMPLETE)

    def _snapshot(self, after: int, besides: dict[str, Any]) -> Iterator[SourceMessage]:
        stream = self.shape.stream
        for count, key in enumerate(sorted(key for key in self.rows if key > after), 1):
            yield stream.record(**self.rows[key])
            if count % self.shape.states_every == 0:
                yield stream.state(json.dumps({"after": key, **besides}))

    def _changes(self, since: int) -> Iterator[SourceMessage]:
        stream = self.shape.stream
        for at in range(since, len(self.log)):
            yield stream.record(**self.log[at])
            if (at + 1) % self.shape.states_every == 0 or at + 1 == len(self.log):
                yield stream.state(json.dumps({"at": at + 1}))


@dataclass(frozen=True)
class TableSource:
    """Reads tables, one after the other or in turns. With `fails_after` so many messages it ends badly."""

    tables: Sequence[Table]
    in_turns: bool
    fails_after: int | None = None

    @property
    def exit_code(self) -> int:
        return 0 if self.fails_after is None else 1

    def read(self, kept: KeptStates) -> Iterator[SourceMessage]:
        """See `Source.read`."""
        for count, message in enumerate(self._messages(kept)):
            if count == self.fails_after:
                return
            yield message

    def _messages(self, kept: KeptStates) -> Iterator[SourceMessage]:
        reading = [list(table.read(self._state_of(table.shape.stream.descriptor, kept))) for table in self.tables]
        if self.in_turns:
            yield from (message for turn in zip_longest(*reading) for message in turn if message is not None)
        else:
            yield from (message for messages in reading for message in messages)

    @staticmethod
    def _state_of(stream: Descriptor, kept: KeptStates) -> str | None:
        return kept.streams.get(stream)
