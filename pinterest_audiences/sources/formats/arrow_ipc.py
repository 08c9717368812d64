"""Arrow's own formats: files (`.arrow`, Feather) and streams.

A stream says that it is over; one without that end was cut off, though every batch in it is whole.

Source: Arrow's columnar format, "IPC Streaming Format" (arrow.apache.org; read 2026-11-27): the end is FFFFFFFF
    00000000, before 0.15 it was 00000000; pyarrow 26.0.1 takes an end without it as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import feather

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.random_access import RandomAccess, cut_off

_FILE_MAGIC: Final = b"ARROW1"
_OLD_FEATHER_MAGIC: Final = b"FEA1"
_CONTINUATION: Final = b"\xff\xff\xff\xff"
_END: Final = b"\x00\x00\x00\x00"


class ArrowIpcFile:
    """An Arrow file or stream. See ArrowFile.

    Args:
        file: the file.

    Raises: UsageError if it is none; SourceError if it was cut off.
    """

    row_count: int | None = None

    def __init__(self, file: DataFile) -> None:
        self._access = RandomAccess(file)
        self.label = file.label
        with closing(self._access.open()) as stream:
            first = stream.read(len(_FILE_MAGIC))
            self._is_stream = not first.startswith((_FILE_MAGIC, _OLD_FEATHER_MAGIC))
            self._is_old_feather = first.startswith(_OLD_FEATHER_MAGIC)
            if self._is_stream:
                self._check_end(stream)
            stream.seek(0)
            try:
                self.schema = self._schema_of(stream)
            except (OSError, EOFError, pa.ArrowException):
                raise cut_off(self.label) if not self._is_stream else self._no_arrow() from None

    @contextmanager
    def batches(self, names: Sequence[str], batch_rows: int) -> Iterator[Iterator[pa.RecordBatch]]:
        """See ArrowFile. All columns come."""
        with closing(self._access.open()) as stream:
            yield _sliced(self._read(stream, names), batch_rows)

    def _schema_of(self, stream: BinaryIO) -> pa.Schema:
        if self._is_old_feather:
            return feather.read_table(stream, memory_map=False).schema
        return pa.ipc.open_stream(stream).schema if self._is_stream else pa.ipc.open_file(stream).schema

    def _read(self, stream: BinaryIO, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        if self._is_old_feather:
            yield from feather.read_table(stream, columns=list(names), memory_map=False).to_batches()
        elif self._is_stream:
            yield from pa.ipc.open_stream(stream)
        else:
            reader = pa.ipc.open_file(stream)
            yield from (reader.get_batch(number) for number in range(reader.num_record_batches))

    def _check_end(self, stream: BinaryIO) -> None:
        """Raises: UsageError if it does not begin as a stream of Arrow; SourceError if it has no end."""
        stream.seek(0)
        try:
            pa.ipc.open_stream(stream).close()
        except (OSError, EOFError, pa.ArrowException):
            raise self._no_arrow() from None
        stream.seek(0)
        has_continuations = stream.read(len(_CONTINUATION)) == _CONTINUATION
        end = _CONTINUATION + _END if has_continuations else _END
        stream.seek(-len(end), 2)
        if stream.read() != end:
            raise cut_off(self.label)

    def _no_arrow(self) -> UsageError:
        return UsageError(
            Code.SOURCE_NOT_OPENED,
            f"{self.label} is not an Arrow or Feather file. Name another, or its format by --format.",
        )


def _sliced(batches: Iterator[pa.RecordBatch], batch_rows: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for begin in range(0, batch.num_rows, batch_rows):
            yield batch.slice(begin, batch_rows)
