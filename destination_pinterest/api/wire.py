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
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict
from requests.utils import select_proxy
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from destination_pinterest.api.watchdog import Watchdog, WatchedAdapter
from destination_pinterest.certificates import trusted_certificates
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectionFailedError,
    ConnectorError,
    InvalidConfigError,
    UnexpectedAnswerError,
)
from destination_pinterest.local_faults import Way, local_fault, reasons_of, refused_tunnel, without_login
from destination_pinterest.system import System

CONNECT_TIMEOUT_S: Final = 10.0
READ_TIMEOUT_S: Final = 60.0
# For one exchange as a whole: the longest wait for an answer, and fifteen seconds for what comes before and after.
EXCHANGE_LIMIT_S: Final = 75.0
# More than the sending threads; a thread beyond it would still be served, on a connection of its own.
CONNECTIONS: Final = 64
# Of an answer, decoded: a page of 250 audiences has 32 KB for each of them. What it becomes takes some times as much.
LARGEST_BODY: Final = 8 * 2**20

_CHUNK: Final = 64 * 2**10
_OWNER: Final = "Pinterest's API"
_PORTS: Final = {"http": 80, "https": 443}

_PLAIN_WORDS: Final = (
    (socket.gaierror, "the host's name is not found"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection closed"),  # http.client's RemoteDisconnected among them
    ((TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout), "timed out"),
    (http.client.IncompleteRead, "answer cut off"),
)


# A ProxyError comes before there is a connection through the proxy.
_NEVER_SENT: Final = (NewConnectionError, ConnectTimeoutError, ProxyError)
_BAD_PROXY_ADDRESS: Final = (
    *(requests.exceptions.InvalidProxyURL, requests.exceptions.InvalidSchema),
    *(urllib3.exceptions.ProxySchemeUnknown, urllib3.exceptions.ProxySchemeUnsupported),
    urllib3.exceptions.LocationValueError,
)


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One request: `path` is below the base URL and holds the query; `headers` hold the token. Never printed.

    `limit_s` is how long the exchange may take as a whole.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None
    limit_s: float = EXCHANGE_LIMIT_S


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """An answer of any status. `headers` is case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float


class Lost(msgspec.Struct, frozen=True):
    """No usable answer. `may_have_acted`: the request may have reached the server."""

    error: ConnectorError
    may_have_acted: bool


_TOO_LARGE: Final = Lost(
    UnexpectedAnswerError(
        Code.ANSWER_TOO_LARGE,
        f"Pinterest's API gave an answer of more than {LARGEST_BODY // 2**20} MB, which was not read. Check "
        "api_base_url and the proxy, and report this if they are right.",
    ),
    may_have_acted=True,
)


class Wire(Protocol):
    """A connection to one server. Thread-safe."""

    def exchange(self, message: Message) -> Reply | Lost:
        """Sends `message` once and reads the whole answer."""


OpenWire = Callable[[str, System], Wire]
"""Creates the wire to the server at a base URL."""


class HttpWire:
    """Reaches a server over HTTP. Thread-safe.

    `base_url` has no trailing slash; `clock` is monotonic; `session` lends its adapter and proxies; `watchdog` is the
    one that its adapter reports connections to.
    """

    def __init__(
        self, base_url: str, session: requests.Session, clock: Callable[[], float], watchdog: Watchdog
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._clock = clock
        self._watchdog = watchdog
        self._adapter = session.get_adapter(self._base_url + "/")
        self._settings: dict[str, Any] = dict(
            session.merge_environment_settings(_with_port(self._base_url), {}, True, None, None)
        )
        if _is_this_machine(self._base_url):
            self._settings["proxies"] = {}
        self._way = _way(self._base_url, self._settings["proxies"])
        self._unusable: Lost | None = None
        if self._base_url.startswith("https:"):
            self._trust_as_the_environment_says()
        self._has_worked = False

    def exchange(self, message: Message) -> Reply | Lost:
        """Sends `message` once, follows no redirect, and reads the whole answer."""
        if self._unusable is not None:
            return self._unusable
        began = self._clock()
        with self._watchdog.limiting(message.limit_s) as watched:
            try:
                response = self._adapter.send(
                    self._prepared(message), timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), **self._settings
                )
                body = _body(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as failure:
                return _too_slow(message) if watched.is_over else self._lost_by(failure)
        if watched.is_over:
            return _too_slow(message)  # A body without a length seems complete when its connection is shut down.
        self._has_worked = True
        if body is None and response.ok:
            return _TOO_LARGE
        return Reply(response.status_code, response.headers, body or b"", self._clock() - began)

    def _trust_as_the_environment_says(self) -> None:
        try:
            certificates = trusted_certificates(os.environ)
        except InvalidConfigError as error:
            self._unusable = Lost(error, may_have_acted=False)
            return
        self._settings["verify"] = certificates or True

    def _lost_by(self, failure: Exception) -> Lost:
        fault = local_fault(failure, self._way, has_worked=self._has_worked)
        if fault is None and any(isinstance(reason, _BAD_PROXY_ADDRESS) for reason in reasons_of(failure)):
            fault = InvalidConfigError(
                Code.PROXY_UNREACHABLE,
                "What HTTPS_PROXY or ALL_PROXY holds is not the address of a proxy that can be used here. Correct it, "
                "as in proxy.example.com:3128.",
            )
        return lost_by(failure, self._way.proxy) if fault is None else Lost(fault, may_have_acted=False)

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
    watchdog = Watchdog()
    return HttpWire(base_url, pooled_session(watchdog), system.clock, watchdog)


def pooled_session(watchdog: Watchdog) -> requests.Session:
    """Creates a session whose pool keeps as many connections as there are threads, and a watchdog that knows them."""
    session = requests.Session()
    adapter = WatchedAdapter(watchdog, pool_connections=1, pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def lost_by(failure: Exception, proxy: str | None = None) -> Lost:
    """Says what a network failure means that may pass; nothing of the request stays in it.

    `proxy` is the address, without a login, of the one in between.
    """
    reasons = list(reasons_of(failure))
    never_sent = any(isinstance(reason, _NEVER_SENT) for reason in reasons)
    how = "can't be reached" if never_sent else "gave no complete answer"
    status = refused_tunnel(reasons)
    why = next((said for kind, said in _PLAIN_WORDS if isinstance(reasons[-1], kind)), type(reasons[-1]).__name__)
    why = f"HTTP {status} from the proxy" if status else why
    return Lost(_unreachable(f"{how} through the proxy {proxy}" if proxy else how, why), may_have_acted=not never_sent)


def _too_slow(message: Message) -> Lost:
    return Lost(_unreachable("gave no complete answer", f"within {message.limit_s:g} s"), may_have_acted=True)


def _unreachable(how: str, why: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        Code.PINTEREST_UNREACHABLE,
        f"Pinterest's API {how} ({why}). If this lasts, check the network, the proxy and Pinterest's status page.",
    )


def _body(response: requests.Response) -> bytes | None:
    """Reads a whole body, decoded; None if it is larger than any that is expected. It never holds more than that.

    Not by `iter_content`: urllib3's own reading of chunks knows no longest line.
    """
    parts: list[bytes] = []
    size = 0
    with response:
        while part := response.raw.read(_CHUNK, decode_content=True):
            size += len(part)
            if size > LARGEST_BODY:
                return None
            parts.append(part)
        response.raw.release_conn()
    return b"".join(parts)


def _way(base_url: str, proxies: Mapping[str, str]) -> Way:
    parts = urlsplit(base_url)
    proxy = select_proxy(base_url, dict(proxies))
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return Way(_OWNER, parts.hostname or "", port, without_login(proxy) if proxy else None)


def _with_port(base_url: str) -> str:
    """Returns the address with its port, which NO_PROXY may name even where the address does not."""
    parts = urlsplit(base_url)
    if parts.port is not None or parts.scheme not in _PORTS:
        return base_url
    return parts._replace(netloc=f"{parts.netloc}:{_PORTS[parts.scheme]}").geturl()


def _is_this_machine(base_url: str) -> bool:
    """Whether the server is on this machine; a sandbox here is never reached through a proxy."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
