"""Looks at the way to Pinterest: proxy, DNS, connection, certificate, and the clock by Pinterest's. Sends no token.

Source: docs.python-requests.org, "Proxies" (read 2026-11-27); RFC 9110, Date, in whole seconds.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy

from destination_pinterest.certificates import trusted_certificates
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.local_faults import without_login
from pinterest_audiences.doctor.finding import Finding

_TIMEOUT_S: Final = 10.0
_PORTS: Final = {"http": 80, "https": 443}
# Tokens are renewed five minutes before they end.
_SLOW_CLOCK_S: Final = 60.0
_WRONG_CLOCK_S: Final = 300.0
_SOON_DAYS: Final = 7


def way_findings(api_base_url: str, environment: Mapping[str, str], now: Callable[[], float]) -> Iterator[Finding]:
    """Yields what was found, in the order in which a request passes it."""
    parts = urlsplit(api_base_url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    yield Finding("Server", "ok", f"{parts.scheme}://{host}:{port}")
    proxies: dict[str, str] = {} if _is_this_machine(host) else dict(get_environ_proxies(api_base_url))
    proxy = select_proxy(api_base_url, proxies)
    yield Finding("Proxy", "ok", "none" if proxy is None else without_login(proxy))
    certificates, fault = _certificates(environment)
    yield fault or Finding(
        "Certificates", "ok", f"from {certificates}" if certificates else "as Python's requests has them"
    )
    if proxy is None:
        found = _resolved(host, port)
        yield found
        if found.state == "ok":
            yield from _connected(host, port, certificates, is_encrypted=parts.scheme == "https")
    yield from _answered(api_base_url, proxies, certificates, now)


def _certificates(environment: Mapping[str, str]) -> tuple[str | None, Finding | None]:
    try:
        return trusted_certificates(environment), None
    except InvalidConfigError as error:
        return None, Finding("Certificates", "failed", str(error))


def _resolved(host: str, port: int) -> Finding:
    try:
        found = {
            (family, address[0]) for family, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except OSError as error:
        why = error.strerror or type(error).__name__
        return Finding("DNS", "failed", f"{host} is not found ({why}). Check the network and its name servers.")
    sixes = sum(family == socket.AF_INET6 for family, _ in found)
    return Finding("DNS", "ok", f"{host} has {len(found) - sixes} IPv4 and {sixes} IPv6 addresses")


def _connected(host: str, port: int, certificates: str | None, *, is_encrypted: bool) -> Iterator[Finding]:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
            yield Finding("Connection", "ok", f"port {port} answers")
            if is_encrypted:
                yield _encrypted(connection, host, certificates)
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        yield Finding(
            "Connection", "failed", f"port {port} can't be reached ({why}). Check the network and its firewall."
        )


def _encrypted(connection: socket.socket, host: str, certificates: str | None) -> Finding:
    try:
        with _context(certificates).wrap_socket(connection, server_hostname=host) as encrypted:
            said: dict[str, Any] = dict(encrypted.getpeercert() or {})
            protocol = encrypted.version()
    except ssl.SSLCertVerificationError as error:
        return Finding(
            "TLS",
            "failed",
            f"the certificate is not trusted ({error.verify_message}). If a company's proxy reads along, name its "
            "certificate by REQUESTS_CA_BUNDLE.",
        )
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        return Finding("TLS", "failed", f"no encrypted connection ({why}). Check the proxy and api_base_url.")
    issuer = next((value for part in said.get("issuer", ()) for key, value in part if key == "organizationName"), "?")
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(said["notAfter"]), UTC)
    days = (ends - datetime.now(UTC)).days
    return Finding(
        "TLS",
        "ok" if days >= _SOON_DAYS else "warning",
        f"{protocol}; a certificate by {issuer}, good until {ends:%Y-%m-%d}",
    )


def _context(certificates: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certificates or DEFAULT_CA_BUNDLE_PATH)
    return context


def _answered(
    api_base_url: str, proxies: Mapping[str, str], certificates: str | None, now: Callable[[], float]
) -> Iterator[Finding]:
    session = requests.Session()
    session.trust_env = False  # A password from .netrc has no place here.
    try:
        with session.get(
            f"{api_base_url.rstrip('/')}/user_account",
            timeout=_TIMEOUT_S,
            allow_redirects=False,
            proxies=dict(proxies),
            verify=certificates or True,
            stream=True,
        ) as answer:
            asked_at, status, date = now(), answer.status_code, answer.headers.get("Date")
            seconds = answer.elapsed.total_seconds()
    except (requests.RequestException, OSError, ValueError) as error:
        # Its text may hold the proxy's login.
        yield Finding("HTTP", "failed", f"no answer ({type(error).__name__}). What failed above says why.")
        return
    # Without a token, this is what Pinterest itself answers.
    is_pinterest = status == requests.codes.unauthorized
    text = f"answered in {seconds * 1000:,.0f} ms"
    if not is_pinterest:
        text += f" with HTTP {status} where a request without a token is refused with 401. Check the proxy and"
        text += " api_base_url."
    yield Finding("HTTP", "ok" if is_pinterest else "warning", text)
    yield _clock(date, asked_at)


def _clock(date: str | None, now: float) -> Finding:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return Finding("Clock", "unknown", "the server does not tell the time")
    off = now - theirs
    if abs(off) < _SLOW_CLOCK_S:
        return Finding("Clock", "ok", "agrees with the server's")
    way = "ahead of" if off > 0 else "behind"
    text = f"{abs(off):,.0f} s {way} the server's. Set it right: tokens are renewed by it."
    return Finding("Clock", "failed" if abs(off) >= _WRONG_CLOCK_S else "warning", text)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
