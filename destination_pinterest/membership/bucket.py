"""Keeps ledgers in a folder of an S3 bucket."""

from __future__ import annotations

from pathlib import Path

from destination_pinterest.membership.blobs import Blob, ChangedMeanwhileError
from destination_pinterest.object_storage.s3 import ConditionFailedError, S3Bucket


class BucketBlobs:
    """The objects of a bucket's folder."""

    def __init__(self, bucket: S3Bucket) -> None:
        self._bucket = bucket

    def address(self, name: str) -> str:
        """Returns s3://bucket/folder/name."""
        return f"{self._bucket.address}{name}"

    def read(self, name: str) -> Blob | None:
        """See Blobs."""
        found = self._bucket.get(name)
        return None if found is None else Blob(found.body, found.etag)

    def write(self, name: str, body: bytes, *, over: str | None) -> str:
        """See Blobs.

        A request whose answer was lost is sent again and finds what it wrote the first time: that is a success. No two
        writers ever write the same bytes, since a manifest names its owner.
        """
        try:
            return self._bucket.put(name, body, if_match=over, if_absent=over is None)
        except ConditionFailedError:
            found = self._bucket.get(name)
            if found is not None and found.body == body:
                return found.etag
            raise ChangedMeanwhileError from None

    def add(self, path: Path, name: str) -> None:
        """See Blobs."""
        self._bucket.upload(path, name)

    def fetch(self, name: str, folder: Path) -> Path | None:
        """See Blobs."""
        path = folder / name.rpartition("/")[2]
        return path if self._bucket.download(name, path) else None

    def delete(self, name: str) -> None:
        """See Blobs."""
        self._bucket.delete(name)

    def names(self, prefix: str) -> list[str]:
        """See Blobs."""
        return list(self._bucket.keys(prefix))
