from __future__ import annotations

from typing import Any

import msgspec
import pytest
import requests
import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError

from destination_pinterest.api import endpoints
from destination_pinterest.api.auth import Bearer, StaticToken
from destination_pinterest.api.endpoints import ENDPOINTS, Effect, Endpoint
from destination_pinterest.api.models import CustomerList, decoder
from destination_pinterest.api.observer import Exchange
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import SPAM_ATTEMPTS, RetryPolicy
from destination_pinterest.api.transport import USER_AGENT, Call, Transport
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AmbiguousCreationError,
    AuthenticationError,
    ConflictError,
    InterruptedSyncError,
    InvalidConfigError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
    ObjectBusyError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTooLargeError,
    UnexpectedAnswerError,
)
from unit_tests.api.factories import MakeTransport
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises
from unit_tests.support.scripted_adapter import ScriptedAdapter, answer, fails
from unit_tests.support.watcher import Watcher

BASE_URL = "https://pinterest.example.com/v5"
POOL = urllib3.HTTPSConnectionPool("pinterest.example.com")
OK = {"id": "643", "name": "VIP"}
READING = [e for e in ENDPOINTS if e.effect is Effect.NONE]
CREATING = [e for e in ENDPOINTS if e.effect is Effect.CREATES]
REPEATABLE = [e for e in ENDPOINTS if e.effect is not Effect.CREATES]


class Tokens:
    """Credentials that can be renewed `renewals` times."""

    def __init__(self, renewals: int = 1) -> None:
        self.number = 0
        self.renewals = renewals
        self.rejected: list[str] = []

    def authorization(self) -> str:
        return f"Bearer pina_{self.number}"

    def renew(self, rejected: str) -> str:
        self.rejected.append(rejected)
        if self.number == self.renewals:
            raise AuthenticationError(Code.SIGN_IN_NOT_RENEWED, "Sign in again.")
        self.number += 1
        return self.authorization()


def call(endpoint: Endpoint = endpoints.UPDATE_CUSTOMER_LIST, **more: Any) -> Call[CustomerList]:
    body = None if endpoint.method == "GET" else b'{"records":"x"}'
    return Call(endpoint, "/there", decoder(CustomerList), **{"body": body, "object_id": "643", **more})


def refused(request: requests.PreparedRequest) -> Exception:
    return requests.ConnectionError(MaxRetryError(POOL, "/x", NewConnectionError(POOL, "refused")), request=request)


def reset(request: requests.PreparedRequest) -> Exception:
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError()), request=request)


@pytest.fixture
def transport(make_transport: MakeTransport) -> Transport:
    return make_transport()


@pytest.fixture
def impatient(make_transport: MakeTransport) -> Transport:
    return make_transport(RetryPolicy(retry_s=0))


def test_a_call_is_sent_once_and_read(transport: Transport, far_end: ScriptedAdapter, watcher: Watcher) -> None:
    far_end.will(answer(200, OK))
    assert transport.perform(call(), Tokens()).name == "VIP"
    (sent,) = far_end.requests
    assert sent.url == f"{BASE_URL}/there"
    assert dict(sent.headers) == {
        "Authorization": "Bearer pina_0",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": USER_AGENT,
        "Content-Type": "application/json",
        "Content-Length": "15",
    }
    assert watcher.exchanges == [Exchange(endpoints.UPDATE_CUSTOMER_LIST, "643", 200, 0.0)]
    assert watcher.retries == []


@pytest.mark.parametrize("status", [status for status in range(200, 227) if status != 204])
def test_any_2xx_is_a_yes(transport: Transport, far_end: ScriptedAdapter, status: int) -> None:
    far_end.will(answer(status, OK))
    assert transport.perform(call(endpoints.CREATE_CUSTOMER_LIST), Tokens()).id == "643"


def test_an_answer_without_content_is_not_asked_for_again(transport: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(204, b""))
    with raises(Code.ANSWER_UNEXPECTED, match="no content"):
        transport.perform(call(), Tokens())
    assert len(far_end.requests) == 1


