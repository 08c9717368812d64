from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api import endpoints
from destination_pinterest.api.answers import MEANINGS, concerns_token, refusal
from destination_pinterest.api.endpoints import ENDPOINTS, Endpoint
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectorError,
    InvalidRequestError,
    RateLimitedError,
    RequestTooLargeError,
    ServerError,
    SpamFilterError,
    TransientError,
)

NOW = 1_800_000_000.0
REFUSALS = [status for status in range(100, 600) if not 200 <= status < 300]
# Pinterest's own words, OpenAPI 5.23.0.
GENERAL_429 = (
    "This request exceeded a rate limit. This can happen if the client exceeds one\nof the published rate limits or if "
    "multiple write operations are applied to\nan object within a short time window."
)
PLAIN_429 = (
    "This request exceeded a rate limit. This can happen if the client exceeds one\nof the published rate limits "
    "within a short time window."
)


def refuse(
    status: int,
    code: object = 1,
    message: object = "",
    endpoint: Endpoint = endpoints.UPDATE_CUSTOMER_LIST,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> ConnectorError:
    body = json.dumps({"code": code, "message": message}).encode()
    return refusal(endpoint, status, CaseInsensitiveDict(headers or {}), body, NOW, **more)


def expected(status: int) -> Code:
    """What a status means when code and text tell nothing more."""
    special: dict[int, Code] = {
        401: Code.ACCESS_TOKEN_REFUSED,
        403: Code.ROLE_MISSING,
        404: Code.NOT_FOUND,
        405: Code.WRONG_ADDRESS,
        407: Code.PROXY_LOGIN,
        408: Code.PINTEREST_UNREACHABLE,
        409: Code.CHANGED_MEANWHILE,
        413: Code.REQUEST_TOO_LARGE,
        421: Code.PINTEREST_UNREACHABLE,
        423: Code.OBJECT_BUSY,
        425: Code.PINTEREST_UNREACHABLE,
        429: Code.QUOTA_USED_UP,
        499: Code.PINTEREST_UNREACHABLE,
        501: Code.WRONG_ADDRESS,
    }
    if status in special:
        return special[status]
    return {4: Code.REQUEST_REFUSED, 5: Code.PINTEREST_FAULT}.get(status // 100, Code.WRONG_ADDRESS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_every_status_has_its_meaning_at_every_endpoint(endpoint: Endpoint) -> None:
    for status in REFUSALS:
        error = refuse(status, endpoint=endpoint)
        assert error.code is expected(status), status
        assert error.answer is not None
        assert (error.answer.status, error.answer.endpoint) == (status, str(endpoint))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, 1, Code.REQUEST_REFUSED),
        (400, 400, Code.REQUEST_REFUSED),
        (401, 2, Code.ACCESS_TOKEN_REFUSED),
        (401, None, Code.ACCESS_TOKEN_REFUSED),
        (401, 3, Code.SCOPE_MISSING),
        (401, 7, Code.ROLE_MISSING),
        (401, 29, Code.ROLE_MISSING),
        (403, 3, Code.SCOPE_MISSING),
        (403, 29, Code.ROLE_MISSING),
        (403, 403, Code.ROLE_MISSING),
        (403, 2625, Code.AD_ACCOUNT_DISAPPROVED),
        (403, 2626, Code.AD_ACCOUNT_DISAPPROVED),
        (404, 30, Code.NOT_FOUND),
        (404, 50, Code.NOT_FOUND),
        (405, 5, Code.WRONG_ADDRESS),
        (429, 8, Code.QUOTA_USED_UP),
        (429, 30, Code.QUOTA_USED_UP),
        (503, 4197, Code.PINTEREST_FAULT),
    ],
)
def test_the_documented_codes_have_their_meaning(status: int, code: int | None, meaning: Code) -> None:
    error = refuse(status, code)
    assert error.code is meaning
    assert error.answer is not None
    assert error.answer.code == code


def test_only_an_authentication_failure_of_401_is_worth_another_token() -> None:
    for status in REFUSALS:
        for code in (None, 1, 2, 3, 7, 8, 29, 30, 50, 403, 404):
            assert concerns_token(refuse(status, code)) == (status == 401 and code not in {3, 7, 29})


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.scopes], ids=str)
def test_a_missing_scope_is_named_as_the_endpoint_needs_it(endpoint: Endpoint) -> None:
    assert f"was not granted {endpoint.scopes[0]}." in str(refuse(401, 3, endpoint=endpoint))


@pytest.mark.parametrize(
    "message",
    [
        "Request too large",
        "Too many records",
        "records is too long",
        "Payload size exceeds 1 MB",
        "The limit is 1900 records",
        "maximum of 10000 users per request",
        "at most 1900 records",
    ],
)
def test_a_400_that_speaks_of_size_is_about_size_where_the_body_can_be_halved(message: str) -> None:
    for endpoint in ENDPOINTS:
        kind = RequestTooLargeError if endpoint.sends_records else InvalidRequestError
        assert type(refuse(400, 1, message, endpoint)) is kind


