from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinterest_sandbox.quota import Quota
from pinterest_sandbox.settings import Settings, SettingsInUse
from unit_tests.sandbox.person import FakeClock, Person
from unit_tests.support.examples import examples

ACCOUNTS = "/v5/ad_accounts"


def test_standard_permits_400_writes_a_minute_and_says_how_many_are_left(
    start: Callable[..., Any], clock: FakeClock
) -> None:
    person = start(tier="standard")
    list_id = person.new_list()["id"]
    remaining = []
    for _ in range(399):
        clock.now += 0.1
        remaining.append(int(person.patch_list(list_id, "ADD", "a@example.com").headers["x-ratelimit-remaining"]))
    assert remaining == list(range(398, -1, -1))
    refused = person.patch_list(list_id, "ADD", "b@example.com")
    assert (refused.status, refused.json()["code"]) == (429, 8)
    assert refused.headers["x-ratelimit-limit"] == "400, 400;w=60"
    assert (refused.headers["x-ratelimit-remaining"], refused.headers["x-ratelimit-reset"]) == ("0", "21")
    assert person.get_list(list_id)["num_batches"] == 400, "reading has a quota of its own, and nothing took effect"
    clock.now += 21
    assert person.patch_list(list_id, "ADD", "b@example.com").status == 200


def test_no_tier_permits_more_than_100_requests_within_one_second(start: Callable[..., Any], clock: FakeClock) -> None:
    person = start(tier="standard")
    statuses = [person.call("GET", ACCOUNTS).status for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    clock.now += 1
    assert person.call("GET", ACCOUNTS).status == 200


def test_trial_permits_300_writes_a_day_to_the_whole_app(start: Callable[..., Any], clock: FakeClock) -> None:
    person = start(tier="trial")
    other_user = person.token(user_id="729090764583391195")
    list_id = person.new_list()["id"]
    for _ in range(299):
        clock.now += 60
        assert person.patch_list(list_id, "ADD", "a@example.com").status == 200
    sister = "/v5/ad_accounts/549755885176/customer_lists"
    body = {"name": "x", "records": "a@example.com"}
    refused = person.call("POST", sister, body, token=other_user)
    assert (refused.status, refused.headers["x-ratelimit-limit"]) == (429, "300, 300;w=86400")
    clock.now += int(refused.headers["x-ratelimit-reset"])
    assert person.call("POST", sister, body, token=other_user).status == 200


def test_trial_permits_1000_requests_of_any_kind_a_day_and_the_header_says_the_tighter_of_the_two(
    start: Callable[..., Any],
) -> None:
    person = start(tier="trial")
    for _ in range(900):
        person.call("GET", ACCOUNTS)
    assert person.call("GET", "/v5/user_account").headers["x-ratelimit-remaining"] == "99"
    for _ in range(99):
        person.call("GET", ACCOUNTS)
    assert person.call("POST", ACCOUNTS + "/549755885175/customer_lists", {}).status == 429


def test_the_tier_none_has_neither_limits_nor_headers(start: Callable[..., Any]) -> None:
    person = start(tier="none")
    replies = [person.call("GET", ACCOUNTS) for _ in range(150)]
    assert {reply.status for reply in replies} == {200}
    assert not any(name.startswith("x-ratelimit") for name in replies[-1].headers)


@pytest.mark.parametrize(("form", "shown"), [("plain", "1000"), ("envoy", "1000, 1000;w=60"), ("none", None)])
def test_the_form_of_the_headers_is_a_setting(person: Person, form: str, shown: str | None) -> None:
    person.settings(rate_limit_headers=form)
    assert person.call("GET", ACCOUNTS).headers.get("x-ratelimit-limit") == shown


def test_requests_without_a_valid_token_spend_nobodys_quota(person: Person) -> None:
    for _ in range(5):
        person.call("GET", ACCOUNTS, token="garbage")
    assert person.call("GET", ACCOUNTS).headers["x-ratelimit-remaining"] == "999"


def test_a_request_that_the_contract_refuses_is_counted(person: Person) -> None:
    person.call("GET", f"{ACCOUNTS}?page_size=0")
    assert person.call("GET", ACCOUNTS).headers["x-ratelimit-remaining"] == "998"


@settings(deadline=None, max_examples=examples(30))
@given(st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=600))
def test_no_window_of_a_minute_ever_holds_more_than_400_writes(pauses: list[float]) -> None:
    now = [1_000.0]
    quota = Quota(SettingsInUse(Settings(tier="standard")), lambda: now[0])
    permitted = []
    for pause in pauses * (1 + 1200 // len(pauses)):
        now[0] += pause / 10
        allowance = quota.spend("ads_write", "app", "user")
        assert allowance is not None
        if allowance.permitted:
            permitted.append(now[0])
    assert all(later - earlier >= 60 - 1e-6 for earlier, later in zip(permitted, permitted[400:], strict=False))
