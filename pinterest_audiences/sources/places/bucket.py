"""Finds files in buckets of S3 and of Google Cloud Storage. Credentials come from the environment.

Source: pyarrow 26.0.1, pyarrow.fs, run against moto 2026-11-27: a prefix with objects under it is a directory; errors
    are OSErrors whose text names AWS's kind of error and holds no secret.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Final, cast

from pyarrow import fs

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.sources.places.delta_table import LOG_FOLDER, refuse_removed_files
from pinterest_audiences.sources.places.found import Found, FoundFile, is_left_out, partition_of
from pinterest_audiences.sources.places.patterns import is_pattern, matches, name_of

_CONNECT_S: Final = 10
_ANSWER_S: Final = 60
_ATTEMPTS: Final = 3
_GCS_RETRIES_S: Final = 20
_READ_BYTES: Final = 1 << 20


def find_in_bucket(address: str, environment: Mapping[str, str] = os.environ) -> Found:
    """Finds the files at `s3://bucket/…` or `gs://bucket/…`: an object, a folder, or a pattern.

    Raises: UsageError if there are none or access is refused; SourceError if the storage doesn't answer.
    """
    scheme, _, path = address.partition("://")
    bucket, _, key = path.partition("/")
    if not bucket or "@" in bucket or is_pattern(bucket):
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            f"--from {scheme}:// needs a bucket's name and a path: {scheme}://bucket/exports/customers.csv. "
            "Credentials come from the environment.",
        )
    try:
        return _Bucket(scheme, bucket, _file_system(scheme, bucket, environment)).find(key.strip("/"))
    except OSError as error:
        raise _worded(error, address) from None


class BucketFile:
    """An object in a bucket, as it is stored.

    Args:
        file_system: the storage.
        path: bucket and key.
        label: its address.
        size_bytes: how large it is.
    """

    remarks: Sequence[str] = ()

    def __init__(self, file_system: fs.FileSystem, path: str, label: str, size_bytes: int | None) -> None:
        self._file_system = file_system
        self._path = path
        self.label = label
        self.name = path.rpartition("/")[2]
        self.size_bytes = size_bytes

    def open(self) -> BinaryIO:
        """See DataFile."""
        try:
            stored = self._file_system.open_input_file(self._path)
        except OSError as error:
            raise _worded(error, self.label) from None
        return cast("BinaryIO", io.BufferedReader(stored, _READ_BYTES))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file under a folder, and the names of the folders between and its own."""

    info: fs.FileInfo
    names: tuple[str, ...]


class _Bucket:
    """A bucket to look for files in."""

    def __init__(self, scheme: str, bucket: str, file_system: fs.FileSystem) -> None:
        self._scheme = scheme
        self._bucket = bucket
        self._file_system = file_system

    def find(self, key: str) -> Found:
        """Finds what a key, a folder or a pattern names. A key that exists is no pattern."""
        (info,) = self._file_system.get_file_info([f"{self._bucket}/{key}"])
        if info.type is fs.FileType.File:
            return Found(self._label(key), info.base_name, [FoundFile(self._file(info))])
        if info.type is fs.FileType.NotFound and is_pattern(key):
            return self._matching(key)
        if info.type is fs.FileType.NotFound:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"There is no file {self._label(key)!r}. Correct its address.")
        listing = self._listing(key)
        chosen = [entry for entry in listing if not is_left_out(entry.names)]
        if not chosen:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"The folder {self._label(key)!r} has no files. Name another.")
        name = key.rpartition("/")[2] or self._bucket
        return Found(self._label(key), name, self._files(key, chosen, listing), is_listing=True)

    def _matching(self, pattern: str) -> Found:
        parts = pattern.split("/")
        plain = next(number for number, part in enumerate(parts) if is_pattern(part))
        base, rest = "/".join(parts[:plain]), "/".join(parts[plain:])
        listing = self._listing(base)
        chosen = [
            entry
            for entry in listing
            # A folder that matches stands for all files in it.
            if any(matches(rest, "/".join(entry.names[:depth])) for depth in range(1, len(entry.names) + 1))
            and not is_left_out(entry.names)
        ]
        if not chosen:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"No file matches {self._label(pattern)!r}. Correct the pattern.")
        name = name_of([self._bucket, *parts])
        before = partition_of(parts[:plain])
        files = [FoundFile(each.file, (*before, *each.partition)) for each in self._files(base, chosen, listing)]
        return Found(self._label(pattern), name, files, is_listing=True)

    def _listing(self, base: str) -> list[_Entry]:
        """Returns all files under a folder."""
        root = f"{self._bucket}/{base}".rstrip("/")
        infos = self._file_system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        return [
            _Entry(info, tuple(info.path.removeprefix(f"{root}/").split("/")))
            for info in sorted(infos, key=lambda info: info.path)
            if info.type is fs.FileType.File
        ]

    def _files(self, base: str, chosen: Sequence[_Entry], listing: Sequence[_Entry]) -> list[FoundFile]:
        """Returns the chosen files. Raises: UsageError if they are of a Delta table that has removed some."""
        for table in {entry.names[:-2] for entry in listing if entry.names[-2:-1] == (LOG_FOLDER,)}:
            if any(entry.names[: len(table)] == table for entry in chosen):
                log = [entry.info for entry in listing if entry.names[:-1] == (*table, LOG_FOLDER)]
                label = self._label("/".join([base, *table]).strip("/"))
                refuse_removed_files(label, {info.base_name: self._file(info) for info in log})
        return [FoundFile(self._file(entry.info), partition_of(entry.names[:-1])) for entry in chosen]

    def _file(self, info: fs.FileInfo) -> BucketFile:
        key = info.path.removeprefix(f"{self._bucket}/")
        return BucketFile(self._file_system, info.path, self._label(key), info.size)

    def _label(self, key: str) -> str:
        return f"{self._scheme}://{self._bucket}/{key}"


def _file_system(scheme: str, bucket: str, environment: Mapping[str, str]) -> fs.FileSystem:
    if scheme == "gs":
        return fs.GcsFileSystem(retry_time_limit=timedelta(seconds=_GCS_RETRIES_S))
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if region is None and endpoint is None:
        region = fs.resolve_s3_region(bucket)
    return fs.S3FileSystem(
        region=region,
        endpoint_override=endpoint,
        connect_timeout=_CONNECT_S,
        request_timeout=_ANSWER_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS),
    )


def _worded(error: OSError, label: str) -> UsageError | SourceError:
    """Words what a storage says, without its request ids."""
    said = str(error)
    if isinstance(error, FileNotFoundError) or "NO_SUCH" in said or "not found" in said.casefold():
        return UsageError(Code.SOURCE_NOT_OPENED, f"There is no file {label!r}. Correct its address.")
    if isinstance(error, PermissionError) or any(sign in said for sign in _NO_RIGHT):
        return UsageError(
            Code.SOURCE_NOT_OPENED,
            f"The storage refuses access to {label}. Give the environment credentials that may list and read it.",
        )
    return SourceError(
        Code.SOURCE_UNREACHABLE,
        f"The storage of {label} doesn't answer as it should. See that its address and region are right and the "
        "network is up, then run the command again.",
    )


_NO_RIGHT: Final = (
    "ACCESS_DENIED",
    "INVALID_ACCESS_KEY_ID",
    "SIGNATURE_DOES_NOT_MATCH",
    "INVALID_CLIENT_TOKEN_ID",
    "EXPIRED_TOKEN",
    "HTTP status 401",
    "HTTP status 403",
    "PermissionDenied",
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
)