@pytest.mark.parametrize(
    "message", ["Parameter 'page_size' was not numeric", "rate limit", "Audience is too small", ""]
)
def test_a_400_that_speaks_of_something_else_is_not_about_size(message: str) -> None:
    assert type(refuse(400, 1, message)) is InvalidRequestError


def test_a_repeated_request_hides_neither_what_is_meant_nor_what_is_said() -> None:
    name = "Spam of maximum size " * 20
    told = f"Invalid request: {{'name': '{name}'}} (there is no such type)"
    error = refuse(400, 1, told, endpoint=endpoints.CREATE_CUSTOMER_LIST)
    assert error.code is Code.REQUEST_REFUSED
    assert "(there is no such type)" in str(error)


@pytest.mark.parametrize("message", [GENERAL_429, PLAIN_429])
def test_pinterests_usual_429_is_about_quota_unless_quota_is_left(message: str) -> None:
    assert type(refuse(429, 8, message)) is RateLimitedError
    assert type(refuse(429, 8, message, headers={"x-ratelimit-remaining": "0"})) is RateLimitedError
    assert refuse(429, 8, message, headers={"x-ratelimit-remaining": "12"}).code is Code.OBJECT_BUSY


@pytest.mark.parametrize(
    "message",
    [
        "Multiple write operations are applied to an object within a short time window.",
        "Too many writes to the same object",
        "Concurrent modification",
        "Another update is in progress",
        "List is being processed",
    ],
)
def test_a_429_that_speaks_of_one_object_is_about_that_object(message: str) -> None:
    assert refuse(429, 8, message).code is Code.OBJECT_BUSY


@pytest.mark.parametrize("headers", [{}, {"x-ratelimit-remaining": "12"}])
def test_the_spam_filter_is_told_apart(headers: dict[str, str]) -> None:
    assert type(refuse(429, 9, "Blocked by our Spam filter: same object", headers=headers)) is SpamFilterError


def test_the_reset_of_a_quota_is_obeyed_and_retry_after_before_it() -> None:
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "67150"}
    error = refuse(429, 8, headers=reset)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 67_151
    error = refuse(429, 8, headers={**reset, "Retry-After": "7"})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 7


@pytest.mark.parametrize(
    ("message", "headers"), [("x", {"x-ratelimit-remaining": "5"}), ("spam", {}), ("same object", {})]
)
def test_the_reset_of_a_quota_says_nothing_about_a_busy_object_or_the_spam_filter(
    message: str, headers: dict[str, str]
) -> None:
    error = refuse(429, 8, message, headers={**headers, "x-ratelimit-reset": "60"})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s is None
    error = refuse(429, 8, message, headers={**headers, "retry-after": "9"})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == 9


def test_a_server_that_asks_for_patience_is_obeyed() -> None:
    error = refuse(503, headers={"Retry-After": "30"})
    assert isinstance(error, ServerError)
    assert error.retry_after_s == 30


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b"null", b'{"code":', b'{"message":"\xff"}', b'"x"']
)
def test_a_body_that_is_not_pinterests_leaves_the_status(body: bytes) -> None:
    error = refusal(endpoints.AUDIENCE, 502, CaseInsensitiveDict(), body, NOW)
    assert type(error) is ServerError
    assert error.answer is not None
    assert (error.answer.code, error.answer.message) == (None, "")


@pytest.mark.parametrize(("code", "read"), [(8, 8), ("8", None), (True, None), (None, None), ([8], None), (8.5, None)])
def test_a_code_is_a_whole_number_or_nothing(code: object, read: int | None) -> None:
    error = refuse(500, code, ["not", "text"])
    assert error.answer is not None
    assert error.answer.code == read
    assert error.answer.message == ""


def test_the_request_id_goes_into_the_error() -> None:
    assert "(request id 4711)" in str(refuse(500, headers={"X-Pinterest-RID": "4711"}))


def test_what_pinterest_quotes_of_the_request_is_taken_out() -> None:
    error = refuse(400, 1, "bad: aabbccdd11 for s3cr3t", records="zz,aabbccdd11", secrets=("s3cr3t",))
    assert "aabbccdd11" not in str(error)
    assert "s3cr3t" not in str(error)


def test_every_advice_is_a_sentence_that_can_be_filled_in() -> None:
    for meaning in MEANINGS:
        text = meaning.advice.format(subject="audience", scopes="ads:write")
        assert text[0].isupper()
        assert text.endswith(".")


@settings(deadline=None)
@given(st.integers(100, 999), st.integers() | st.none(), st.text(max_size=200), st.sampled_from(ENDPOINTS))
def test_any_refusal_becomes_an_error_that_is_retried_only_if_it_may_pass(
    status: int, code: int | None, message: str, endpoint: Endpoint
) -> None:
    error = refuse(status, code, message, endpoint)
    passing = status in {408, 409, 421, 423, 425, 429, 499} or (500 <= status < 600 and status != 501)
    assert isinstance(error, TransientError) == passing
