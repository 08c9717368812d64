"""Finds files in buckets of S3 and of Google Cloud Storage. Credentials come from the environment.

Source: pyarrow 26.0.1, pyarrow.fs, run against moto 2026-11-27: a prefix with objects under it is a directory; errors
    are OSErrors whose text names AWS's kind of error and holds no secret.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
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
        files = [
            FoundFile(self._file(each), partition_of(folders))
            for each, folders in self._listing(key)
            if not is_left_out([*folders, each.base_name])
        ]
        if not files:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"The folder {self._label(key)!r} has no files. Name another.")
        return Found(self._label(key), key.rpartition("/")[2] or self._bucket, files, is_listing=True)

    def _matching(self, pattern: str) -> Found:
        parts = pattern.split("/")
        plain = next(number for number, part in enumerate(parts) if is_pattern(part))
        base = "/".join(parts[:plain])
        files = []
        for info, folders in self._listing(base):
            inner = "/".join([*folders, info.base_name])
            within = range(len(parts) - plain, len(folders) + 1)
            rest = "/".join(parts[plain:])
            is_meant = matches(rest, inner) or any(matches(rest, "/".join(folders[:depth])) for depth in within)
            if is_meant and not is_left_out([*folders, info.base_name]):
                files.append(FoundFile(self._file(info), partition_of([*parts[:plain], *folders])))
        if not files:
            raise UsageError(Code.SOURCE_NOT_OPENED, f"No file matches {self._label(pattern)!r}. Correct the pattern.")
        return Found(self._label(pattern), name_of([self._bucket, *parts]), files, is_listing=True)

    def _listing(self, base: str) -> list[tuple[fs.FileInfo, list[str]]]:
        """Returns the files under a folder, each with the names of the folders between."""
        root = f"{self._bucket}/{base}".rstrip("/")
        infos = self._file_system.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        files = [
            (info, info.path.removeprefix(f"{root}/").split("/")[:-1])
            for info in sorted(infos, key=lambda info: info.path)
            if info.type is fs.FileType.File
        ]
        logs = [(info, folders) for info, folders in files if folders[-1:] == [LOG_FOLDER]]
        for table in {tuple(folders[:-1]) for _, folders in logs}:
            commits = {info.base_name: self._file(info) for info, folders in logs if tuple(folders[:-1]) == table}
            refuse_removed_files(self._label("/".join([base, *table]).strip("/")), commits)
        return files

    def _file(self, info: fs.FileInfo) -> BucketFile:
        key = info.path.removeprefix(f"{self._bucket}/")
        return BucketFile(self._file_system, info.path, self._label(key), info.size)

    def _label(self, key: str) -> str:
        return f"{self._scheme}://{self._bucket}/{key}"


def _file_system(scheme: str, bucket: str, environment: Mapping[str, str]) -> fs.FileSystem:
    if scheme == "gs":
        return fs.GcsFileSystem(retry_time_limit=timedelta(seconds=_ANSWER_S))
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
