"""Puts, reads, lists and deletes objects in a folder of an S3 bucket, conditionally where two writers may meet.

If a storage ignores conditions and writes anyway, that can't be noticed here.

Source: docs.aws.amazon.com/AmazonS3, "How to prevent object overwrites with conditional writes"; botocore 1.44.5, the
description of PutObject (If-Match, If-None-Match; 412 and 409); github.com/minio/minio/issues/21526, where AWS answers
If-Match on a key that is not there by NoSuchKey and Ceph by 412 (all read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config.s3 import S3Access
from destination_pinterest.object_storage.client import make_client
from destination_pinterest.object_storage.failures import CONDITION_FAILED, NOT_THERE, code_of, storage_errors

# With 60 s for each answer and boto's waits in between, a storage that hangs fails after about five minutes.
_ATTEMPTS: Final = 5


class ConditionFailedError(Exception):
    """The condition of a `put` does not hold; nothing was written.

    The caller that set the condition catches it. When boto repeats a request whose answer was lost, the existing object
    may be the caller's own: read it to find out.
    """


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object: its content and version."""

    body: bytes = field(repr=False)
    etag: str


class S3Bucket:
    """One folder of one bucket. Keys are relative to the folder. Any thread may use it.

    Every method raises:
        StorageRefusedError: no such bucket, no permission, wrong keys or region; something must be changed.
        StorageFailedError: the network or the storage failed, even after boto's own retries.
        InvalidConfigError: the proxy, the name server or the certificates of this machine are wrong.

    Args:
        access: the settings.
        attempts: how often one request is sent at most.
    """

    def __init__(self, access: S3Access, *, attempts: int = _ATTEMPTS) -> None:
        self._name = access.s3_bucket_name
        folder = access.bucket_path.strip("/")
        self._folder = f"{folder}/" if folder else ""
        self._has_worked = False
        with storage_errors(self._name, "open it"):
            self._client: Any = make_client(access, attempts)

    @property
    def address(self) -> str:
        """The folder's address, for people: s3://bucket/folder/."""
        return f"s3://{self._name}/{self._folder}"

    def put(self, key: str, body: bytes, *, if_match: str | None = None, if_absent: bool = False) -> str:
        """Writes an object and returns its etag.

        Args:
            key: its key.
            body: its content.
            if_match: write only over the version with this etag.
            if_absent: write only if there is no object.

        Raises:
            ConditionFailedError: there is another version or, with if_absent, any version.
        """
        condition = {"IfMatch": if_match} if if_match is not None else {}
        if if_absent:
            condition["IfNoneMatch"] = "*"
        with self._errors("put an object"):
            try:
                answer = self._client.put_object(Bucket=self._name, Key=self._folder + key, Body=body, **condition)
                return str(answer["ETag"])
            except self._client.exceptions.ClientError as error:
                # AWS answers 404 to If-Match on an object that is gone.
                unexpected = CONDITION_FAILED if if_match is None else CONDITION_FAILED | NOT_THERE
                if not condition or code_of(error) not in unexpected:
                    raise
        raise ConditionFailedError(f"The object {key} is not as expected.")

    def get(self, key: str) -> StoredObject | None:
        """Returns an object; None if there is none."""
        with self._errors("get an object"):
            try:
                answer = self._client.get_object(Bucket=self._name, Key=self._folder + key)
                return StoredObject(answer["Body"].read(), str(answer["ETag"]))
            except self._client.exceptions.ClientError as error:
                if code_of(error) not in NOT_THERE:
                    raise
        return None

    def upload(self, path: Path, key: str) -> None:
        """Writes a file, in parts if it is large."""
        with path.open("rb") as file, self._errors("put an object"):
            self._client.upload_fileobj(file, self._name, self._folder + key)

    def download(self, key: str, path: Path) -> bool:
        """Reads an object into a file; returns False if there is none. Without success, no file is left."""
        is_whole = False
        try:
            with self._errors("get an object"), path.open("wb") as file:
                try:
                    self._client.download_fileobj(self._name, self._folder + key, file)
                    is_whole = True
                except self._client.exceptions.ClientError as error:
                    if code_of(error) not in NOT_THERE:
                        raise
        finally:
            if not is_whole:
                path.unlink(missing_ok=True)
        if not is_whole:
            # Without a body, the answer could also mean that the bucket does not exist; a listing shows that.
            next(self.keys(key), None)
        return is_whole

    def delete(self, key: str) -> None:
        """Deletes an object, if it exists."""
        with self._errors("delete an object"):
            self._client.delete_object(Bucket=self._name, Key=self._folder + key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yields the keys that begin with `prefix`, in alphabetical order, across all pages."""
        with self._errors("list objects"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._name, Prefix=self._folder + prefix
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield str(entry["Key"])[len(self._folder) :]

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        with storage_errors(self._name, doing, self._client.meta.endpoint_url, has_worked=self._has_worked):
            yield
        self._has_worked = True
