"""Decodes the platform's messages in order: yields runs of rows with their positions, and records states and statuses.

Only the requested columns are decoded; the rest of a row is skipped in C and never becomes a Python object. A line that
is not an Airbyte message is an error that names the line's number and never its content, which is a customer's data.

Source: airbytehq/airbyte-protocol, airbyte_protocol.yaml at 776eede (read 2026-11-22); hosts send messages full of
    nulls, so a message is recognised by its `type`, never by its keys.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple, Protocol

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ProtocolError
from destination_pinterest.protocol.catalog import StreamKey
from destination_pinterest.protocol.checkpoint import NOTHING, UNREADABLE, CheckpointLedger
from destination_pinterest.protocol.completeness import Completeness
from destination_pinterest.protocol.lines import MAX_LINE_BYTES, Lines

# A \u escape for half of a surrogate pair is legal JSON but not text. Pairs and escaped backslashes are matched first,
# so that only real halves are replaced.
_LONE_SURROGATE = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)


def cached_name(column: str) -> str:
    """Returns the name that PyAirbyte's cache gives a column, which the catalog does not mention.

    Source: airbyte 0.71.3, airbyte/_util/name_normalizers.py (read and run 2026-11-22).
    """
    name = re.sub(r"[^A-Za-z0-9]", "_", column.lower())
    return f"_{name}" if name[:1].isdigit() else name


class RowRun(NamedTuple):
    """Rows of one stream with no other message between them.

    `position` is the number of records, of all streams, before the first of them. Runs exist so that work can be done
    once a run, not once a row. Each row is opaque; see `MessageDecoder.reader`.
    """

    stream: StreamKey
    rows: list[Any]
    position: int


class Sampler(Protocol):
    """Looks at the first rows of each stream in full."""

    def take(self, stream: StreamKey, lines: Sequence[bytes]) -> bool:
        """Looks at rows, given as the lines of their messages. Returns whether more rows of the stream are wanted."""

    def close(self) -> None:
        """The input has ended before there were enough rows of each stream."""


class Input:
    """Reads the platform's messages in order.

    Args:
        lines: the lines to read.
        decoder: decodes them.
        streams: the catalog's streams.
        ledger: queues states, each with the number of records before it.
        completeness: decides whether the streams that it watches are complete.
        sampler: looks at the first rows, if anybody does.
    """

    def __init__(
        self,
        lines: Lines,
        decoder: MessageDecoder,
        streams: Iterable[StreamKey],
        ledger: CheckpointLedger,
        completeness: Completeness,
        *,
        sampler: Sampler | None = None,
    ) -> None:
        self._lines = lines
        self._decoder = decoder
        self._streams = {(stream.namespace, stream.name): stream for stream in streams}
        self._ledger = ledger
        self._completeness = completeness
        self._watched = completeness.watched
        self._sampler = sampler
        self._unsampled = set() if sampler is None else set(self._streams.values())
        self._chunk = _NO_CHUNK
        # The stream whose rows are expected to fill the next chunk alone, and how often in a row that was wrong.
        self._expected: StreamKey | None = None
        self._misses = 0
        self.position = 0

    def read(self, timeout_s: float) -> Iterator[RowRun] | None:
        """Waits for lines, at most `timeout_s`, and returns their runs; None at the end of the input.

        Process each run before asking for the next one, since that queues the state behind it.

        Raises:
            ProtocolError: a line is not what a platform sends.
        """
        chunk = self._lines.read(timeout_s)
        if chunk is None and self._unsampled and self._sampler is not None:
            self._sampler.close()
            self._unsampled.clear()
        return None if chunk is None else self._runs(chunk)

    def is_complete(self, stream: StreamKey) -> bool:
        """Whether a stream is proven to be complete."""
        return self._completeness.is_complete(stream)

    def release(self, watermark: int) -> Iterator[bytes]:
        """Yields the states before which every record is safe, oldest first, each as the content of `state`."""
        yield from self._ledger.release(watermark)

    def drop_states(self, streams: Iterable[StreamKey], position: int) -> None:
        """See `CheckpointLedger.drop`."""
        self._ledger.drop(streams, position)

    def _runs(self, chunk: bytes) -> Iterator[RowRun]:
        rows = self._rows_as_expected(chunk)
        return self._runs_of_any(chunk) if rows is None else self._run(self._expected, rows)

    def _rows_as_expected(self, chunk: bytes) -> list[Any] | None:
        """The rows of a chunk that has nothing but rows of the expected stream; None for any other."""
        if self._expected is None or self._expected in self._unsampled:
            return None
        rows = self._decoder.rows_alone(chunk, self._expected)
        self._misses = 0 if rows is not None else self._misses + 1
        return rows

    def _runs_of_any(self, chunk: bytes) -> Iterator[RowRun]:
        rows: list[Any] = []
        stream: StreamKey | None = None
        namespace = name = None
        messages = self._decoder.decode(chunk) if chunk else ()
        self._chunk = _Chunk(chunk, messages) if self._unsampled else _NO_CHUNK
        for message in messages:
            if message.type == "RECORD":
                record = message.record
                if stream is None or record is None or record.stream != name or record.namespace != namespace:
                    yield from self._run(stream, rows)
                    stream, rows = self._stream_of(record), []
                    name, namespace = record.stream, record.namespace
                rows.append(record.data)
            elif message.type == "STATE":
                yield from self._run(stream, rows)
                rows = []
                described = self._ledger.queue_state(message.state, self.position)
                if self._watched and described is not None:
                    self._completeness.on_state(described)
            elif message.type == "TRACE":
                yield from self._run(stream, rows)
                rows = []
                if self._watched:
                    self._completeness.on_status(message.trace)
        if messages:
            self._expect(stream, is_alone=len(rows) == len(messages))
        yield from self._run(stream, rows)

    def _expect(self, stream: StreamKey | None, *, is_alone: bool) -> None:
        """Rows of one stream mostly follow each other. Where other messages are in every chunk, nothing is expected."""
        if is_alone:
            self._misses = 0
        self._expected = stream if is_alone or 0 < self._misses < _MOST_MISSES else None

    def _run(self, stream: StreamKey | None, rows: list[Any]) -> Iterator[RowRun]:
        if stream is None or not rows:
            return
        position = self.position
        self.position += len(rows)
        self._ledger.tally(stream).received += len(rows)
        if stream in self._watched:
            self._completeness.on_record(stream)
        if stream in self._unsampled and self._sampler is not None:
            more_are_wanted = self._sampler.take(stream, self._chunk.lines_of(rows))
            self._unsampled -= set() if more_are_wanted else {stream}
        yield RowRun(stream, rows, position)

    def _stream_of(self, record: Any) -> StreamKey:
        if record is None:
            raise ProtocolError(
                Code.SOURCE_OUTDATED, "A RECORD message has no record in it. Update the source connector."
            )
        stream = self._streams.get((record.namespace, record.stream))
        if stream is None:
            name = record.stream if record.namespace is None else f"{record.namespace}.{record.stream}"
            raise ProtocolError(
                Code.STREAM_NOT_IN_CATALOG,
                f'A record of the stream "{name}" came, which the catalog does not name. '
                "Refresh the connection's schema.",
            )
        return stream


class _Chunk:
    """A chunk of lines, in which the lines of rows are looked up, in order."""

    __slots__ = ("_content", "_messages", "_pairs")

    def __init__(self, content: bytes, messages: Sequence[Any]) -> None:
        self._content = content
        self._messages = messages
        self._pairs: Iterator[tuple[bytes, Any]] | None = None

    def lines_of(self, rows: Sequence[Any]) -> list[bytes]:
        """Returns the lines in which rows came, after those of the last call; none if a message has several lines."""
        if self._pairs is None:
            lines = [line for line in self._content.split(b"\n") if line.strip()]
            is_one_to_one = len(lines) == len(self._messages)
            self._pairs = zip(lines, self._messages, strict=True) if is_one_to_one else iter(())
        wanted = {id(row) for row in rows}
        found = (line for line, message in self._pairs if message.record and id(message.record.data) in wanted)
        return list(islice(found, len(rows)))


_NO_CHUNK = _Chunk(b"", ())
# An expectation that is wrong costs decoding a part of the chunk twice. A state comes now and then.
_MOST_MISSES: Final = 2


class MessageDecoder:
    """Decodes chunks of whole lines into messages whose rows have exactly `columns`.

    A message has `type`, `record` (`stream`, `namespace`, `data`), and `state` and `trace` (raw JSON, as they came).
    `data` is opaque: read it with the function that `reader()` returns.

    Args:
        columns: the columns to read, by their names in the catalog.
        known: all columns of the catalog, which PyAirbyte's names for other columns may collide with.
        told_apart: those of the columns in which absence is told apart from null; see `reader_telling_absence`.
        max_line_bytes: a longer line is passed on by the reader without its end.
    """

    def __init__(
        self,
        columns: Iterable[str],
        known: Iterable[str] = (),
        *,
        told_apart: Collection[str] = (),
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        self._max_line_bytes = max_line_bytes
        self._attributes = {column: f"c{number}" for number, column in enumerate(dict.fromkeys(columns))}
        known_names = {*known, *self._attributes}
        # A column is also read under its name in PyAirbyte's cache, unless that is another column's name.
        self._cached = {
            column: f"{attribute}_cached"
            for column, attribute in self._attributes.items()
            if cached_name(column) not in known_names
        }
        names = {attribute: column for column, attribute in self._attributes.items()}
        names |= {attribute: cached_name(column) for column, attribute in self._cached.items()}
        self._names = names
        self._told_apart = frozenset(told_apart) & self._attributes.keys()
        absent = {self._attributes[column]: msgspec.UNSET for column in self._told_apart}
        absent |= {f"{attribute}_cached": msgspec.UNSET for attribute in absent}
        self._row_type = msgspec.defstruct(
            "Row", [(attribute, Any, absent.get(attribute)) for attribute in names], rename=names, gc=False
        )  # fmt: skip
        record_type = msgspec.defstruct(
            "Record", [("stream", str), ("data", self._row_type), ("namespace", str | None, None)], gc=False
        )
        self._record_type = record_type
        self._message_type = msgspec.defstruct(
            "Message",
            [
                ("type", str),
                ("record", record_type | None, None),
                ("state", msgspec.Raw, NOTHING),
                ("trace", msgspec.Raw, NOTHING),
            ],
            gc=False,
        )
        decoder = msgspec.json.Decoder(self._message_type)
        self._decode_lines: Callable[[bytes], list[Any]] = decoder.decode_lines
        self._decode_line: Callable[[bytes], Any] = decoder.decode
        self._row_decoders: dict[StreamKey, Callable[[bytes], list[Any]]] = {}
        self._lines_seen = 0

    def reader(self, columns: Sequence[str]) -> Callable[[Any], tuple[object, ...]]:
        """Returns a function from a row to the values of `columns` (at least one), in order; null and missing are None.

        Raises:
            KeyError: the decoder was built without one of the columns.
        """
        if len(columns) == 1:
            only = self.reader_of(columns[0])
            return lambda row: (only(row),)
        if self._cached.keys().isdisjoint(columns) and self._told_apart.isdisjoint(columns):
            return attrgetter(*(self._attributes[column] for column in columns))
        readers = [self.reader_of(column) for column in columns]
        return lambda row: tuple(read(row) for read in readers)

    def reader_of(self, column: str) -> Callable[[Any], object]:
        """Returns a function from a row to the value of one column."""
        read = self._reader_telling_absence_of(column)
        if column not in self._told_apart:
            return read
        return lambda row: None if (value := read(row)) is msgspec.UNSET else value

    def reader_telling_absence(self, columns: Sequence[str]) -> Callable[[Any], tuple[object, ...]]:
        """Returns the same as `reader`, but msgspec.UNSET for a column that is told apart and missing in the row."""
        readers = [self._reader_telling_absence_of(column) for column in columns]
        if len(readers) == 1:
            only = readers[0]
            return lambda row: (only(row),)
        if self._cached.keys().isdisjoint(columns):
            return attrgetter(*(self._attributes[column] for column in columns))
        return lambda row: tuple(read(row) for read in readers)

    def _reader_telling_absence_of(self, column: str) -> Callable[[Any], object]:
        read = attrgetter(self._attributes[column])
        if column not in self._cached:
            return read
        read_cached = attrgetter(self._cached[column])

        def read_either(row: Any) -> object:
            value = read(row)
            if value is not None and value is not msgspec.UNSET:
                return value
            cached = read_cached(row)
            return value if cached is msgspec.UNSET else cached

        return read_either

    def decode(self, lines: bytes) -> list[Any]:
        """Returns the messages of a chunk of whole lines; skips blank lines.

        Raises:
            ProtocolError: a line is not an Airbyte message.
        """
        if not self._lines_seen:
            lines = lines.removeprefix(codecs.BOM_UTF8)
        messages = _or_none(self._decode_lines, lines)
        if messages is None:
            messages = self._decode_one_by_one(lines)
        self._lines_seen += lines.count(b"\n")
        return messages

    def rows_alone(self, lines: bytes, stream: StreamKey) -> list[Any] | None:
        """Returns the `data` of a chunk of whole lines that are plain RECORD messages of one stream.

        None if there is any other message, or one that `decode` reads leniently: then nothing was read. The same as
        with `decode`, at two thirds of the cost, since names that are known need no text of their own in each message.
        """
        decode = self._row_decoders.get(stream)
        if decode is None:
            decode = self._row_decoders[stream] = self._decoder_of_rows(stream)
        messages = _or_none(decode, lines)
        if messages is None:
            return None
        self._lines_seen += lines.count(b"\n")
        return [message.record.data for message in messages]

    def _decoder_of_rows(self, stream: StreamKey) -> Callable[[bytes], list[Any]]:
        namespace = ("namespace", None, None) if stream.namespace is None else ("namespace", Literal[stream.namespace])
        record_type = msgspec.defstruct(
            "Record", [("stream", Literal[stream.name]), ("data", self._row_type), namespace], gc=False, kw_only=True
        )
        message_type = msgspec.defstruct("Message", [("type", Literal["RECORD"]), ("record", record_type)], gc=False)
        return msgspec.json.Decoder(message_type).decode_lines

    def _decode_one_by_one(self, lines: bytes) -> list[Any]:
        messages = []
        *whole, rest = lines.split(b"\n")
        if len(rest) > self._max_line_bytes:
            raise ProtocolError(
                Code.LINE_TOO_LONG,
                f"Line {self._lines_seen + len(whole) + 1} of the input is longer than {self._max_line_bytes:,} bytes, "
                "which no platform sends. Leave large columns out of the connection.",
            )
        for number, line in enumerate((*whole, rest), start=self._lines_seen + 1):
            if line.strip():
                messages.append(_or_none(self._decode_line, line) or self._decode_leniently(line, number))
        return messages

    def _decode_leniently(self, line: bytes, number: int) -> Any:
        """Decodes a legal message that strict decoding can't: half a surrogate pair, a number beyond a float's range.

        Such a value must not fail the rows around it, so it is passed on for the mapper to reject.
        """
        # U+FFFF is not a character, so it can't be taken for part of a name, as U+FFFD could.
        whole = _LONE_SURROGATE.sub(lambda match: b"\\uffff" if match["half"] else match[0], line)
        message = _or_none(self._decode_line, whole) or self._lenient_record(whole)
        if message is None:
            raise _not_a_message(number, is_too_deep=_is_too_deep(self._decode_line, line))
        if message.type == "STATE":
            raise ProtocolError(
                Code.STATE_NOT_TEXT,
                f"The state on line {number} of the input holds half of a surrogate pair, which is no text, so it "
                "can't be returned as it came. Correct the cursor's value where the data comes from.",
            )
        return message

    def _lenient_record(self, line: bytes) -> Any | None:
        """Decodes a RECORD with Python's own parser; None if the line is not one."""
        try:
            # Python refuses integers of thousands of digits, but not floats.
            loose = json.loads(line.decode(), parse_int=float)
            kind, record = loose["type"], loose["record"]
            stream, namespace, data = record["stream"], record.get("namespace"), record["data"]
            if not isinstance(data, dict):
                return None
            given = {attribute: data[name] for attribute, name in self._names.items() if name in data}
            row = self._row_type(**given)
        except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
            return None
        if kind != "RECORD" or not isinstance(stream, str) or not isinstance(namespace, str | None):
            return None
        return self._message_type(type=kind, record=self._record_type(stream, row, namespace))


def _not_a_message(number: int, *, is_too_deep: bool) -> ProtocolError:
    if is_too_deep:
        return ProtocolError(
            Code.LINE_NOT_A_MESSAGE,
            f"Line {number} of the input is not an Airbyte message that can be read, since its lists or objects are "
            "nested too deep. Leave the column that is nested so out of the connection.",
        )
    return ProtocolError(
        Code.LINE_NOT_A_MESSAGE,
        f"Line {number} of the input is not an Airbyte message, so the sync stopped there. Run the sync again; if it "
        "stops at the same place, the source or a mapper writes something else than Airbyte messages.",
    )


def _is_too_deep(decode: Callable[[bytes], Any], line: bytes) -> bool:
    try:
        decode(line)
    except RecursionError:
        return True
    except UNREADABLE:
        return False
    return False


def _or_none(decode: Callable[[bytes], Any], content: bytes) -> Any | None:
    """Decodes the content; None if that fails: the error holds the content and must not become the context of ours."""
    try:
        return decode(content)
    except UNREADABLE:
        return None
