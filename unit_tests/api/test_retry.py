from __future__ import annotations

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_pinterest import errors
from destination_pinterest.api.endpoints import Effect
from destination_pinterest.api.retry import (
    SPAM_ATTEMPTS,
    SPAM_INITIAL_S,
    RetryPolicy,
    given_up,
    may_repeat,
    span,
    when,
)
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AmbiguousCreationError,
    Answer,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    ConnectorError,
    InterruptedSyncError,
    ObjectBusyError,
    RateLimitedError,
    RequestTooLargeError,
    ServerError,
    SpamFilterError,
    TransientError,
    UnexpectedAnswerError,
)

NOW = 1_795_000_000.0
ALL_ERRORS = [
    value
    for value in vars(errors).values()
    if inspect.isclass(value) and issubclass(value, ConnectorError) and value is not ConnectorError
]


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_only_what_may_pass_is_tried_again(kind: type[ConnectorError]) -> None:
    passes = issubclass(kind, TransientError) and kind is not InterruptedSyncError
    assert (RetryPolicy().delay_s(kind(Code.CRASHED, "x"), 1, 0.0) is not None) == passes


@pytest.mark.parametrize("kind", [ServerError, ConnectionFailedError])
def test_what_may_have_taken_effect_is_not_sent_again_where_that_would_hide_what_happened(
    kind: type[ConnectorError],
) -> None:
    error = kind(Code.PINTEREST_FAULT, "x")
    assert RetryPolicy(repeats_unanswered=False).delay_s(error, 1, 0.0) is None
    assert RetryPolicy(repeats_unanswered=False).delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x"), 1, 0.0) is not None


def test_the_wait_doubles_up_to_the_longest() -> None:
    policy = RetryPolicy(retry_s=3600, initial_s=1, max_s=20)
    waits = [policy.delay_s(ServerError(Code.PINTEREST_FAULT, "x"), attempt, 0.0) for attempt in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 20, 20]


def test_chance_takes_off_at_most_the_jitter() -> None:
    policy = RetryPolicy(initial_s=10, jitter=0.5)
    assert policy.delay_s(ConflictError(Code.CHANGED_MEANWHILE, "x"), 1, 0.0, 0.0) == 10
    assert policy.delay_s(ConflictError(Code.CHANGED_MEANWHILE, "x"), 1, 0.0, 0.5) == 7.5
    assert policy.delay_s(ConflictError(Code.CHANGED_MEANWHILE, "x"), 1, 0.0, 1.0) == 5


@pytest.mark.parametrize("kind", [RateLimitedError, ObjectBusyError, ServerError])
def test_pinterests_own_wait_is_obeyed(kind: type[RateLimitedError | ServerError]) -> None:
    policy = RetryPolicy(retry_s=3600, initial_s=1, jitter=0.5)
    assert policy.delay_s(kind(Code.CRASHED, "x", retry_after_s=300), 9, 0.0) == 300
    assert policy.delay_s(kind(Code.CRASHED, "x", retry_after_s=300), 9, 0.0, 0.5) == 300.25


def test_a_wait_of_nothing_does_not_become_a_busy_loop() -> None:
    assert RetryPolicy(initial_s=1).delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x", retry_after_s=0), 1, 0.0) == 1


def test_a_reset_beyond_the_budget_gives_up_at_once() -> None:
    policy = RetryPolicy(retry_s=3600)
    assert policy.delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x", retry_after_s=67_150), 1, 0.0) is None
    assert policy.delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x", retry_after_s=1000), 1, 2700.0) is None
    assert policy.delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x", retry_after_s=1000), 1, 2600.0) == 1000


def test_no_budget_means_no_second_try() -> None:
    assert RetryPolicy(retry_s=0).delay_s(ServerError(Code.PINTEREST_FAULT, "x"), 1, 0.0) is None


def test_hours_become_seconds() -> None:
    assert RetryPolicy.from_hours(1.5).retry_s == 5400


def test_the_spam_filter_is_asked_seldom_and_not_often() -> None:
    policy = RetryPolicy()
    assert policy.delay_s(SpamFilterError(Code.SPAM_FILTER, "x"), 1, 0.0) == SPAM_INITIAL_S
    assert policy.delay_s(SpamFilterError(Code.SPAM_FILTER, "x"), 2, 60.0) == 2 * SPAM_INITIAL_S
    assert policy.delay_s(SpamFilterError(Code.SPAM_FILTER, "x"), SPAM_ATTEMPTS, 180.0) is None


