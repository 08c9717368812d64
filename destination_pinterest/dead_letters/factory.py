"""What writes rejected rows down, put together from the settings: a bucket, names for files, the log of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from destination_pinterest.config import S3ObjectStorage
from destination_pinterest.dead_letters.file_names import DeadLetterFileNames
from destination_pinterest.dead_letters.queue import DeadLetterQueue, DeadLetters
from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import MessageDecoder


class DeadLetterStorage:
    """Where a sync's rejected rows are written.

    Args:
        bucket: holds the files.
        storage: the settings.
        clock: monotonic seconds.
        now: seconds since the epoch.
    """

    def __init__(
        self, bucket: S3Bucket, storage: S3ObjectStorage, *, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._address = bucket.address
        self._include_values = storage.include_values
        self._files = DeadLetterFileNames(storage.path_format, storage.file_name_format, now=now)
        self.records = DeadLetterQueue(bucket.put, clock)

    def rows_of(
        self,
        plan: ConfiguredStream,
        key_columns: tuple[str, ...],
        identity_columns: tuple[str, ...],
        decoder: MessageDecoder,
    ) -> DeadLetters:
        """Where one stream's rejected rows go."""
        row_format = DeadLetterFormat(
            plan.key, key_columns, identity_columns, decoder, include_values=self._include_values
        )
        return self.records.rows_of(row_format, partial(self._files.next_key, plan.key, plan.sync_id))

    def summary(self) -> Iterator[str]:
        """What was written, in a sentence, if anything was."""
        records = self.records
        if records.stored_files:
            yield (
                f"Rejected rows: {records.stored_rows:,} written to {self._address} in {records.stored_files:,} "
                f"file{'s' if records.stored_files > 1 else ''}."
            )
