"""A file on the web, over HTTPS. What follows the question mark of a presigned address is a secret and is never shown.

Source: requests 2.34.2 and urllib3 2 (run 2026-11-27): a body shorter than its Content-Length raises IncompleteRead
    when it is read; exceptions of requests hold the whole address.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final, cast
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError

_CONNECT_S: Final = 10
_ANSWER_S: Final = 60
_READ_BYTES: Final = 1 << 18
_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}
# Codings of the whole answer that are recognised by its first bytes, like a compressed file's.
_CODINGS: Final = {"", "identity", "gzip", "x-gzip", "zstd"}


class WebFile:
    """A file at an HTTPS address, as it is stored.

    Args:
        address: where it is, perhaps with a secret after the question mark.
    """

    size_bytes: int | None = None
    remarks: Sequence[str] = ()

    def __init__(self, address: str) -> None:
        self._address = address
        parts = urlsplit(address)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = "" if parts.port is None else f":{parts.port}"
        self.label = f"{parts.scheme}://{host}{port}{parts.path}"
        self.name = unquote(PurePosixPath(parts.path).name)
        self._version: tuple[str | None, str | None] | None = None

    def open(self) -> BinaryIO:
        """See DataFile."""
        session = requests.Session()
        session.mount("http://", _OnlyLocal())
        try:
            # As stored: an answer's own compression is undone where a file's is.
            response = session.get(
                self._address, stream=True, timeout=(_CONNECT_S, _ANSWER_S), headers={"Accept-Encoding": "identity"}
            )
        except _NotEncryptedError:
            raise UsageError(
                Code.SOURCE_ADDRESS_WRONG,
                f"{self.label} would be read over http, which anybody on the way can read. Use an https address.",
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            raise self._unreachable("can't be reached") from None
        try:
            self._check(response)
        except BaseException:
            response.close()
            raise
        return cast("BinaryIO", io.BufferedReader(_Body(response), _READ_BYTES))

    def _check(self, response: requests.Response) -> None:
        """Raises: UsageError or SourceError if the answer is not the file, or another than before."""
        status = response.status_code
        if status in {408, 429} or status >= 500:
            raise self._unreachable(f"answers with HTTP status {status}")
        if status != 200:
            advice = "Correct its address." if status in {404, 410} else "See that its address has not expired."
            raise UsageError(Code.SOURCE_NOT_OPENED, f"{self.label} answers with HTTP status {status}. {advice}")
        coding = response.headers.get("Content-Encoding", "").strip().lower()
        has_end = "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "")
        if coding not in _CODINGS or not has_end:
            raise UsageError(
                Code.SOURCE_NOT_OPENED,
                f"The server of {self.label} sends it in a way in which its end can't be recognised. Download it, and "
                "name the file.",
            )
        version = (response.headers.get("ETag"), response.headers.get("Content-Length"))
        if self._version not in {None, version}:
            raise SourceError(
                Code.SOURCE_STOPPED, f"{self.label} changed while it was being read. Run the command again."
            )
        self._version = version

    def _unreachable(self, what: str) -> SourceError:
        return SourceError(Code.SOURCE_UNREACHABLE, f"{self.label} {what}. Run the command again later.")


class _NotEncryptedError(Exception):
    """A request, or a redirection, to an http address of another machine."""


class _OnlyLocal(HTTPAdapter):
    """Lets http addresses of this machine pass, and no others, after a redirection neither."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **named: Any) -> requests.Response:
        if urlsplit(request.url or "").hostname not in _LOCAL:
            raise _NotEncryptedError
        return super().send(request, *arguments, **named)


class _Body(io.RawIOBase):
    """The body of an answer; closing it closes the connection."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        try:
            chunk = self._response.raw.read(len(view), decode_content=False)
        except urllib3.exceptions.IncompleteRead:
            raise EOFError("the answer ended early") from None
        except urllib3.exceptions.HTTPError as error:
            raise OSError(f"the connection broke ({type(error).__name__})") from None
        view[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._response.close()
        super().close()
