"""Finds the files that `--from` names: on this machine, in buckets, on the web, or on standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.sources.places.disk import find_on_disk
from pinterest_audiences.sources.places.found import Found, FoundFile
from pinterest_audiences.sources.places.standard_input import StandardInput

STANDARD_INPUT: Final = "-"
_BUCKETS: Final = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
_WEB: Final = {"http", "https"}
SCHEMES: Final = frozenset({"file", *_BUCKETS, *_WEB})


def find_files(address: str, wanted_format: str | None) -> Found:
    """Finds the files.

    Raises: UsageError if there are none or they can't be read; SourceError if the place doesn't answer.
    """
    if address == STANDARD_INPUT:
        return _standard_input(wanted_format)
    scheme = address.split("://", 1)[0].lower() if "://" in address else ""
    if scheme in _BUCKETS:
        return _in_bucket(_BUCKETS[scheme] + address[len(scheme) :])
    if scheme in _WEB:
        return _on_the_web(address)
    return find_on_disk(_path_of(address) if scheme == "file" else address)


def _standard_input(wanted_format: str | None) -> Found:
    if wanted_format is None:
        raise UsageError(Code.USAGE_WRONG, "--from - has no name to tell its format. Add --format csv, for example.")
    stdin = StandardInput(sys.stdin.buffer, wanted_format)
    return Found(stdin.label, "stdin", [FoundFile(stdin)])


def _in_bucket(address: str) -> Found:
    try:
        from pinterest_audiences.sources.places.bucket import find_in_bucket  # noqa: PLC0415 - loads a large library
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    return find_in_bucket(address)


def _on_the_web(address: str) -> Found:
    from pinterest_audiences.sources.places.web import WebFile  # noqa: PLC0415 - most sources don't need it

    try:
        file = WebFile(address)
    except ValueError:
        raise UsageError(Code.SOURCE_ADDRESS_WRONG, "--from has an https address that can't be read as one.") from None
    return Found(file.label, file.name, [FoundFile(file)])


def _path_of(address: str) -> str:
    parts = urlsplit(address.replace("?", "%3F").replace("#", "%23"))
    if parts.netloc not in {"", "localhost"}:
        raise UsageError(
            Code.SOURCE_ADDRESS_WRONG,
            f"--from {address!r} names another machine. A file of this one has three slashes: file:///srv/exports.",
        )
    return str(Path(unquote(parts.path)))