PASSING = {
    "connection refused": lambda answer, fails: fails(refused),
    "connection reset": lambda answer, fails: fails(reset),
    "read timeout": lambda answer, fails: fails(lambda r: requests.ReadTimeout("x", request=r)),
    "truncated JSON": lambda answer, fails: answer(200, b'{"id":"6'),
    "not JSON": lambda answer, fails: answer(200, b"<html>Welcome to the hotel</html>"),
    "not UTF-8": lambda answer, fails: answer(200, b'{"id":"\xff"}'),
    "empty": lambda answer, fails: answer(200, b""),
    "408": lambda answer, fails: answer(408),
    "409": lambda answer, fails: answer(409),
    "429": lambda answer, fails: answer(429),
    "500": lambda answer, fails: answer(500),
    "503": lambda answer, fails: answer(503, b"<html>"),
}


@pytest.mark.parametrize("what", PASSING)
@pytest.mark.parametrize("endpoint", REPEATABLE, ids=str)
def test_what_may_pass_is_tried_again_where_that_is_harmless(
    *,
    transport: Transport,
    far_end: ScriptedAdapter,
    watcher: Watcher,
    clock: Clock,
    endpoint: Endpoint,
    what: str,
) -> None:
    failure = PASSING[what](answer, fails)
    far_end.will(failure, failure, answer(200, OK))
    assert transport.perform(call(endpoint), Tokens()).id == "643"
    assert len(far_end.requests) == 3
    assert [exchange.is_repeat for exchange in watcher.exchanges] == [False, True, True], "answered or not"
    assert clock.slept == [1.0, 2.0]
    assert [(notice.attempt, notice.delay_s, notice.object_id) for notice in watcher.retries] == [
        (1, 1.0, "643"),
        (2, 2.0, "643"),
    ]


@pytest.mark.parametrize("what", PASSING)
@pytest.mark.parametrize("endpoint", CREATING, ids=str)
def test_a_creation_is_never_repeated_blindly(
    *, transport: Transport, far_end: ScriptedAdapter, endpoint: Endpoint, what: str
) -> None:
    far_end.will(PASSING[what](answer, fails), answer(200, OK))
    if what in {"connection refused", "429"}:
        assert transport.perform(call(endpoint), Tokens()).id == "643"
        assert len(far_end.requests) == 2
        return
    kind = ConflictError if what == "409" else AmbiguousCreationError
    with pytest.raises(kind) as caught:
        transport.perform(call(endpoint), Tokens())
    assert len(far_end.requests) == 1
    if kind is AmbiguousCreationError:
        assert f"whether Pinterest has created the {endpoint.subject}" in str(caught.value)


def test_a_creation_with_an_answer_of_the_wrong_shape_may_have_happened(
    transport: Transport, far_end: ScriptedAdapter
) -> None:
    far_end.will(answer(201, {"name": "VIP"}))
    with raises(Code.CREATION_IN_DOUBT, match="required field `id`"):
        transport.perform(call(endpoints.CREATE_AUDIENCE), Tokens())


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, 1, "no", InvalidRequestError),
        (400, 1, "too large", RequestTooLargeError),
        (413, None, "", RequestTooLargeError),
        (401, 3, "", MissingScopeError),
        (401, 29, "", PermissionDeniedError),
        (403, 29, "", PermissionDeniedError),
        (404, 404, "", NotFoundError),
        (405, 5, "", UnexpectedAnswerError),
        (302, None, "", UnexpectedAnswerError),
        (407, None, "", InvalidConfigError),
    ],
)
def test_what_does_not_pass_is_raised_at_once(
    *,
    transport: Transport,
    far_end: ScriptedAdapter,
    clock: Clock,
    watcher: Watcher,
    status: int,
    code: int,
    message: str,
    kind: type[Exception],
) -> None:
    far_end.will(answer(status, {"code": code, "message": message}, {"x-pinterest-rid": "4711"}))
    tokens = Tokens()
    with pytest.raises(kind, match="4711"):
        transport.perform(call(), tokens)
    assert len(far_end.requests) == 1
    assert (clock.slept, watcher.retries, tokens.rejected) == ([], [], [])


def test_an_answer_of_the_wrong_shape_is_raised_at_once(transport: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, {"id": [5]}, {"x-pinterest-rid": "4711"}))
    with raises(Code.ANSWER_UNEXPECTED, match=r"got `array` - at `\$.id`.*4711"):
        transport.perform(call(), Tokens())
    assert len(far_end.requests) == 1


