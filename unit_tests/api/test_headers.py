from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.headers import RateHeaders, read_rate_headers

NOW = 1_800_000_000.0


def read(**headers: str) -> RateHeaders:
    return read_rate_headers(CaseInsensitiveDict({name.replace("_", "-"): text for name, text in headers.items()}), NOW)


def test_an_answer_without_headers_tells_nothing() -> None:
    assert read() == RateHeaders(None, None, None, None)


def test_plain_numbers_are_read_and_whole_seconds_are_taken_as_rounded_down() -> None:
    assert read(X_RateLimit_Limit="400", X_RateLimit_Remaining="17", X_RateLimit_Reset="67150") == RateHeaders(
        400, 17, 67151.0, None
    )


def test_the_first_number_of_envoys_form_is_the_limit() -> None:
    assert read(x_ratelimit_limit="100, 100;w=1, 400;w=60").limit == 100


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("100, 100;w=1, 400;w=60", 1.0), ("400, 100;w=1, 400;w=60", 60.0), ("300,300;w=86400;name=x", 86_400.0),
        ("400", None), ("400, 400;w=0", None), ("400, 400;w=x", None), ("400, 100;w=1", None), ("", None),
    ],
)  # fmt: skip
def test_the_window_is_that_of_the_limit_in_force(text: str, window: float | None) -> None:
    assert read(x_ratelimit_limit=text).window_s == window


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 1.0),
        ("2.5", 2.5),
        (str(int(NOW) + 90), 91.0),
        (f"{NOW + 90.5:.1f}", 90.5),
        (str((int(NOW) + 90) * 1000), 90.0),
        (str(int(NOW) - 90), 0.0),
        (str((int(NOW) - 90) * 1000), 0.0),
        ("-5", None),
        ("172799", 172800.0),
        ("172801", None),
        ("1" * 18, None),
        (str(int(NOW) + 10**8), None),
        ("soon", None),
        ("", None),
        ("1.2.3", None),
    ],
)
def test_a_reset_is_seconds_from_now_or_a_point_in_time(text: str, seconds: float | None) -> None:
    assert read(x_ratelimit_reset=text).reset_s == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-1", None),
        ("172800", 172800.0),
        ("172801", None),
        ("9" * 18, None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW + 30), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        ("Wed, 99 Foo 2026 00:00:00 GMT", None),
        ("later", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert read(retry_after=text).retry_after_s == seconds


@pytest.mark.parametrize(("text", "remaining"), [("0", 0), ("-3", 0), ("12", 12), ("many", None)])
def test_remaining_is_never_negative(text: str, remaining: int | None) -> None:
    assert read(x_ratelimit_remaining=text).remaining == remaining


def test_a_limit_of_nothing_is_no_limit() -> None:
    assert read(x_ratelimit_limit="0").limit is None


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_header_can_break_the_reading(limit: str, remaining: str, reset: str, retry_after: str) -> None:
    found = read(
        x_ratelimit_limit=limit, x_ratelimit_remaining=remaining, x_ratelimit_reset=reset, retry_after=retry_after
    )
    assert all(value is None or value >= 0 for value in (found.limit, found.remaining, found.reset_s))
    assert found.retry_after_s is None or found.retry_after_s >= 0
