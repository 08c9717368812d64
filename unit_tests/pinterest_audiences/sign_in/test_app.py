"""Where consent is asked for, and where Pinterest answers to."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from destination_pinterest import specification
from destination_pinterest.error_codes import Code
from pinterest_audiences.sign_in.app import SCOPES, App, Redirected, consent_page, port_here, redirect_uri_of
from unit_tests.support.raises import raises


def test_the_scopes_are_those_that_airbyte_asks_for() -> None:
    assert SCOPES == specification.SCOPES


@pytest.mark.parametrize(
    ("server", "page"),
    [
        ("https://api.pinterest.com/v5", "https://www.pinterest.com/oauth/"),
        ("https://api-sandbox.pinterest.com/v5", "https://www.pinterest.com/oauth/"),
        ("http://127.0.0.1:8700/v5", "http://127.0.0.1:8700/oauth/"),
        ("https://api.pinterest.com.example.com/v5", "https://api.pinterest.com.example.com/oauth/"),
    ],
)
def test_consent_is_asked_for_by_who_gives_the_tokens(server: str, page: str) -> None:
    assert consent_page(server) == page


def test_the_address_has_all_that_pinterest_asks_for_and_no_secret() -> None:
    app = App("1234567", "canary", "https://api.pinterest.com/v5", "http://localhost:8085/")
    asked = parse_qs(urlsplit(app.consent_address("s&t=")).query)
    assert asked == {
        "client_id": ["1234567"],
        "redirect_uri": ["http://localhost:8085/"],
        "response_type": ["code"],
        "scope": ["ads:read,ads:write,user_accounts:read"],
        "state": ["s&t="],
    }
    assert "canary" not in app.consent_address("s") + repr(app)


def test_only_a_plain_address_of_this_machine_is_listened_for() -> None:
    assert port_here(redirect_uri_of(8085)) == 8085
    assert port_here("http://127.0.0.1/callback") == 80
    assert port_here("http://[::1]:99/") == 99
    assert port_here("https://localhost:8085/") is None
    assert port_here("https://example.com/callback") is None


@pytest.mark.parametrize(
    "uri", ["localhost:8085", "ftp://example.com/", "http://", "http://localhost:x/", "http://a/#b"]
)
def test_what_is_no_address_of_a_page_is_refused(uri: str) -> None:
    with raises(Code.USAGE_WRONG):
        port_here(uri)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_there_is_not_is_refused(port: int) -> None:
    with raises(Code.USAGE_WRONG):
        redirect_uri_of(port)


def test_what_pinterest_sends_back_is_read_from_a_whole_address_and_from_a_path() -> None:
    for address in (" http://localhost:8085/?code=c&state=s%26t\n", "/?state=s%26t&code=c"):
        found = Redirected.of(address)
        assert (found.code, found.state, found.error) == ("c", "s&t", None)
    assert Redirected.of("/?error=access_denied").error == "access_denied"
    assert "c0de" not in repr(Redirected.of("/?code=c0de"))


@pytest.mark.parametrize("pasted", ["http://[x", "", "nothing", "http://localhost:8085/#code=c"])
def test_what_is_no_answer_has_none(pasted: str) -> None:
    assert Redirected.of(pasted) == Redirected(None, None, None)
