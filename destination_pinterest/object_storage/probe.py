"""Whether a bucket may be used: an object is written and deleted, as a sync would."""

from __future__ import annotations

from typing import Final

from destination_pinterest.object_storage.s3 import S3Bucket

_KEY: Final = "destination-pinterest-check.txt"
_BODY: Final = b"The check of the connection wrote this to see that it may, and deletes it at once.\n"


def probe(bucket: S3Bucket) -> None:
    """Writes and deletes a small object.

    Raises:
        StorageRefusedError: that is not possible as the settings are.
        StorageFailedError: the bucket did not answer as it should.
    """
    bucket.put(_KEY, _BODY)
    bucket.delete(_KEY)
