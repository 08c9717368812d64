"""Runs of a sync with a cursor, some of them killed between two states, over a table that grows between them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.cursor_state import cursor_value
from pinterest_audiences.failures import SourceError
from pinterest_audiences.feeding import Feed
from pinterest_audiences.line_pipe import LinePipe
from pinterest_audiences.lookback import Lookback
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import RowBatch, Selection

Rows = list[tuple[int, Any]]
# Writes a table of (id, cursor) and returns its address and its name.
Written = Callable[[Rows], tuple[str, str]]
_BEGINNING = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
KINDS: dict[str, Callable[[int], Any]] = {
    "integer": lambda step: step - 3,
    "decimal": lambda step: Decimal(step) / 4,
    "date": lambda step: date(2025, 12, 25) + timedelta(days=step),
    "local": lambda step: _BEGINNING.replace(tzinfo=None) + timedelta(minutes=step * 7, microseconds=step % 3),
    "moment": lambda step: _BEGINNING + timedelta(minutes=step * 7, microseconds=step % 3),
}


@dataclass(frozen=True)
class Step:
    """One run: rows that came before it, in the order of the table; how it reads; after how many batches it is killed.

    A row's cursor is so far above the highest of the run before; None for a row without one.
    """

    new: list[int | None]
    order: int
    batch_rows: int
    killed_after: int | None
    lookback: str | None


steps = st.lists(
    st.builds(
        Step,
        new=st.lists(st.integers(0, 12) | st.integers(0, 2) | st.none(), min_size=2, max_size=7),
        order=st.integers(0, 30),
        batch_rows=st.integers(1, 4),
        killed_after=st.integers(0, 3) | st.none(),
        lookback=st.none() | st.just("3"),
    ),
    min_size=1,
    max_size=4,
)


class Pipe(LinePipe):
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, lines: bytes) -> None:
        self.written += lines


def never_sent(written: Written, kind: str, history: list[Step]) -> set[int]:
    """The ids of the rows that no run sent, though the last one was not killed."""
    rows: Rows = []
    sent: set[int] = set()
    highest = 0
    reached: Any = None
    for step in [*history, Step([], 0, 3, None, None)]:
        values = [None if above is None else highest + above for above in step.new]
        highest = max((value for value in values if value is not None), default=highest)
        rows += [(len(rows) + at, None if v is None else KINDS[kind](v)) for at, v in enumerate(values)]
        address, table = written(rows[step.order % (len(rows) or 1) :] + rows[: step.order % (len(rows) or 1)])
        reached = _run(address, table, step, reached, sent)
    return {number for number, _ in rows} - sent


def _run(address: str, table: str, step: Step, reached: Any, sent: set[int]) -> Any:
    """Reads once, and returns the value of the last state."""
    pipe = Pipe()
    description = StreamDescription("t", {}, "c")
    since = reached if step.lookback is None else Lookback.of(step.lookback).before(reached)
    with closing(open_source(address)) as source:
        stream = source.open_rows(Selection(table=table, cursor="c", since=since, reached=reached), step.batch_rows)
        feed = Feed(description, stream.columns, reached, QuietDisplay(io.StringIO()), lambda: 2.0)
        with suppress(SourceError):
            feed.run(_until_killed(stream.batches, step.killed_after), pipe)
    messages = [json.loads(line) for line in pipe.written.splitlines()]
    sent |= {int(message["record"]["data"]["id"]) for message in messages if message["type"] == "RECORD"}
    states = [message["state"]["stream"]["stream_state"] for message in messages if message["type"] == "STATE"]
    return cursor_value(states[-1]) if states else reached


def _until_killed(batches: Iterator[RowBatch], killed_after: int | None) -> Iterator[RowBatch]:
    yield from islice(batches, killed_after)
    if killed_after is not None:
        raise SourceError(Code.SOURCE_STOPPED, "killed")
