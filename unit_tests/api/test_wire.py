from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from destination_pinterest.api.watchdog import Watchdog
from destination_pinterest.api.wire import (
    CONNECT_TIMEOUT_S,
    CONNECTIONS,
    LARGEST_BODY,
    READ_TIMEOUT_S,
    HttpWire,
    Lost,
    Message,
    Reply,
    open_http_wire,
    pooled_session,
)
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectionFailedError
from unit_tests.support.clock import Clock
from unit_tests.support.scripted_adapter import ScriptedAdapter, answer, fails

BASE_URL = "https://pinterest.example.com/v5"
MESSAGE = Message("PATCH", "/x?page_size=250", {"Authorization": "Bearer pina_1", "Accept": "application/json"}, b"{}")


def cause(error: Exception, origin: Exception) -> Exception:
    error.__cause__ = origin
    return error


def test_a_message_goes_out_as_it_is(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(answer())
    wire.exchange(MESSAGE)
    (sent,) = far_end.requests
    assert (sent.method, sent.url, sent.body) == ("PATCH", f"{BASE_URL}/x?page_size=250", b"{}")
    assert dict(sent.headers) == {
        "Authorization": "Bearer pina_1",
        "Accept": "application/json",
        "Content-Length": "2",
    }


def test_a_message_without_a_body_has_no_length(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(answer())
    wire.exchange(Message("GET", "/x", {}))
    assert far_end.requests[0].body is None
    assert "Content-Length" not in far_end.requests[0].headers


@pytest.mark.parametrize("status", [200, 201, 400, 503])
def test_an_answer_of_any_status_comes_back(
    wire: HttpWire, far_end: ScriptedAdapter, clock: Clock, status: int
) -> None:
    def slow(request: requests.PreparedRequest) -> requests.Response:
        clock.pass_by(0.25)
        return answer(status, b'{"a":1}', {"X-Pinterest-RID": "7"})(request)

    far_end.will(slow)
    reply = wire.exchange(MESSAGE)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.body, reply.headers["x-pinterest-rid"]) == (status, b'{"a":1}', "7")
    assert reply.elapsed_s == pytest.approx(0.25)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(wire: HttpWire, far_end: ScriptedAdapter, status: int) -> None:
    far_end.will(answer(status, b"", {"Location": "https://elsewhere.example.com/v5/x"}))
    reply = wire.exchange(MESSAGE)
    assert isinstance(reply, Reply)
    assert reply.status == status
    assert len(far_end.requests) == 1


def test_every_request_has_both_timeouts(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(answer())
    wire.exchange(MESSAGE)
    assert far_end.options[0].timeout == (CONNECT_TIMEOUT_S, READ_TIMEOUT_S) == (10.0, 60.0)


def test_netrc_does_not_replace_the_token(
    *,
    session: requests.Session,
    far_end: ScriptedAdapter,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine pinterest.example.com login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    far_end.will(answer())
    # The trap is there: requests' own way of sending falls into it.
    session.get(f"{BASE_URL}/x", headers={"Authorization": "Bearer pina_1"})
    assert far_end.requests[0].headers["Authorization"].startswith("Basic ")
    HttpWire(BASE_URL, session, clock.clock, Watchdog()).exchange(MESSAGE)
    assert far_end.requests[1].headers["Authorization"] == "Bearer pina_1"


def test_cookies_are_neither_kept_nor_sent(session: requests.Session, wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, b"{}", {"Set-Cookie": "session=1; Path=/"}))
    wire.exchange(MESSAGE)
    wire.exchange(MESSAGE)
    assert "Cookie" not in far_end.requests[1].headers
    assert len(session.cookies) == 0


def test_proxies_and_certificates_come_from_the_environment(
    session: requests.Session, far_end: ScriptedAdapter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    far_end.will(answer())
    HttpWire(BASE_URL, session, clock.clock, Watchdog()).exchange(MESSAGE)
    assert (far_end.options[0].proxies or {})["https"] == "http://proxy.example.com:3128"
    assert far_end.options[0].verify == certifi.where()


def test_certificates_that_are_not_there_are_named_at_once(
    session: requests.Session, far_end: ScriptedAdapter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ours.pem")
    lost = HttpWire(BASE_URL, session, clock.clock, Watchdog()).exchange(MESSAGE)
    assert isinstance(lost, Lost)
    assert lost.error.code is Code.CERTIFICATES_UNUSABLE
    assert (lost.may_have_acted, far_end.requests) == (False, [])


def test_certificates_do_not_matter_where_nothing_is_encrypted(
    session: requests.Session, far_end: ScriptedAdapter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ours.pem")
    session.mount("http://", far_end)
    far_end.will(answer())
    assert isinstance(HttpWire("http://127.0.0.1:8700/v5", session, clock.clock, Watchdog()).exchange(MESSAGE), Reply)


def test_a_host_that_was_there_before_may_come_back(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    gone = NameResolutionError("pinterest.example.com", POOL, socket.gaierror(socket.EAI_NONAME, "x"))
    gone.__cause__ = socket.gaierror(socket.EAI_NONAME, "x")
    fails_so = fails(lambda request: requests.ConnectionError(MaxRetryError(POOL, "/x", gone), request=request))
    far_end.will(fails_so, answer(), fails_so)
    first, _, last = (wire.exchange(MESSAGE) for _ in range(3))
    assert isinstance(first, Lost)
    assert first.error.code is Code.HOST_UNKNOWN
    assert isinstance(last, Lost)
    assert last.error.code is Code.PINTEREST_UNREACHABLE


def test_a_body_that_is_too_large_is_not_held(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(
        answer(200, b" " * LARGEST_BODY), answer(200, b" " * (LARGEST_BODY + 1)), answer(500, b" " * 9_000_000)
    )
    largest, larger, refusal = (wire.exchange(MESSAGE) for _ in range(3))
    assert isinstance(largest, Reply)
    assert isinstance(larger, Lost)
    assert larger.error.code is Code.ANSWER_TOO_LARGE
    assert isinstance(refusal, Reply)
    assert (refusal.status, refusal.body) == (500, b"")


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost:8700", "[::1]:8700"])
def test_a_sandbox_on_this_machine_is_not_asked_through_a_proxy(
    *, host: str, session: requests.Session, far_end: ScriptedAdapter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    session.mount("http://", far_end)
    far_end.will(answer())
    HttpWire(f"http://{host}/v5", session, clock.clock, Watchdog()).exchange(MESSAGE)
    assert far_end.options[0].proxies == {}


POOL = urllib3.HTTPSConnectionPool("pinterest.example.com")
NEVER_SENT = {
    "connection refused": NewConnectionError(POOL, "x"),
    "host's name is not found": NameResolutionError("pinterest.example.com", POOL, socket.gaierror(-3, "x")),
    "timed out": ConnectTimeoutError(POOL, "x"),
}
NEVER_SENT["connection refused"].__cause__ = ConnectionRefusedError(111, "refused")
NEVER_SENT["host's name is not found"].__cause__ = socket.gaierror(-3, "x")


@pytest.mark.parametrize(("said", "reason"), NEVER_SENT.items(), ids=list(NEVER_SENT))
def test_a_connection_that_was_never_made_can_not_have_acted(
    wire: HttpWire, far_end: ScriptedAdapter, said: str, reason: Exception
) -> None:
    kind = requests.ConnectTimeout if said == "timed out" else requests.ConnectionError
    far_end.will(fails(lambda request: kind(MaxRetryError(POOL, "/x", reason), request=request)))
    lost = wire.exchange(MESSAGE)
    assert isinstance(lost, Lost)
    assert isinstance(lost.error, ConnectionFailedError)
    assert not lost.may_have_acted
    assert "can't be reached" in str(lost.error)
    assert said in str(lost.error)


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("timed out", lambda r: requests.ReadTimeout(ReadTimeoutError(POOL, "/x", "Read timed out."), request=r)),
        (
            "connection closed",
            lambda r: requests.ConnectionError(
                ProtocolError("aborted", http.client.RemoteDisconnected("closed")), request=r
            ),
        ),
        (
            "connection closed",
            lambda r: requests.ConnectionError(ProtocolError("x", ConnectionResetError()), request=r),
        ),
        (
            "answer cut off",
            lambda r: requests.exceptions.ChunkedEncodingError(ProtocolError("x", IncompleteRead(3, 100))),
        ),
        (
            "SSLError",
            lambda r: requests.exceptions.SSLError(MaxRetryError(POOL, "/x", urllib3.exceptions.SSLError("x"))),
        ),
        ("ProxyError", lambda r: requests.exceptions.ProxyError("x")),
        ("OSError", lambda r: OSError("x")),
    ],
)
def test_a_connection_that_broke_later_may_have_acted(
    wire: HttpWire, far_end: ScriptedAdapter, said: str, failure: Callable[[requests.PreparedRequest], Exception]
) -> None:
    far_end.will(fails(failure))
    lost = wire.exchange(MESSAGE)
    assert isinstance(lost, Lost)
    assert isinstance(lost.error, ConnectionFailedError)
    assert lost.may_have_acted
    assert f"gave no complete answer ({said})" in str(lost.error)


def test_an_answer_that_breaks_off_while_it_is_read_is_lost(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    class Broken:
        def read(self, *_: object) -> bytes:
            raise ProtocolError("broken", IncompleteRead(3, 100))

        def isclosed(self) -> bool:
            return False

        def close(self) -> None:
            pass

    def broken(request: requests.PreparedRequest) -> requests.Response:
        response = urllib3.HTTPResponse(body=Broken(), status=200, preload_content=False)
        return HTTPAdapter().build_response(request, response)

    far_end.will(broken)
    lost = wire.exchange(MESSAGE)
    assert isinstance(lost, Lost)
    assert lost.may_have_acted


def test_a_certificate_that_can_not_be_verified_is_for_somebody_to_set_right(
    wire: HttpWire, far_end: ScriptedAdapter
) -> None:
    refused = urllib3.exceptions.SSLError(ssl.SSLCertVerificationError(1, "self-signed certificate"))
    far_end.will(
        fails(lambda request: requests.exceptions.SSLError(MaxRetryError(POOL, "/x", refused), request=request))
    )
    lost = wire.exchange(MESSAGE)
    assert isinstance(lost, Lost)
    assert lost.error.code is Code.CERTIFICATE_UNVERIFIED
    assert "REQUESTS_CA_BUNDLE" in str(lost.error)
    assert not lost.may_have_acted


def test_what_is_not_the_networks_fault_is_not_called_so(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    far_end.will(fails(lambda request: ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        wire.exchange(MESSAGE)


def test_failures_that_hold_each_other_in_a_ring_are_read_once(wire: HttpWire, far_end: ScriptedAdapter) -> None:
    first, second = OSError(), OSError()
    first.__cause__, second.__cause__ = second, first
    far_end.will(fails(lambda request: first))
    assert isinstance(wire.exchange(MESSAGE), Lost)


def test_messages_and_replies_do_not_show_themselves() -> None:
    assert "pina_1" not in repr(MESSAGE)
    assert "jane" not in repr(Reply(400, {}, b"jane@example.com", 0.1))


def test_the_session_keeps_a_connection_for_every_thread_and_never_retries_by_itself() -> None:
    with pooled_session(Watchdog()) as session:
        adapter = session.get_adapter(BASE_URL)
        assert isinstance(adapter, HTTPAdapter)
        assert adapter is session.get_adapter("http://127.0.0.1:8700/v5")
        assert adapter._pool_maxsize == CONNECTIONS
        assert adapter.max_retries.total == 0


def test_the_real_wire_speaks_http(clock: Clock) -> None:
    assert isinstance(open_http_wire(BASE_URL, clock.system), HttpWire)
