"""Waiting for the browser that Pinterest sends back; the rest is tested with real browsers' requests."""

from __future__ import annotations

import socket
from http import HTTPStatus

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sign_in.listener import RedirectListener
from unit_tests.support.raises import raises

HOST = "localhost:8085"


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
    assert listener.answer("/?code=c&state=st%C3%A4te", HOST)[0] is HTTPStatus.NOT_FOUND
    assert listener.answer("/back?code=theirs&state=theirs", HOST)[0] is HTTPStatus.BAD_REQUEST
    assert listener.answer("/back?code=theirs", HOST)[0] is HTTPStatus.BAD_REQUEST
    assert listener.answer("/back?state=st%C3%A4te", HOST)[0] is HTTPStatus.BAD_REQUEST
    assert listener.wait(0.01, Interruption()) is None
    assert listener.answer("/back?code=ours&state=st%C3%A4te", HOST)[0] is HTTPStatus.OK
    found = listener.wait(1.0, Interruption())
    assert found is not None
    assert found.code == "ours"


def test_a_stop_ends_the_wait() -> None:
    interruption = Interruption()
    interruption.request(2)
    assert RedirectListener("/", "s").wait(60.0, interruption) is None


@pytest.mark.parametrize("target", ["//[x", "http://[x", "/back//[?code=c", "", "?"])
def test_whatever_is_asked_for_is_answered(target: str) -> None:
    assert RedirectListener("/back", "s").answer(target, HOST)[0] is HTTPStatus.NOT_FOUND


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


@pytest.mark.parametrize("host", ["a.example.com", "a.example.com:8085", "localhost.example.com", "", "[::2]:8085"])
def test_a_name_that_was_made_to_lead_here_is_refused_even_with_the_state(host: str) -> None:
    listener = RedirectListener("/back", "s")
    assert listener.answer("/back?code=c&state=s", host)[0] is HTTPStatus.MISDIRECTED_REQUEST
    assert listener.wait(0.01, Interruption()) is None


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8085", "127.0.0.1:8085", "[::1]:8085", "[::1]"])
def test_every_name_of_this_machine_is_answered(host: str) -> None:
    assert RedirectListener("/back", "s").answer("/back?code=c&state=s", host)[0] is HTTPStatus.OK
