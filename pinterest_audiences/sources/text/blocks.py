"""Decodes a file in blocks of whole lines, and goes on where a line is not in the encoding that the file began with."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import AnyStr, BinaryIO, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import FileContentError
from pinterest_audiences.sources.text.encoding import Encoding

BLOCK_BYTES: Final = 1 << 17
LONGEST_LINE: Final = 1 << 24
_REPLACEMENT: Final = "\ufffd"


@dataclass(slots=True)
class Oddities:
    """The lines that were not as expected: their number, and the first of them."""

    count: int = 0
    first: int = 0

    def add(self, line: int, count: int = 1) -> None:
        """Counts lines, `line` the first of them."""
        if count:
            self.first = self.first or line
            self.count += count


@dataclass(slots=True)
class Decoding:
    """What was noticed while decoding."""

    other_encoding: Oddities = field(default_factory=Oddities)
    undecodable: Oddities = field(default_factory=Oddities)
    zeros: Oddities = field(default_factory=Oddities)


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of text with their ends, which only a file's last line may lack; the number of the first of them."""

    first_line: int
    text: str
    line_count: int


def blocks(file: BinaryIO, encoding: Encoding, decoding: Decoding, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yields the file's text. Lines end as with universal newlines: by CR, LF, or both.

    Raises: FileContentError for a line that is too long to be one.
    """
    line = 1
    for content in _whole_lines(file, encoding, block_bytes):
        text = _decoded(content, encoding, decoding, line) if isinstance(content, bytes) else content
        if not encoding.may_be_mixed and _REPLACEMENT in text:
            decoding.undecodable.add(*_where(text, _REPLACEMENT, line))
        if "\x00" in text:
            decoding.zeros.add(*_where(text, "\x00", line))
            text = text.replace("\x00", "")
        # Files that were joined have their marks in the middle.
        text = text.replace("\ufeff", "")
        count = _line_count(text)
        yield Block(line, text, count)
        line += count


def _whole_lines(file: BinaryIO, encoding: Encoding, block_bytes: int) -> Iterator[bytes | str]:
    """Yields UTF-8 as bytes, so that single lines may be decoded otherwise, and all else as text."""
    if encoding.may_be_mixed:
        yield from _cut(iter(lambda: file.read(block_bytes), b""), b"\n", b"\r")
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    texts = iter(lambda: file.read(block_bytes), b"")
    yield from _cut(_decoded_by(decoder, texts), "\n", "\r")


def _decoded_by(decoder: codecs.IncrementalDecoder, contents: Iterator[bytes]) -> Iterator[str]:
    for content in contents:
        yield decoder.decode(content)
    yield decoder.decode(b"", final=True)


def _cut(contents: Iterator[AnyStr], line_feed: AnyStr, carriage_return: AnyStr) -> Iterator[AnyStr]:
    nothing = line_feed[:0]
    rest = nothing
    for content in contents:
        rest += content
        end = rest.rfind(line_feed) + 1
        if not end:
            # The last one may be the first half of CR LF.
            end = rest.rfind(carriage_return, 0, -1) + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LONGEST_LINE:
            raise FileContentError(Code.FILE_IS_NO_TABLE, _TOO_LONG)
    if rest:
        yield rest


_TOO_LONG: Final = f"A line of the file has more than {LONGEST_LINE:,} characters. See that it is a text file."


def _decoded(content: bytes, encoding: Encoding, decoding: Decoding, first_line: int) -> str:
    try:
        return content.decode(encoding.codec)
    except UnicodeDecodeError:
        pass
    texts = []
    for number, line in enumerate(content.splitlines(keepends=True), first_line):
        try:
            texts.append(line.decode(encoding.codec))
        except UnicodeDecodeError:
            decoding.other_encoding.add(number)
            texts.append(line.decode("cp1252", "replace"))
    return "".join(texts)


def _where(text: str, character: str, first_line: int) -> tuple[int, int]:
    """Returns the first line that has the character, and how many lines have it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbers = [number for number, line in enumerate(lines, first_line) if character in line]
    return numbers[0], len(numbers)


def _line_count(text: str) -> int:
    ends = text.count("\n")
    if "\r" in text:
        ends += text.count("\r") - text.count("\r\n")
    return ends + (not text.endswith(("\n", "\r")))
