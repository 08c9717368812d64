"""ORC files, read stripe by stripe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pyarrow as pa
from pyarrow import orc

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.random_access import RandomAccess


class OrcFile:
    """An ORC file. See ArrowFile.

    Args:
        file: the file.

    Raises: UsageError if it is none, or was cut off.
    """

    def __init__(self, file: DataFile) -> None:
        self._access = RandomAccess(file)
        self.label = file.label
        with closing(self._access.open()) as stream:
            try:
                opened = orc.ORCFile(stream)
                self.schema, self.row_count = opened.schema, opened.nrows
            except (OSError, EOFError, pa.ArrowException):
                raise UsageError(
                    Code.SOURCE_NOT_OPENED, f"{self.label} is not a whole ORC file. Write or download it again."
                ) from None

    @contextmanager
    def batches(self, names: Sequence[str], batch_rows: int) -> Iterator[Iterator[pa.RecordBatch]]:
        """See ArrowFile."""
        with closing(self._access.open()) as stream:
            file = orc.ORCFile(stream)
            yield (
                stripe.slice(begin, batch_rows)
                for number in range(file.nstripes)
                for stripe in [file.read_stripe(number, columns=list(names))]
                for begin in range(0, stripe.num_rows, batch_rows)
            )
