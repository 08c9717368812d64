"""Waiting for the browser that Pinterest sends back; the rest is tested with real browsers' requests."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sign_in.listener import RedirectListener
from unit_tests.support.raises import raises


def test_a_port_that_is_taken_is_told_before_a_browser_opens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            raises(Code.LOGIN_PORT_UNUSABLE, match="--port"),
            RedirectListener.listening(f"http://localhost:{port}/", port, "s"),
        ):
            pytest.fail("it listens")


def test_only_an_answer_with_the_state_is_taken() -> None:
    listener = RedirectListener("/back", "st\u00e4te")
    assert listener.answer("/?code=c&state=st%C3%A4te")[0] is HTTPStatus.NOT_FOUND
    assert listener.answer("/back?code=theirs&state=theirs")[0] is HTTPStatus.BAD_REQUEST
    assert listener.answer("/back?code=theirs")[0] is HTTPStatus.BAD_REQUEST
    assert listener.answer("/back?state=st%C3%A4te")[0] is HTTPStatus.BAD_REQUEST
    assert listener.wait(0.01, Interruption()) is None
    assert listener.answer("/back?code=ours&state=st%C3%A4te")[0] is HTTPStatus.OK
    found = listener.wait(1.0, Interruption())
    assert found is not None
    assert found.code == "ours"


def test_a_stop_ends_the_wait() -> None:
    interruption = Interruption()
    interruption.request(2)
    assert RedirectListener("/", "s").wait(60.0, interruption) is None


@pytest.mark.parametrize("target", ["//[x", "http://[x", "/back//[?code=c", "", "?"])
def test_whatever_is_asked_for_is_answered(target: str) -> None:
    assert RedirectListener("/back", "s").answer(target)[0] is HTTPStatus.NOT_FOUND


def test_a_port_that_another_program_has_in_version_6_alone_is_taken_too() -> None:
    try:
        taken = socket.socket(socket.AF_INET6)
        taken.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IP version 6")
    with taken:
        taken.listen()
        port = taken.getsockname()[1]
        with (
            raises(Code.LOGIN_PORT_UNUSABLE, match="--port"),
            RedirectListener.listening(f"http://localhost:{port}/", port, "s"),
        ):
            pytest.fail("it listens")


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = int(free.getsockname()[1])
    with RedirectListener.listening(f"http://localhost:{number}/back", number, "s"):
        yield number


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_browser_may_do_nothing_with_the_page_but_show_it(port: int, method: str) -> None:
    browser = http.client.HTTPConnection("localhost", port, timeout=5)
    browser.request(method, "/back?code=c&state=s")
    headers = browser.getresponse().headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert headers["Cache-Control"] == "no-store"
    assert "Python" not in headers["Server"]
    browser.close()


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:8085", "localhost.example.com", "", "a@localhost"]
)
def test_a_name_that_was_made_to_lead_here_is_refused_even_with_the_state(host: str) -> None:
    listener = RedirectListener("/back", "s")
    assert listener.answer("/back?code=c&state=s", host)[0] is HTTPStatus.MISDIRECTED_REQUEST
    assert listener.wait(0.01, Interruption()) is None


@pytest.mark.parametrize("host", ["localhost:8085", "LOCALHOST", "127.0.0.1:8085", "[::1]:8085", "signin.example.com"])
def test_this_machine_and_the_registered_host_are_answered(host: str) -> None:
    listener = RedirectListener("/back", "s", "signin.example.com")
    assert listener.answer("/back?code=c&state=s", host)[0] is HTTPStatus.OK


def test_connections_that_say_nothing_do_not_keep_the_browser_out(port: int) -> None:
    before = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
    try:
        browser = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        browser.request("GET", "/back?code=c&state=s")
        assert browser.getresponse().status == 200
        browser.close()
        # A thread and a timer for each.
        assert threading.active_count() - before <= 2 * 20
    finally:
        for each in silent:
            each.close()


def test_a_client_that_sends_a_letter_now_and_then_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinterest_audiences.sign_in.listener._PATIENCE_S", 0.2)
    with socket.create_connection(("127.0.0.1", port), timeout=0.05) as slow:
        for _ in range(100):
            try:
                slow.sendall(b"x")
                if slow.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except OSError:
                return
    pytest.fail("it is still waited for")
