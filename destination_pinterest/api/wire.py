"""Sends one request and returns the outcome: an answer of any status, or the reason why there is none. No retries.

`Wire` is the seam at which tests replace Pinterest; `HttpWire` is the real one. It uses requests' adapters but not its
Session.send, which would read .netrc and put a password from there in place of our token, prepare redirects, keep
cookies in a jar that threads share, and take twice as long. What remains of the session are its adapters, and the
proxies and certificates that it finds in the environment. urllib3 alone would mean choosing proxies, proxy logins and
certificates ourselves. An adapter's connection pool is urllib3's and thread-safe, so all threads share one session.

Exceptions of requests and urllib3 hold the request, with the token and people's hashes. None of them leaves this
module, not even as the context of another: what went wrong is a value.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectionFailedError, ConnectorError, InvalidConfigError
from destination_pinterest.system import System

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 60.0
# More than the sending threads; a thread beyond it would still be served, on a connection of its own.
CONNECTIONS: Final = 64

_PLAIN_WORDS: Final = (
    (socket.gaierror, "the host's name is not found"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection closed"),  # http.client's RemoteDisconnected among them
    ((TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout), "timed out"),
    (http.client.IncompleteRead, "answer cut off"),
)


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One request: `path` is below the base URL and holds the query; `headers` hold the token. Never printed."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An answer of any status. `headers` is case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Lost:
    """No usable answer. `may_have_acted`: the request may have reached the server."""

    error: ConnectorError
    may_have_acted: bool


class Wire(Protocol):
    """A connection to one server. Thread-safe."""

    def exchange(self, message: Message) -> Reply | Lost:
        """Sends `message` once and reads the whole answer."""


OpenWire = Callable[[str, System], Wire]
"""Creates the wire to the server at a base URL."""


class HttpWire:
    """Reaches a server over HTTP. Thread-safe.

    `base_url` has no trailing slash; `clock` is monotonic; `session` lends its adapter, proxies and certificates.
    """

    def __init__(self, base_url: str, session: requests.Session, clock: Callable[[], float]) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._adapter = session.get_adapter(self._base_url + "/")
        self._settings: dict[str, Any] = dict(session.merge_environment_settings(base_url, {}, False, None, None))
        if _is_this_machine(self._base_url):
            self._settings["proxies"] = {}

    def exchange(self, message: Message) -> Reply | Lost:
        """Sends `message` once, follows no redirect, and reads the whole answer."""
        began = self._clock()
        try:
            response = self._adapter.send(
                self._prepared(message), timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), **self._settings
            )
            body = response.content or b""
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
            return lost_by(failure)
        return Reply(response.status_code, response.headers, body, self._clock() - began)

    def _prepared(self, message: Message) -> requests.PreparedRequest:
        # requests.Request(...).prepare() parses and quotes what is correct already, which takes as long as sending.
        prepared = requests.PreparedRequest()
        prepared.method = message.method
        prepared.url = self._base_url + message.path
        prepared.headers = CaseInsensitiveDict(message.headers)
        prepared.body = message.body
        if message.body is not None:
            prepared.headers["Content-Length"] = str(len(message.body))
        prepared._cookies = RequestsCookieJar()  # type: ignore[attr-defined]  # the adapter reads it
        return prepared


def open_http_wire(base_url: str, system: System) -> Wire:
    """Creates the real wire, whose pool keeps as many connections as there are threads."""
    return HttpWire(base_url, pooled_session(), system.clock)


def pooled_session() -> requests.Session:
    """Creates a session whose pool keeps as many connections as there are threads."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def lost_by(failure: Exception) -> Lost:
    """Says what a network failure means; nothing of the request stays in it."""
    reasons = list(_reasons(failure))
    if any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons):
        return Lost(
            InvalidConfigError(
                Code.CERTIFICATE_UNVERIFIED,
                "The certificate of Pinterest's API can't be verified. If a proxy here signs connections anew, name "
                "its certificates in REQUESTS_CA_BUNDLE; see also that this machine's clock is right.",
            ),
            may_have_acted=False,
        )
    never_sent = any(isinstance(reason, NewConnectionError | ConnectTimeoutError) for reason in reasons)
    how = "can't be reached" if never_sent else "gave no complete answer"
    why = next((said for kind, said in _PLAIN_WORDS if isinstance(reasons[-1], kind)), type(reasons[-1]).__name__)
    return Lost(
        ConnectionFailedError(
            Code.PINTEREST_UNREACHABLE,
            f"Pinterest's API {how} ({why}). If this lasts, check the network, the proxy and Pinterest's status page.",
        ),
        may_have_acted=not never_sent,
    )


def _reasons(failure: BaseException) -> Iterator[BaseException]:
    """Yields the failure and those inside it, outermost first. Requests and urllib3 nest them as arguments."""
    seen: set[int] = set()
    current: BaseException | None = failure
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = [current.reason] if isinstance(current, MaxRetryError) else [*current.args, current.__cause__]
        current = next((item for item in inner if isinstance(item, BaseException)), None)


def _is_this_machine(base_url: str) -> bool:
    """Whether the server is on this machine; a sandbox here is never reached through a proxy."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
