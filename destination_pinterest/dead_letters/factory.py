"""Assembles the storage of rejected rows from the settings: the bucket, the file names and the queue."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from destination_pinterest.config import S3ObjectStorage
from destination_pinterest.dead_letters.file_names import DeadLetterFileNames
from destination_pinterest.dead_letters.queue import DeadLetterQueue, DeadLetters
from destination_pinterest.dead_letters.row_format import DeadLetterFormat
from destination_pinterest.object_storage.s3 import S3Bucket
from destination_pinterest.protocol.catalog import ConfiguredStream
from destination_pinterest.protocol.input import MessageDecoder
from destination_pinterest.system import System


class DeadLetterStorage:
    """Stores a sync's rejected rows.

    Args:
        bucket: where the files go.
        storage: the settings.
        system: clocks.
    """

    def __init__(self, bucket: S3Bucket, storage: S3ObjectStorage, system: System) -> None:
        self._address = bucket.address
        self._include_values = storage.include_values
        self._files = DeadLetterFileNames(storage.path_format, storage.file_name_format, now=system.now)
        self.queue = DeadLetterQueue(bucket.put, system.clock)

    def rows_of(
        self,
        stream: ConfiguredStream,
        key_columns: tuple[str, ...],
        identity_columns: tuple[str, ...],
        decoder: MessageDecoder,
    ) -> DeadLetters:
        """Returns the collector of one stream's rejected rows."""
        row_format = DeadLetterFormat(
            stream.key, key_columns, identity_columns, decoder, include_values=self._include_values
        )
        return self.queue.rows_of(row_format, partial(self._files.next_key, stream.key, stream.sync_id))

    def summary(self) -> Iterator[str]:
        """Yields a sentence on what was written, if anything was."""
        queue = self.queue
        if queue.stored_files:
            yield (
                f"Rejected rows: {queue.stored_rows:,} written to {self._address} in {queue.stored_files:,} "
                f"file{'s' if queue.stored_files > 1 else ''}."
            )
