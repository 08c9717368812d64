from __future__ import annotations

from contextlib import closing

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.page.server import application, bound
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


@pytest.mark.parametrize("path", ["/right/nowhere", "/right/static/nothing.css", "/right/static/../x", "/wrong/"])
def test_what_is_not_there_is_answered_as_safely_as_what_is(path: str) -> None:
    answer = PageReader(application(Nothing(), "right")).get(path)

    assert answer.status in {403, 404}
    assert {name.lower(): value for name, value in SAFE_HEADERS.items()}.items() <= answer.headers.items()