def test_a_refused_token_is_renewed_once(transport: Transport, far_end: ScriptedAdapter, clock: Clock) -> None:
    far_end.will(answer(401, {"code": 2, "message": "Authentication failed."}), answer(200, OK))
    tokens = Tokens()
    transport.perform(call(endpoints.CREATE_AUDIENCE), tokens)
    assert tokens.rejected == ["Bearer pina_0"]
    assert [sent.headers["Authorization"] for sent in far_end.requests] == ["Bearer pina_0", "Bearer pina_1"]
    assert clock.slept == []


def test_a_renewed_token_that_is_refused_too_is_the_end(transport: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(401, {"code": 2, "message": "Authentication failed."}))
    tokens = Tokens(renewals=5)
    with raises(Code.ACCESS_TOKEN_REFUSED, match=r"Authentication failed\."):
        transport.perform(call(), tokens)
    assert len(far_end.requests) == 2


def test_a_renewed_token_that_lacks_a_scope_names_it(transport: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(401, {"code": 2, "message": "x"}), answer(401, {"code": 3, "message": "x"}))
    with raises(Code.SCOPE_MISSING, match="ads:write"):
        transport.perform(call(), Tokens())


def test_a_token_that_can_not_be_renewed_fails_with_advice_and_pinterests_answer(
    transport: Transport, far_end: ScriptedAdapter
) -> None:
    far_end.will(answer(401, {"code": 2, "message": "Authentication failed."}, {"x-pinterest-rid": "4711"}))
    with raises(Code.ACCESS_TOKEN_REFUSED, match=r"Make a new one.*HTTP 401, code 2.*4711") as caught:
        transport.perform(call(), Bearer(StaticToken("pina_static")))
    assert "pina_static" not in str(caught.value)
    assert len(far_end.requests) == 1


def test_giving_up_says_how_often_and_how_long_it_was_tried(
    make_transport: MakeTransport, far_end: ScriptedAdapter, clock: Clock
) -> None:
    transport = make_transport(RetryPolicy(retry_s=100, initial_s=1, max_s=8))
    far_end.will(answer(500, {"code": 0, "message": "Oops"}))
    with raises(Code.PINTEREST_FAULT, match=r"given up after 15 attempts in 1 min 35 s\].*Oops"):
        transport.perform(call(), Tokens())
    assert sum(clock.slept) == 95


def test_without_a_retry_budget_nothing_is_tried_again(impatient: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(503))
    with raises(Code.PINTEREST_FAULT):
        impatient.perform(call(), Tokens())
    assert len(far_end.requests) == 1


def test_time_spent_waiting_for_quota_is_not_time_spent_retrying(
    quota: Quota, make_transport: MakeTransport, far_end: ScriptedAdapter
) -> None:
    transport = make_transport(RetryPolicy(retry_s=10))
    quota.block(endpoints.UPDATE_CUSTOMER_LIST.category, 50.0)
    far_end.will(answer(503), answer(200, OK))
    assert transport.perform(call(), Tokens()).id == "643"


def test_a_429_holds_back_everybody_of_its_category(
    *, transport: Transport, quota: Quota, far_end: ScriptedAdapter, clock: Clock, watcher: Watcher
) -> None:
    quiet = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}
    times: list[float] = []

    def meanwhile(_seconds: float) -> None:
        if not times:
            # While one request waits to be tried again, another one of the same kind wants to go.
            times.append(
                quota._free_at(quota._states[endpoints.UPDATE_CUSTOMER_LIST.category], clock.clock()) - clock.clock()
            )

    clock.before_sleep = meanwhile
    far_end.will(answer(429, {"code": 8, "message": "slow down"}, quiet), answer(200, OK))
    transport.perform(call(), Tokens())
    assert times == [31.0]
    assert clock.slept == [31.0]
    assert [type(notice.error) for notice in watcher.retries] == [RateLimitedError]


def test_a_busy_object_holds_back_nobody_else(
    *, transport: Transport, quota: Quota, far_end: ScriptedAdapter, clock: Clock, watcher: Watcher
) -> None:
    far_end.will(answer(429, {"code": 8, "message": "x"}, {"x-ratelimit-remaining": "17"}), answer(200, OK))
    clock.before_sleep = lambda _: quota.learn(quota.acquire(endpoints.UPDATE_CUSTOMER_LIST.category))
    transport.perform(call(), Tokens())
    assert clock.slept == [1.0]
    assert [type(notice.error) for notice in watcher.retries] == [ObjectBusyError]
    assert watcher.retries[0].object_id == "643"


