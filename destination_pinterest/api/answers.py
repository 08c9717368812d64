"""Turns Pinterest's refusals into errors: a table from status, code and text to an error class and advice.

The first row that matches decides. The text of a refusal is read only if status and code are not enough.

Source: Pinterest OpenAPI 5.23.0 examples of 400, 401, 403, 404, 429, 500; codes 8 and 30 with 429, "spam" and
2625/2626 as seen in pinterest/api-quickstart, airbytehq/airbyte and rudderlabs/rudder-transformer (read 2026-11-22).
408, 421, 423, 425 and 499 come from what stands in front of an API, and pass (RFC 9110, 4918 and 8470, and nginx). So
do 520 to 526, which are Cloudflare's, as all of 5xx.
Doubt: the text of a refusal for size is not documented; the words below are a guess. A wrong guess costs some halvings.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Final

import msgspec

from destination_pinterest.api.endpoints import Endpoint
from destination_pinterest.api.headers import read_rate_headers
from destination_pinterest.api.models import Refusal, decoder
from destination_pinterest.api.scrub import MESSAGE_CHARS, clean_request_id, scrub, without_echo
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    Answer,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    ConnectorError,
    InvalidConfigError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
    ObjectBusyError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTooLargeError,
    ServerError,
    SpamFilterError,
    UnexpectedAnswerError,
)

_SIZE: Final = re.compile(
    r"\btoo (?:large|big|long|many)\b|\bsize\b|\bmax(?:imum|imal)?\b|(?<!rate )(?<!rate-)\blimits?\b|\bexceed|at most",
    re.IGNORECASE,
)
# Pinterest's usual text of a 429 names both reasons ("… exceeds one of the published rate limits or if multiple
# write operations are applied to an object within a short time window"), and so does not distinguish them.
_BUSY: Final = re.compile(
    r"\A(?!.*published rate limit).*"
    r"(?:\bmultiple writes?\b|\bsame (?:object|customer|list|audience)|\bconcurren|\bsimultaneous|\bin progress"
    r"|\bbeing (?:updated|processed|modified))",
    re.IGNORECASE | re.DOTALL,
)
_SPAM: Final = re.compile("spam", re.IGNORECASE)

_read_refusal: Final = decoder(Refusal)


class Meaning(msgspec.Struct, frozen=True):
    """One row: which refusals it matches, their error and the advice. An empty `codes` matches any code.

    `text`, if given, must be found in Pinterest's message. `records_only`: only for requests whose body can be halved.
    `quota_left`: only if the headers report quota left. In `advice`, {subject} is what was requested and {scopes} what
    the token needs.
    """

    statuses: Container[int]
    error: type[ConnectorError]
    code: Code
    advice: str
    codes: frozenset[int] = frozenset()
    text: re.Pattern[str] | None = None
    records_only: bool = False
    quota_left: bool = False


_RECONNECT: Final = "Sign in again, or set a new access token."
_TOO_LARGE: Final = "Pinterest finds the request too large. Lower batch_size."
_SCOPE: Final = (
    "The token was not granted {scopes}. Sign in again and agree to ads:read, ads:write and user_accounts:read."
)
_ROLE: Final = (
    "Pinterest does not permit this on the {subject}. Give the person who signed in the role Admin or Audience on the "
    "ad account, and the app access to it."
)
_QUOTA: Final = "The request quota of this app and user is used up. Run the sync again later."
_BUSY_OBJECT: Final = (
    "Writes to one {subject} come faster than Pinterest takes them. See that no other connection writes to it."
)

MEANINGS: Final = (
    Meaning({413}, RequestTooLargeError, Code.REQUEST_TOO_LARGE, _TOO_LARGE),
    Meaning({400}, RequestTooLargeError, Code.REQUEST_TOO_LARGE, _TOO_LARGE, text=_SIZE, records_only=True),
    Meaning({401, 403}, MissingScopeError, Code.SCOPE_MISSING, _SCOPE, codes=frozenset({3})),
    Meaning({401}, PermissionDeniedError, Code.ROLE_MISSING, _ROLE, codes=frozenset({7, 29})),
    Meaning(
        {401},
        AuthenticationError,
        Code.ACCESS_TOKEN_REFUSED,
        f"The access token is expired, revoked or not one of Pinterest's. {_RECONNECT}",
    ),
    Meaning(
        {403},
        PermissionDeniedError,
        Code.AD_ACCOUNT_DISAPPROVED,
        "Pinterest has disapproved the ad account, or is still reviewing it. See its status in Pinterest Ads Manager.",
        codes=frozenset({2625, 2626}),
    ),
    Meaning({403}, PermissionDeniedError, Code.ROLE_MISSING, _ROLE),
    Meaning(
        {404},
        NotFoundError,
        Code.NOT_FOUND,
        "Pinterest knows no such {subject}, or does not show it to the person who signed in. Check the ad account's "
        "ID and that person's access to it.",
    ),
    Meaning(
        {405, 501},
        UnexpectedAnswerError,
        Code.WRONG_ADDRESS,
        "Pinterest does not offer this request at this address. Check api_base_url.",
    ),
    Meaning(
        {407},
        InvalidConfigError,
        Code.PROXY_LOGIN,
        "The proxy between here and Pinterest asks for a login. Check HTTPS_PROXY.",
    ),
    Meaning(
        {408},
        ConnectionFailedError,
        Code.PINTEREST_UNREACHABLE,
        "Pinterest did not receive the request in time. If this lasts, check the network and the proxy.",
    ),
    Meaning(
        {421, 425, 499},
        ConnectionFailedError,
        Code.PINTEREST_UNREACHABLE,
        "The request did not get through to Pinterest. If this lasts, check the network and the proxy.",
    ),
    Meaning({423}, ObjectBusyError, Code.OBJECT_BUSY, _BUSY_OBJECT),
    Meaning(
        {409},
        ConflictError,
        Code.CHANGED_MEANWHILE,
        "The {subject} changed while it was being written. Run the sync again.",
    ),
    Meaning(
        {429},
        SpamFilterError,
        Code.SPAM_FILTER,
        "Pinterest's spam filter holds the request back. Wait some hours before the next sync; if it stays, ask "
        "Pinterest's support.",
        text=_SPAM,
    ),
    Meaning({429}, ObjectBusyError, Code.OBJECT_BUSY, _BUSY_OBJECT, text=_BUSY),
    Meaning({429}, ObjectBusyError, Code.OBJECT_BUSY, _BUSY_OBJECT, quota_left=True),
    Meaning({429}, RateLimitedError, Code.QUOTA_USED_UP, _QUOTA),
    Meaning(
        range(400, 500),
        InvalidRequestError,
        Code.REQUEST_REFUSED,
        "Pinterest refuses what was asked of the {subject}. What it says is in the brackets.",
    ),
    Meaning(
        range(500, 600),
        ServerError,
        Code.PINTEREST_FAULT,
        "Pinterest has a fault of its own. Run the sync again later.",
    ),
)
# 1xx and 3xx: nothing follows a redirect, because the request carries the token and people's hashes.
_ANYTHING_ELSE: Final = Meaning(
    range(1000),
    UnexpectedAnswerError,
    Code.WRONG_ADDRESS,
    "Pinterest's API answers neither yes nor no, as if something else stood at its address. Check api_base_url.",
)


def refusal(
    endpoint: Endpoint,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    now: float,
    *,
    records: str = "",
    secrets: tuple[str, ...] = (),
) -> ConnectorError:
    """Returns the error for an answer with a status other than 2xx.

    `headers` is case-insensitive; `now` is in seconds since 1970; `records` and `secrets` are what must not be quoted.
    """
    code, raw_message = _read(body)
    told = without_echo(raw_message)
    rates = read_rate_headers(headers, now)
    meaning = _meaning(endpoint, status, code, told, quota_left=bool(rates.remaining))
    answer = Answer(
        endpoint=str(endpoint),
        status=status,
        code=code,
        message=scrub(raw_message if len(raw_message) <= MESSAGE_CHARS else told, records, secrets),
        request_id=clean_request_id(headers.get("x-pinterest-rid")),
    )
    advice = meaning.advice.format(subject=endpoint.subject, scopes=" and ".join(endpoint.scopes) or "enough")
    if issubclass(meaning.error, RateLimitedError):
        # The reset time of a quota that is not used up says nothing about a busy object.
        reset_s = rates.reset_s if meaning.error is RateLimitedError else None
        after_s = rates.retry_after_s if rates.retry_after_s is not None else reset_s
        return meaning.error(meaning.code, advice, answer=answer, retry_after_s=after_s)
    if issubclass(meaning.error, ServerError):
        return meaning.error(meaning.code, advice, answer=answer, retry_after_s=rates.retry_after_s)
    return meaning.error(meaning.code, advice, answer=answer)


def concerns_token(error: ConnectorError) -> bool:
    """Whether a renewed token might be accepted. Its scopes and roles would be the same."""
    return isinstance(error, AuthenticationError) and error.answer is not None and error.answer.status == 401


def _meaning(endpoint: Endpoint, status: int, code: int | None, message: str, *, quota_left: bool) -> Meaning:
    for row in MEANINGS:
        if (
            status in row.statuses
            and (not row.codes or code in row.codes)
            and (row.text is None or row.text.search(message))
            and (not row.records_only or endpoint.sends_records)
            and (not row.quota_left or quota_left)
        ):
            return row
    return _ANYTHING_ELSE


def _read(body: bytes) -> tuple[int | None, str]:
    """Returns the code and the message of a refusal, if it has them."""
    try:
        found = _read_refusal(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, ""
    code = found.code if isinstance(found.code, int) and not isinstance(found.code, bool) else None
    return code, found.message if isinstance(found.message, str) else ""
