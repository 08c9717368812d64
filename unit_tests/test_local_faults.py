from __future__ import annotations

import errno
import socket
import ssl

import pytest
import urllib3
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError, ProxyError

from destination_pinterest.error_codes import Code
from destination_pinterest.local_faults import Way, local_fault, reasons_of, without_login

POOL = urllib3.HTTPSConnectionPool("pinterest.example.com")
DIRECT = Way("Pinterest's API", "127.0.0.1", 443)
PROXIED = Way("Pinterest's API", "pinterest.example.com", 443, "http://127.0.0.1:3128")


def not_connected(origin: Exception) -> Exception:
    kind = NameResolutionError("x", POOL, origin) if isinstance(origin, socket.gaierror) else None
    failure: Exception = kind or NewConnectionError(POOL, "x")
    failure.__cause__ = origin
    return MaxRetryError(POOL, "/x", failure)


def through_proxy(origin: Exception) -> Exception:
    inner = not_connected(origin)
    assert isinstance(inner, MaxRetryError)
    assert inner.reason is not None
    return MaxRetryError(POOL, "/x", ProxyError("Unable to connect to proxy", inner.reason))


def no_tunnel(status: str) -> Exception:
    return MaxRetryError(POOL, "/x", ProxyError("x", OSError(f"Tunnel connection failed: {status}")))


def code_of(failure: Exception, way: Way = DIRECT, *, has_worked: bool = False) -> Code | None:
    fault = local_fault(failure, way, has_worked=has_worked)
    return fault and fault.code


NO_ROUTE = OSError(errno.EHOSTUNREACH, "No route to host")
NO_NETWORK = OSError(errno.ENETUNREACH, "Network is unreachable")
NO_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def test_what_is_wrong_here_is_named_until_the_way_has_worked() -> None:
    assert code_of(not_connected(NO_NAME)) is Code.HOST_UNKNOWN
    assert code_of(not_connected(NO_ROUTE)) is Code.NO_ROUTE
    assert code_of(through_proxy(NO_NAME), PROXIED) is Code.PROXY_UNREACHABLE
    assert code_of(through_proxy(NO_ROUTE), PROXIED) is Code.PROXY_UNREACHABLE
    assert code_of(through_proxy(ConnectionRefusedError(111, "refused")), PROXIED) is Code.PROXY_UNREACHABLE
    for failure in (NO_NAME, NO_ROUTE, ConnectionRefusedError(111, "refused")):
        assert code_of(not_connected(failure), has_worked=True) is None
        assert code_of(through_proxy(failure), PROXIED, has_worked=True) is None


@pytest.mark.parametrize("has_worked", [False, True])
def test_what_a_proxy_refuses_is_named_whenever_it_happens(*, has_worked: bool) -> None:
    assert code_of(no_tunnel("407 Login"), PROXIED, has_worked=has_worked) is Code.PROXY_LOGIN
    assert code_of(no_tunnel("403 No"), PROXIED, has_worked=has_worked) is Code.PROXY_REFUSES
    refused = ssl.SSLCertVerificationError(1, "x")
    assert code_of(refused, has_worked=has_worked) is Code.CERTIFICATE_UNVERIFIED


@pytest.mark.parametrize(
    "failure",
    [
        not_connected(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")),
        not_connected(ConnectionRefusedError(111, "refused")),
        not_connected(TimeoutError()),
        ProtocolError("aborted", NO_ROUTE),
        OSError("x"),
    ],
    ids=["name server silent", "refused", "timed out", "route lost in the middle", "anything else"],
)
def test_where_waiting_may_help_nothing_is_to_be_set_right(failure: Exception) -> None:
    assert code_of(failure) is None


@pytest.mark.parametrize("status", ["408 x", "429 x", "500 x", "502 x", "503 x", "504 x"])
def test_a_refusal_of_the_proxy_that_may_pass_is_none(status: str) -> None:
    assert code_of(no_tunnel(status), PROXIED) is None
    assert code_of(through_proxy(TimeoutError()), PROXIED) is None


def test_a_family_of_addresses_without_a_route_counts_only_if_there_is_no_other() -> None:
    # The machine has a way to itself, so an IPv6 address of the same host that it can't reach says little.
    assert code_of(not_connected(NO_NETWORK), DIRECT) is None
    nowhere = Way("Pinterest's API", "host.invalid", 443)
    assert code_of(not_connected(NO_NETWORK), nowhere) is Code.NO_ROUTE


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM])
def test_a_network_that_does_not_let_anything_through_is_named(number: int) -> None:
    assert code_of(not_connected(OSError(number, "x"))) is Code.NO_ROUTE


def test_a_host_with_addresses_of_two_families_may_have_failed_by_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, 2, 17, "", ("127.0.0.1", 443)), (socket.AF_INET6, 2, 17, "", ("::1", 443, 0, 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert code_of(not_connected(NO_ROUTE)) is None


def test_an_error_names_the_proxy_and_whom_it_was_to_reach() -> None:
    fault = local_fault(no_tunnel("403 Forbidden"), PROXIED, has_worked=False)
    assert "http://127.0.0.1:3128" in str(fault)
    assert "pinterest.example.com:443 (HTTP 403)" in str(fault)
    fault = local_fault(not_connected(NO_NAME), Way('the bucket "b"', "s3.example.com", 443), has_worked=False)
    assert 'The bucket "b" can\'t be reached: there is no host of the name s3.example.com' in str(fault)


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://somebody:s3cret@proxy.example.com:3128/", "http://proxy.example.com:3128"),
        ("https://some@body:s3@cret@proxy.example.com", "https://proxy.example.com"),
        ("somebody:s3cret@proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_shown_without_its_login(proxy: str, shown: str) -> None:
    assert without_login(proxy) == shown


def test_failures_that_hold_each_other_in_a_ring_are_read_once() -> None:
    first, second = OSError(), OSError()
    first.__cause__, second.__cause__ = second, first
    assert list(reasons_of(first)) == [first, second]
