"""A text file of columns as a table: found out how it is written when it is opened, read as often as wanted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.source import Remark, RowBatch
from pinterest_audiences.sources.text.blocks import Decoding, Oddities, blocks
from pinterest_audiences.sources.text.encoding import Encoding, encoding_of
from pinterest_audiences.sources.text.layout import Layout, layout_of
from pinterest_audiences.sources.text.options import TextOptions
from pinterest_audiences.sources.text.records import RecordReader
from pinterest_audiences.sources.text.rows import RowMaker, Rows

SAMPLE_BYTES: Final = 1 << 18


class TextTable:
    """A table in a text file: see TableFile.

    Args:
        file: the file.
        encoding: how its text is encoded.
        layout: how its table is written.
    """

    def __init__(self, file: DataFile, encoding: Encoding, layout: Layout) -> None:
        self._file = file
        self._encoding = encoding
        self._layout = layout

    @property
    def columns(self) -> tuple[str, ...]:
        """See TableFile."""
        return self._layout.columns

    @property
    def remarks(self) -> Sequence[Remark]:
        """See TableFile."""
        if self._encoding.codec == "utf-8" or self._encoding.is_said:
            return self._layout.remarks
        text = f"The file is read as {self._encoding.shown} (--encoding overrules this)."
        return (Remark(text), *self._layout.remarks)

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """See TableFile."""
        decoding = Decoding()
        reader = RecordReader(self._layout.dialect, self._layout.first_line, len(self._layout.columns))
        maker = RowMaker(self._layout, columns)
        read = 0
        try:
            with closing(self._file.open()) as content:
                for made in maker.make(reader.read(blocks(content, self._encoding, decoding))):
                    read += len(made.values)
                    yield from self._batched(made, batch_rows)
        except (OSError, EOFError) as error:
            raise SourceError(
                Code.SOURCE_STOPPED,
                f"{self._file.label} could not be read on after {read:,} rows ({type(error).__name__}). "
                "See that it is whole and may be read.",
            ) from None
        remarks = [*_remarks(decoding), *maker.remarks()]
        if remarks:
            yield RowBatch((), self._file.label, (), remarks=remarks)

    def _batched(self, made: Rows, batch_rows: int) -> Iterator[RowBatch]:
        label = self._file.label
        refused: Sequence[object] = made.refused
        if refused and not made.values:
            yield RowBatch((), label, (), made.refused)
        for begin in range(0, len(made.values), batch_rows):
            end = begin + batch_rows
            yield RowBatch(made.values[begin:end], label, made.lines[begin:end], made.refused if begin == 0 else ())


def open_text_table(file: DataFile, options: TextOptions) -> TextTable:
    """Opens a text file of columns. Raises: UsageError if there is nothing in it, or no names of columns."""
    sample, is_whole = _beginning(file)
    encoding = encoding_of(sample, options.encoding)
    texts = [block.text for block in blocks(io.BytesIO(sample), encoding, Decoding())]
    lines = list(io.StringIO("".join(texts), newline=""))
    if not is_whole and len(lines) > 1:
        lines.pop()
    return TextTable(file, encoding, layout_of(lines, file.name, file.label, options))


def _beginning(file: DataFile) -> tuple[bytes, bool]:
    """Returns the first bytes of the file, and whether they are all. Raises: UsageError if they can't be read."""
    sample = b""
    try:
        with closing(file.open()) as content:
            while len(sample) < SAMPLE_BYTES:
                more = content.read(SAMPLE_BYTES - len(sample))
                if not more:
                    return sample, True
                sample += more
    except (OSError, EOFError) as error:
        raise UsageError(
            Code.SOURCE_NOT_OPENED,
            f"{file.label} can't be read ({type(error).__name__}). See that it is what its name says.",
        ) from None
    return sample, False


def _remarks(decoding: Decoding) -> Iterator[Remark]:
    other, lost, zeros = decoding.other_encoding, decoding.undecodable, decoding.zeros
    if other.count:
        verb = "is" if other.count == 1 else "are"
        text = f"{_lines(other)} {verb} not in UTF-8, and read as Windows-1252 (--encoding overrules this)."
        yield Remark(text, is_warning=True)
    if lost.count:
        text = f"{_lines(lost)} can't be read whole in the file's encoding. Name another one by --encoding."
        yield Remark(text, is_warning=True)
    if zeros.count:
        yield Remark(f"{_lines(zeros)} had NUL characters, which were left out.")


def _lines(found: Oddities) -> str:
    if found.count == 1:
        return f"Line {found.first:,}"
    return f"{found.count:,} lines, the first of them line {found.first:,},"
