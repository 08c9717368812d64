from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pinterest_page.protection import Gate, new_token
from unit_tests.support.page_reader import PageReader

TOKEN = "right-token"


@pytest.fixture
def browser() -> PageReader:
    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"inside {request.url.path}")

    app = Starlette(routes=[Route("/", inside), Route("/content", inside)])
    return PageReader(Gate(app, TOKEN))


def test_whoever_has_the_token_gets_in(browser: PageReader) -> None:
    assert browser.get(f"/{TOKEN}/").text == f"inside /{TOKEN}/"
    assert browser.get(f"/{TOKEN}/content").status == 200


def test_an_address_without_its_last_slash_leads_to_the_page(browser: PageReader) -> None:
    answer = browser.get(f"/{TOKEN}")

    assert (answer.status, answer.headers["location"]) == (307, f"/{TOKEN}/")


@pytest.mark.parametrize("path", ["/", "/wrong/", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/", "//", "/ünïcode/", f"/x/{TOKEN}/"])
def test_without_the_token_nothing_is_shown(browser: PageReader, path: str) -> None:
    answer = browser.get(path)

    assert (answer.status, "inside" in answer.text) == (403, False)
    assert TOKEN not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8701", "localhost:9000", "LOCALHOST", "[::1]:8701"])
def test_names_that_only_this_machine_has_are_answered(browser: PageReader, host: str) -> None:
    assert browser.get(f"/{TOKEN}/", host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example.com", "evil.example.com:8701", "127.0.0.1.example.com", "localhost.example.com", "", "[::2]"]
)
def test_a_name_that_was_made_to_lead_here_is_refused_even_with_the_token(browser: PageReader, host: str) -> None:
    answer = browser.get(f"/{TOKEN}/", host=host)

    assert (answer.status, "inside" in answer.text) == (421, False)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_page_only_shows(browser: PageReader, method: str) -> None:
    assert browser.get(f"/{TOKEN}/", method=method).status == 405


@pytest.mark.parametrize("path", ["/wrong/", f"/{TOKEN}"])
def test_refusals_and_redirects_are_as_guarded_as_the_page(browser: PageReader, path: str) -> None:
    answer = browser.get(path)

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_token_is_long_and_new_each_time() -> None:
    assert len(new_token()) >= 32
    assert new_token() != new_token()


def test_the_address_with_which_a_browser_is_started_leads_in_once() -> None:
    async def inside(request: Request) -> PlainTextResponse:
        return PlainTextResponse("inside")

    browser = PageReader(Gate(Starlette(routes=[Route("/", inside)]), TOKEN, "ticket"))
    assert browser.get("/ticket/", host="evil.example.com").status == 421
    assert browser.get("/ticket/", method="HEAD").status == 403
    answer = browser.get("/ticket/")
    assert (answer.status, answer.headers["location"]) == (307, f"/{TOKEN}/")
    assert answer.headers["cache-control"] == "no-store"
    assert browser.get("/ticket/").status == 403