@settings(deadline=None)
@given(
    retry_s=st.floats(0, 50_000),
    initial_s=st.floats(0.01, 100),
    jitter=st.floats(0, 1),
    attempt=st.integers(1, 10_000),
    elapsed_s=st.floats(0, 60_000),
    chance=st.floats(0, 1, exclude_max=True),
    asked=st.one_of(st.none(), st.floats(0, 100_000)),
)
def test_a_wait_is_positive_ends_within_the_budget_and_is_never_shorter_than_asked(
    *,
    retry_s: float,
    initial_s: float,
    jitter: float,
    attempt: int,
    elapsed_s: float,
    chance: float,
    asked: float | None,
) -> None:
    policy = RetryPolicy(retry_s=retry_s, initial_s=initial_s, max_s=initial_s * 60, jitter=jitter)
    delay = policy.delay_s(RateLimitedError(Code.QUOTA_USED_UP, "x", retry_after_s=asked), attempt, elapsed_s, chance)
    if delay is None:
        assert elapsed_s + max(initial_s * 60, asked or 0.0) + initial_s >= retry_s
    else:
        assert elapsed_s + delay <= retry_s
        assert delay >= (asked if asked is not None else 0)


@pytest.mark.parametrize("effect", [Effect.NONE, Effect.REPEATABLE])
@pytest.mark.parametrize("kind", ALL_ERRORS)
@pytest.mark.parametrize("acted", [True, False])
def test_what_leaves_the_same_when_done_twice_may_be_repeated(
    effect: Effect, kind: type[ConnectorError], acted: bool
) -> None:
    assert may_repeat(effect, kind(Code.CRASHED, "x"), may_have_acted=acted)


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_a_creation_is_repeated_only_when_pinterest_certainly_did_not_act(kind: type[ConnectorError]) -> None:
    assert not may_repeat(Effect.CREATES, kind(Code.CRASHED, "x"), may_have_acted=True)
    certain = issubclass(kind, RateLimitedError | ConnectionFailedError)
    assert may_repeat(Effect.CREATES, kind(Code.CRASHED, "x"), may_have_acted=False) == certain


@pytest.mark.parametrize("kind", ALL_ERRORS)
def test_giving_up_keeps_the_kind_and_pinterests_answer(kind: type[ConnectorError]) -> None:
    answer = Answer("GET /x", 500, request_id="7")
    final = given_up(kind(Code.CRASHED, "It failed.", answer=answer), 4, 75.0, NOW)
    assert type(final) is kind
    assert final.code is Code.CRASHED
    assert final.answer is answer
    assert ("[given up after 4 attempts in 1 min 15 s]" in str(final)) == issubclass(kind, TransientError)


def test_a_first_try_that_is_the_last_says_nothing_of_attempts() -> None:
    assert str(given_up(ServerError(Code.PINTEREST_FAULT, "It failed."), 1, 0.0, NOW)) == "PIN-API-007: It failed."


def test_a_reset_beyond_the_budget_is_told_with_its_time() -> None:
    final = given_up(RateLimitedError(Code.QUOTA_USED_UP, "Used up.", retry_after_s=67_150), 1, 0.0, NOW)
    assert "2026-11-19 05:45 UTC (in 18 h 39 min)" in str(final)
    assert "retry_hours" in str(final)
    assert isinstance(final, RateLimitedError)
    assert final.retry_after_s == 67_150


@pytest.mark.parametrize("kind", [AuthenticationError, RequestTooLargeError, UnexpectedAnswerError])
def test_an_error_that_no_waiting_cures_comes_back_itself(kind: type[ConnectorError]) -> None:
    error = kind(Code.CRASHED, "x")
    assert given_up(error, 1, 0.0, NOW) is error


def test_an_ambiguous_creation_may_be_waited_for() -> None:
    assert RetryPolicy().delay_s(AmbiguousCreationError(Code.CREATION_IN_DOUBT, "x"), 1, 0.0) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (0.4, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (725, "12 min 5 s"), (67_150, "18 h 39 min")],
)
def test_durations_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_time_beyond_the_calendar_is_still_told() -> None:
    assert when(1e300, NOW) == "in a very long time"
