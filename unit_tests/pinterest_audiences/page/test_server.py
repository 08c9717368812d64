from __future__ import annotations

import threading
from contextlib import closing, suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.page.server import PageServer, application, bound
from pinterest_page.protection import SAFE_HEADERS
from pinterest_page.view import Content
from unit_tests.support.page_reader import PageReader


class Nothing:
    """A source without anything."""

    async def content(self) -> Content:
        return Content(title="", note="", accounts=[], audiences=[], empty="")

    async def running(self) -> None:
        return None


def test_the_page_listens_on_this_machine_alone() -> None:
    with closing(bound(0)) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_said_with_a_way_out() -> None:
    with closing(bound(0)) as taken:
        taken.listen()
        with pytest.raises(UsageError, match="--port") as caught:
            bound(taken.getsockname()[1])

    assert caught.value.code == Code.PAGE_PORT_TAKEN


class Broken(Nothing):
    """A source whose fault quotes a person."""

    async def content(self) -> Content:
        raise RuntimeError("about ada@example.com")


def test_a_fault_of_the_page_is_logged_without_its_text(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = PageReader(application(Broken(), "right")).get("/right/")

    said = capsys.readouterr().err
    assert (answer.status, answer.text) == (500, "Internal Server Error\n")
    assert "RuntimeError in " in said
    assert "test_server.py, line " in said
    assert "ada@" not in said + caplog.text


def test_a_server_logs_nothing_of_a_fault_that_quotes_a_person(capfd: pytest.CaptureFixture[str]) -> None:
    with closing(bound(0)) as listener:
        port = listener.getsockname()[1]
        server: PageServer

        def ask() -> None:
            threading.Thread(target=fetch).start()

        def fetch() -> None:
            with suppress(HTTPError), urlopen(f"http://127.0.0.1:{port}/right/", timeout=10) as answer:
                answer.read()
            server.should_exit = True

        server = PageServer(application(Broken(), "right"), ask)
        server.run([listener])

    said = "".join(capfd.readouterr())
    assert "RuntimeError in " in said
    assert "ada@" not in said


@pytest.mark.parametrize("path", ["/right/nowhere", "/right/static/nothing.css", "/right/static/../x", "/wrong/"])
def test_what_is_not_there_is_answered_as_safely_as_what_is(path: str) -> None:
    answer = PageReader(application(Nothing(), "right")).get(path)

    assert answer.status in {403, 404}
    assert {name.lower(): value for name, value in SAFE_HEADERS.items()}.items() <= answer.headers.items()
