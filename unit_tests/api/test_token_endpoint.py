from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
import requests

from destination_pinterest.api import endpoints
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.token_endpoint import TokenEndpoint
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from unit_tests.api.factories import MakeTransport
from unit_tests.support.raises import raises
from unit_tests.support.scripted_adapter import ScriptedAdapter, answer, fails
from unit_tests.support.watcher import Watcher

BASE_URL = "https://pinterest.example.com/v5"
TOKENS = {"access_token": "pina_1", "token_type": "bearer", "expires_in": 2592000, "scope": "ads:read"}
ASKED = ("1234567", "app-s3cret", "pinr_0+/=")


MakeEndpoint = Callable[..., TokenEndpoint]


@pytest.fixture
def make(make_transport: MakeTransport) -> MakeEndpoint:
    return lambda **policy: TokenEndpoint(make_transport(RetryPolicy(**policy)))


def lost(request: requests.PreparedRequest) -> Exception:
    return requests.ReadTimeout("x", request=request)


def test_a_refresh_is_a_form_with_the_app_in_the_header(
    make: MakeEndpoint, far_end: ScriptedAdapter, watcher: Watcher
) -> None:
    far_end.will(answer(200, {**TOKENS, "refresh_token": "pinr_1", "refresh_token_expires_at": 5}))
    found = make()(*ASKED)
    assert (found.access_token, found.refresh_token, found.expires_in, found.refresh_token_expires_at) == (
        "pina_1",
        "pinr_1",
        2592000,
        5,
    )
    (sent,) = far_end.requests
    assert (sent.method, sent.url) == ("POST", f"{BASE_URL}/oauth/token")
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert base64.b64decode(sent.headers["Authorization"].removeprefix("Basic ")) == b"1234567:app-s3cret"
    assert parse_qs(sent.body.decode()) == {"grant_type": ["refresh_token"], "refresh_token": ["pinr_0+/="]}
    assert [exchange.endpoint for exchange in watcher.exchanges] == [endpoints.TOKEN]


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("code", [1, 2, 3, 29, 283])
def test_a_refused_refresh_means_signing_in_again(
    make: MakeEndpoint, far_end: ScriptedAdapter, status: int, code: int
) -> None:
    far_end.will(answer(status, {"code": code, "message": "bad pinr_0+/= for app-s3cret"}, {"x-pinterest-rid": "4711"}))
    with raises(Code.SIGN_IN_NOT_RENEWED, match=r"Sign in again in the destination.*4711") as caught:
        make()(*ASKED)
    assert len(far_end.requests) == 1
    assert "pinr_0" not in str(caught.value)
    assert "app-s3cret" not in str(caught.value)
    assert "lost" not in str(caught.value)


def test_a_refusal_after_a_lost_answer_says_that_the_token_may_have_been_replaced(
    make: MakeEndpoint, far_end: ScriptedAdapter
) -> None:
    far_end.will(fails(lost), answer(401, {"code": 2, "message": "x"}))
    with raises(Code.SIGN_IN_NOT_RENEWED, match="an answer to a refresh was lost"):
        make()(*ASKED)


def test_a_lost_answer_is_remembered_until_a_refresh_succeeds(make: MakeEndpoint, far_end: ScriptedAdapter) -> None:
    endpoint = make(retry_s=0)
    far_end.will(fails(lost))
    with raises(Code.PINTEREST_UNREACHABLE):
        endpoint(*ASKED)
    far_end.will(answer(400))
    with raises(Code.SIGN_IN_NOT_RENEWED, match="was lost"):
        endpoint(*ASKED)
    far_end.will(answer(200, TOKENS))
    endpoint(*ASKED)
    far_end.will(answer(400))
    with raises(Code.SIGN_IN_NOT_RENEWED) as caught:
        endpoint(*ASKED)
    assert "was lost" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_tried_again(make: MakeEndpoint, far_end: ScriptedAdapter, status: int) -> None:
    far_end.will(answer(status), answer(status), answer(200, TOKENS))
    assert make()(*ASKED).access_token == "pina_1"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, None, NotFoundError),
        (500, None, ServerError),
        (429, None, RateLimitedError),
        (200, {"access_token": None}, UnexpectedAnswerError),
    ],
)
def test_what_does_not_speak_of_the_sign_in_keeps_its_kind(
    *, make: MakeEndpoint, far_end: ScriptedAdapter, status: int, body: object, kind: type[Exception]
) -> None:
    far_end.will(answer(status, body))
    with pytest.raises(kind):
        make(retry_s=0)(*ASKED)


def test_what_is_not_needed_yet_is_asked_for_once_and_not_for_long(
    make: MakeEndpoint, far_end: ScriptedAdapter, watcher: Watcher
) -> None:
    far_end.will(answer(503))
    with raises(Code.PINTEREST_FAULT):
        make()(*ASKED, patient=False)
    assert len(far_end.requests) == 1


@pytest.mark.parametrize("field", ["expires_in", "refresh_token_expires_in", "refresh_token_expires_at", "scope"])
@pytest.mark.parametrize("value", ["soon", [1], {}, True, None], ids=str)
def test_a_time_that_is_none_is_not_given(
    *, make: MakeEndpoint, far_end: ScriptedAdapter, field: str, value: object
) -> None:
    far_end.will(answer(200, {**TOKENS, field: value}))
    found = make()(*ASKED)
    assert found.access_token == "pina_1"
    if field != "scope":
        assert getattr(found, field) is None or isinstance(getattr(found, field), float)


def test_depth_is_no_crash_here_either(make: MakeEndpoint, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, b"[" * 100_000))
    with raises(Code.ANSWER_UNEXPECTED):
        make(retry_s=0)(*ASKED)
    far_end.will(answer(400, b"[" * 100_000))
    with raises(Code.SIGN_IN_NOT_RENEWED):
        make(retry_s=0)(*ASKED)


def test_a_code_is_exchanged_with_the_redirect_uri_that_it_was_sent_to(
    make: MakeEndpoint, far_end: ScriptedAdapter
) -> None:
    far_end.will(answer(200, {**TOKENS, "refresh_token": "pinr_1"}))
    assert make().redeem("1234567", "app-s3cret", "c0de", "http://localhost:8085/").refresh_token == "pinr_1"
    (sent,) = far_end.requests
    assert parse_qs(sent.body.decode()) == {
        "grant_type": ["authorization_code"],
        "code": ["c0de"],
        "redirect_uri": ["http://localhost:8085/"],
        "continuous_refresh": ["true"],
    }


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_code_that_is_refused_is_not_sent_again(make: MakeEndpoint, far_end: ScriptedAdapter, status: int) -> None:
    far_end.will(answer(status, {"code": 2, "message": "Authentication failed. c0de app-s3cret"}))
    with raises(Code.CODE_REFUSED) as caught:
        make(retry_s=60.0).redeem("1234567", "app-s3cret", "c0de", "http://localhost:8085/")
    assert len(far_end.requests) == 1
    assert "c0de" not in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_code_whose_answer_was_lost_is_not_sent_again(make: MakeEndpoint, far_end: ScriptedAdapter) -> None:
    far_end.will(fails(lost))
    with raises(Code.PINTEREST_UNREACHABLE):
        make(retry_s=60.0).redeem("1234567", "app-s3cret", "c0de", "http://localhost:8085/")
    assert len(far_end.requests) == 1
