"""Parquet files, read in batches, so that memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.random_access import RandomAccess, cut_off

_MAGIC: Final = b"PAR1"
_ENCRYPTED: Final = b"PARE"
_BUFFER_BYTES: Final = 1 << 20


class ParquetFile:
    """A Parquet file. See ArrowFile.

    Args:
        file: the file.

    Raises: UsageError if it is none; SourceError if it was cut off.
    """

    def __init__(self, file: DataFile) -> None:
        self._access = RandomAccess(file)
        self.label = file.label
        with closing(self._access.open()) as stream:
            try:
                with _opened(stream) as parquet:
                    self.schema = parquet.schema_arrow
                    self.row_count: int | None = parquet.metadata.num_rows
            except (OSError, EOFError, pa.ArrowException):
                raise self._unreadable() from None

    @contextmanager
    def batches(self, names: Sequence[str], batch_rows: int) -> Iterator[Iterator[pa.RecordBatch]]:
        """See ArrowFile."""
        with closing(self._access.open()) as stream, _opened(stream) as parquet:
            yield parquet.iter_batches(batch_rows, columns=list(names))

    def _unreadable(self) -> UsageError | SourceError:
        with closing(self._access.open()) as stream:
            first = stream.read(len(_MAGIC))
            stream.seek(-min(len(_MAGIC), stream.seek(0, 2)), 2)
            last = stream.read()
        if _ENCRYPTED in {first, last}:
            return UsageError(Code.SOURCE_NOT_OPENED, f"{self.label} is encrypted. Decrypt it first.")
        if first == _MAGIC:
            return cut_off(self.label)
        return UsageError(
            Code.SOURCE_NOT_OPENED, f"{self.label} is not a Parquet file. Name another, or its format by --format."
        )


@contextmanager
def _opened(stream: BinaryIO) -> Iterator[pq.ParquetFile]:
    with pq.ParquetFile(stream, buffer_size=_BUFFER_BYTES, pre_buffer=False) as parquet:
        yield parquet
