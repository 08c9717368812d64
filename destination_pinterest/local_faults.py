"""Recognises what is wrong between this machine and a server, and can be set right only here: proxy, DNS, route.

Waiting may help where the network has worked before, so such a fault is one only until the first answer; a proxy's
refusal and a certificate always are.

Source: http.client, HTTPConnection._tunnel (the text of a refused CONNECT); urllib3 2.8.0, connection.py and
connectionpool.py; getaddrinfo(3) (all read 2026-11-27).
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError

_REFUSED_TUNNEL: Final = re.compile(r"Tunnel connection failed: ([0-9]{3})")
_LOGIN_NEEDED: Final = 407
# A refusal of a proxy with one of these, or with a 5xx, may pass.
_PASSING: Final = frozenset({408, 425, 429})
# EAI_AGAIN is not among them: the name server did not answer, so nobody knows whether there is such a host.
_NO_SUCH_HOST: Final = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})
# The last two are a firewall's.
_NO_ROUTE: Final = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM})
_LONGEST_REASON: Final = 150


class Way(msgspec.Struct, frozen=True):
    """The way to a server: its name for people, its address, and the address of the proxy in between, if any.

    `owner` is used in "the certificate of …"; `proxy` must hold no login (see `without_login`).
    """

    owner: str
    host: str
    port: int
    proxy: str | None = None


def local_fault(failure: BaseException, way: Way, *, has_worked: bool) -> InvalidConfigError | None:
    """Returns what is to be set right here; None if waiting may help. `has_worked`: answers came this way before."""
    reasons = list(reasons_of(failure))
    fault = _certificate(reasons, way)
    if fault is None and way.proxy is not None:
        fault = _proxy_refusal(reasons, way, way.proxy)
    return fault if fault is not None or has_worked else _unreachable(reasons, way)


def reasons_of(failure: BaseException) -> Iterator[BaseException]:
    """Yields the failure and those inside it, outermost first. Requests and urllib3 nest them as arguments."""
    seen: set[int] = set()
    current: BaseException | None = failure
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        inner = [current.reason] if isinstance(current, MaxRetryError) else [*current.args, current.__cause__]
        current = next((item for item in inner if isinstance(item, BaseException)), None)


def refused_tunnel(reasons: list[BaseException]) -> int | None:
    """Returns the status by which a proxy has refused to connect; None if it has not."""
    found = next((found for reason in reasons if (found := _REFUSED_TUNNEL.search(str(reason)))), None)
    return int(found[1]) if found else None


def without_login(proxy: str) -> str:
    """Returns a proxy's address without the login that it may hold."""
    address = proxy.rpartition("@")[2].partition("://")
    scheme = proxy.partition("://")[0] if "://" in proxy else "http"
    host = (address[2] or address[0]).partition("/")[0]
    return f"{scheme}://{host}"


def _certificate(reasons: list[BaseException], way: Way) -> InvalidConfigError | None:
    refused = next((reason for reason in reasons if isinstance(reason, ssl.SSLCertVerificationError)), None)
    if refused is None:
        return None
    said = getattr(refused, "verify_message", "") or "no reason given"
    return InvalidConfigError(
        Code.CERTIFICATE_UNVERIFIED,
        f"The certificate of {way.owner} can't be verified ({said[:_LONGEST_REASON].rstrip('.')}). If a proxy here "
        "signs connections anew, name its certificates in REQUESTS_CA_BUNDLE; see also that this machine's clock is "
        "right.",
    )


def _proxy_refusal(reasons: list[BaseException], way: Way, proxy: str) -> InvalidConfigError | None:
    status = refused_tunnel(reasons)
    if status == _LOGIN_NEEDED:
        return InvalidConfigError(
            Code.PROXY_LOGIN,
            f"The proxy {proxy} asks for a login before it connects to {way.host}:{way.port} (HTTP 407). Put the right "
            "one into HTTPS_PROXY.",
        )
    if status is not None and 300 <= status < 500 and status not in _PASSING:
        return InvalidConfigError(
            Code.PROXY_REFUSES,
            f"The proxy {proxy} does not connect to {way.host}:{way.port} (HTTP {status}). Allow it there, or correct "
            "HTTPS_PROXY or NO_PROXY.",
        )
    return None


def _unreachable(reasons: list[BaseException], way: Way) -> InvalidConfigError | None:
    why = _why_unreachable(reasons, way)
    if way.proxy is not None and any(isinstance(reason, ProxyError) for reason in reasons):
        why = why or _why_not_a_proxy(reasons)
        if why is None:
            return None
        return InvalidConfigError(
            Code.PROXY_UNREACHABLE,
            f"The proxy {way.proxy}, through which {way.owner} is to be reached, can't be used: {why}. Correct "
            "HTTPS_PROXY, or name the host in NO_PROXY.",
        )
    if why is None:
        return None
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        return InvalidConfigError(
            Code.HOST_UNKNOWN,
            f"{way.owner[:1].upper()}{way.owner[1:]} can't be reached: {why}. Correct the name server of the machine "
            "that the connector runs on, or name a proxy in HTTPS_PROXY.",
        )
    return InvalidConfigError(
        Code.NO_ROUTE,
        f"{way.owner[:1].upper()}{way.owner[1:]} can't be reached at {way.host}:{way.port}: {why}. Give the machine "
        "that the connector runs on a way to it, or name a proxy in HTTPS_PROXY.",
    )


def _why_unreachable(reasons: list[BaseException], way: Way) -> str | None:
    # A connection that was made and broke may have carried the request.
    is_new = any(isinstance(reason, NewConnectionError) for reason in reasons)
    for reason in reasons:
        if isinstance(reason, socket.gaierror):
            host = _host_of(way.proxy) if way.proxy else way.host
            return f"there is no host of the name {host}" if reason.errno in _NO_SUCH_HOST else None
        if isinstance(reason, OSError) and reason.errno in _NO_ROUTE and is_new:
            return None if _is_another_family(reason, way) else (reason.strerror or "no route").lower()
    return None


def _why_not_a_proxy(reasons: list[BaseException]) -> str | None:
    """What is wrong with a proxy itself; None if that may pass."""
    if any(isinstance(reason, ConnectionRefusedError) for reason in reasons):
        return "connection refused"
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return "it does not speak TLS, so its address begins with http://"
    return None


def _is_another_family(reason: OSError, way: Way) -> bool:
    """Whether the host has an address of another family, so that another failure may be the one that counts.

    Addresses are tried in turn, and the last failure is raised: without IPv6 on this machine, that IPv6 has no route.
    """
    host, port = (_host_of(way.proxy), 80) if way.proxy else (way.host, way.port)
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except OSError:
        return False
    if reason.errno == errno.ENETUNREACH:
        return any(_has_route(family, address) for family, _, _, _, address in addresses)
    return len({family for family, *_ in addresses}) > 1


def _has_route(family: int, address: Any) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect(address)  # Of a datagram socket: nothing is sent.
    except OSError:
        return False
    return True


def _host_of(proxy: str) -> str:
    try:
        return urlsplit(proxy).hostname or proxy
    except ValueError:
        return proxy