def test_a_daily_429_fails_now_and_tells_when_the_quota_resets(
    transport: Transport, far_end: ScriptedAdapter, clock: Clock
) -> None:
    far_end.will(
        answer(429, {"code": 8, "message": "x"}, {"x-ratelimit-reset": "67150", "x-envoy-ratelimited": "true"})
    )
    with raises(Code.QUOTA_USED_UP, match=r"2027-01-16 02:39 UTC \(in 18 h 39 min\).*retry_hours") as caught:
        transport.perform(call(), Tokens())
    assert caught.value.retry_after_s == 67_151
    assert clock.slept == []
    # Whoever comes next is told without asking Pinterest again.
    with raises(Code.QUOTA_USED_UP, match="18 h 39 min"):
        transport.perform(call(), Tokens())
    assert len(far_end.requests) == 1


def test_the_spam_filter_is_asked_few_times(transport: Transport, far_end: ScriptedAdapter, clock: Clock) -> None:
    far_end.will(answer(429, {"code": 9, "message": "This looks like spam"}))
    with raises(Code.SPAM_FILTER, match=f"given up after {SPAM_ATTEMPTS} attempts"):
        transport.perform(call(), Tokens())
    assert clock.slept == [60.0, 120.0]


def test_a_sync_that_is_stopped_stops_waiting(transport: Transport, far_end: ScriptedAdapter, clock: Clock) -> None:
    def stopped(_seconds: float) -> None:
        raise InterruptedSyncError(Code.SYNC_STOPPED, "stopped")

    clock.before_sleep = stopped
    far_end.will(answer(503))
    with raises(Code.SYNC_STOPPED):
        transport.perform(call(), Tokens())


def test_a_lost_answer_is_told_to_whoever_asked(transport: Transport, far_end: ScriptedAdapter) -> None:
    told: list[str] = []
    far_end.will(fails(refused), answer(429), fails(reset), answer(500), answer(200, b"<"), answer(200, OK))
    transport.perform(call(on_lost_answer=lambda: told.append("lost")), Tokens())
    assert told == ["lost"] * 3


def test_every_request_is_booked_and_settled_with_its_headers(
    *, transport: Transport, quota: Quota, far_end: ScriptedAdapter, clock: Clock
) -> None:
    far_end.will(
        fails(reset), answer(500, {}, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9.5"}), answer(200, OK)
    )
    transport.perform(call(), Tokens())
    assert quota._states[endpoints.UPDATE_CUSTOMER_LIST.category].in_flight == 0
    assert clock.slept == [1.0, 2.0, 7.5]


def test_a_crash_in_sending_leaves_no_request_booked(
    transport: Transport, quota: Quota, far_end: ScriptedAdapter
) -> None:
    far_end.will(fails(lambda request: ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        transport.perform(call(), Tokens())
    assert quota._states[endpoints.UPDATE_CUSTOMER_LIST.category].in_flight == 0


def test_an_unreadable_answer_that_stays_so_is_a_failed_connection(
    impatient: Transport, far_end: ScriptedAdapter
) -> None:
    far_end.will(answer(200, b"<html>", {"x-pinterest-rid": "4711"}))
    with raises(Code.ANSWER_UNREADABLE, match=r"not JSON.*4711"):
        impatient.perform(call(), Tokens())


DEEP = b'{"id":"7","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def test_depth_is_not_what_the_description_says(impatient: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(200, DEEP))
    with raises(Code.ANSWER_UNEXPECTED, match="nested too deeply"):
        impatient.perform(call(), Tokens())


def test_an_error_counts_by_its_status_however_deep_its_body_is(impatient: Transport, far_end: ScriptedAdapter) -> None:
    far_end.will(answer(503, DEEP))
    with raises(Code.PINTEREST_FAULT):
        impatient.perform(call(), Tokens())


def test_a_call_does_not_show_itself() -> None:
    shown = repr(call(records="jane@example.com", secrets=("s3cr3t",)))
    assert "jane" not in shown
    assert "s3cr3t" not in shown


def test_the_errors_of_the_decoder_are_the_ones_that_are_handled() -> None:
    for body, kind in (
        (b"<", msgspec.DecodeError),
        (b"{}", msgspec.ValidationError),
        (b'{"id":"\xff"}', UnicodeDecodeError),
    ):
        with pytest.raises(kind):
            decoder(CustomerList)(body)
