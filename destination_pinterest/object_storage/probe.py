"""Tests whether a bucket can be used, by writing and deleting an object as a sync would."""

from __future__ import annotations

from typing import Final

from destination_pinterest.object_storage.s3 import S3Bucket

_KEY: Final = "destination-pinterest-check.txt"
_BODY: Final = b"The check of the connection wrote this to see that it may, and deletes it at once.\n"


def probe(bucket: S3Bucket) -> None:
    """Writes and deletes a small object.

    Raises:
        StorageRefusedError: the settings do not permit it.
        StorageFailedError: the bucket failed.
    """
    bucket.put(_KEY, _BODY)
    bucket.delete(_KEY)
