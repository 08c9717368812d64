from __future__ import annotations

import pytest

from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.fresh import FRESH_S, FreshObjects
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.observer import SilentObserver
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import APPEARANCE_S, RetryPolicy
from destination_pinterest.api.transport import Transport
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import Answer, InvalidRequestError, NotFoundError, PermissionDeniedError
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.raises import raises

MISSING = NotFoundError(Code.NOT_FOUND, "x", answer=Answer("GET /x", 404))
# What a 400 may say of an object that is not seen yet, and nothing else.
BLUNT = ["Invalid ad account audience parameters.", "Invalid customer list.", "no", ""]
# Pinterest repeats what was asked, whose words say nothing about what is wrong.
_ASKED = "Invalid request: {'name': 'x', 'description': 'not found', 'rule': {'customer_list_id': '1'}}"
BLUNT.append(_ASKED)
NOT_THERE = ["Customer list not found.", "customer_list_id does not exist", "No such audience", "Unknown list"]
NOT_THERE.append(f"{_ASKED} (there is no customer list 1 in this ad account)")
# What is plainly about the content: none of it passes.
CONTENT = [
    "The name contains a forbidden word.",
    "Invalid records: identifier 3 is not a hash",
    "Audience size is too small",
    "It needs at least 100 members",
    "Customer list is PROCESSING",
    "'0x1' does not match the pattern '^\\d+$'",
    "The rule of an audience cannot be changed.",
    "description exceeds the limit",
    f"{_ASKED} (the name is too long)",
]


def refused(message: str) -> InvalidRequestError:
    return InvalidRequestError(Code.REQUEST_REFUSED, "x", answer=Answer("GET /x", 400, message=message))


@pytest.fixture
def fresh(clock: Clock) -> FreshObjects:
    return FreshObjects(clock.clock)


def test_what_was_made_or_shown_may_not_be_found_yet(fresh: FreshObjects) -> None:
    fresh.made("1")
    fresh.shown(["2"])
    assert [fresh.may_appear([one], MISSING) for one in "123"] == [True, True, False]
    assert fresh.may_appear(["3", "1"], MISSING)
    assert not fresh.may_appear([], MISSING)


def test_what_was_made_long_ago_is_gone(fresh: FreshObjects, clock: Clock) -> None:
    fresh.made("1")
    fresh.shown(["2"])
    clock.pass_by(FRESH_S)
    fresh.shown(["2"])
    assert not fresh.may_appear(["1"], MISSING)
    assert not fresh.may_appear(["2"], MISSING)


@pytest.mark.parametrize("message", NOT_THERE)
def test_a_400_that_says_that_something_is_not_there_may_pass(fresh: FreshObjects, message: str) -> None:
    fresh.made("1")
    fresh.shown(["2"])
    fresh.answered(["1", "2"])
    assert [fresh.may_appear([one], refused(message)) for one in "123"] == [True, True, False]


@pytest.mark.parametrize("message", BLUNT)
def test_a_400_that_says_nothing_may_pass_until_what_was_made_has_answered(fresh: FreshObjects, message: str) -> None:
    fresh.made("1")
    fresh.shown(["2"])
    assert [fresh.may_appear([one], refused(message)) for one in "12"] == [True, False]
    fresh.answered(["1"])
    assert not fresh.may_appear(["1"], refused(message))


@pytest.mark.parametrize("message", CONTENT)
def test_a_400_about_the_content_stands_at_once(fresh: FreshObjects, message: str) -> None:
    fresh.made("1")
    assert not fresh.may_appear(["1"], refused(message))


def test_no_other_refusal_is_taken_for_lateness(fresh: FreshObjects) -> None:
    fresh.made("1")
    denied = PermissionDeniedError(Code.ROLE_MISSING, "x", answer=Answer("GET /x", 403))
    gone = InvalidRequestError(Code.REQUEST_REFUSED, "x", answer=Answer("GET /x", 422))
    assert not fresh.may_appear(["1"], denied)
    assert not fresh.may_appear(["1"], gone)
    assert not fresh.may_appear(["1"], NotFoundError(Code.NOT_FOUND, "x"))


# --- through the client -----------------------------------------------------------------------------------------------


def open_client(pinterest: FakePinterest, clock: Clock, retry_s: float = 3600.0) -> PinterestClient:
    watcher = SilentObserver()
    quota = Quota(Limits(), longest_wait_s=retry_s, system=clock.system, observer=watcher)
    transport = Transport(pinterest, quota, RetryPolicy(retry_s=retry_s), system=clock.system, observer=watcher)
    return PinterestClient(pinterest.account["id"], StaticToken("pina_token"), transport)


@pytest.fixture
def client(pinterest: FakePinterest, clock: Clock) -> PinterestClient:
    return open_client(pinterest, clock)


def appear_after(pinterest: FakePinterest, clock: Clock, seconds: float) -> None:
    """What is created from now on can be seen only after this time."""
    pinterest.hides_new = True
    began = clock.monotonic

    def before_sleep(pause_s: float) -> None:
        if clock.monotonic + pause_s - began >= seconds:
            pinterest.hidden.clear()

    clock.before_sleep = before_sleep


@pytest.mark.parametrize("answer", [(404, "Not found."), (400, "Invalid customer list.")])
def test_a_list_that_is_seen_late_is_written_to_and_made_an_audience_of(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock, answer: tuple[int, str]
) -> None:
    pinterest.hidden_answer = answer
    appear_after(pinterest, clock, 20.0)
    created = client.create_customer_list("VIP", "aa", Identifier.EMAIL)
    client.update_customer_list(created.id, Operation.ADD, "bb", 1)
    assert pinterest.members[created.id] == {"aa", "bb"}
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 15.0]
    clock.slept.clear()
    appear_after(pinterest, clock, 3.0)
    pinterest.hidden.add(created.id)
    pinterest.hidden_answer = (404, "Not found.")
    audience = client.create_audience("VIP", created.id)
    assert list(pinterest.audiences) == [audience.id]
    assert clock.slept == [1.0, 2.0]


def test_an_audience_that_is_seen_late_can_be_read_and_changed(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock
) -> None:
    list_id = pinterest.add_list("VIP")
    appear_after(pinterest, clock, 5.0)
    audience = client.create_audience("VIP", list_id)
    assert client.audience(audience.id).id == audience.id
    pinterest.hidden.add(audience.id)
    appear_after(pinterest, clock, 5.0)
    assert client.update_audience(audience.id, description="x").description == "x"


def test_what_was_listed_a_moment_ago_is_asked_for_again(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock
) -> None:
    appear_after(pinterest, clock, 5.0)
    list_id = pinterest.add_list("VIP")
    with raises(Code.NOT_FOUND):
        client.customer_list(list_id)
    assert clock.slept == []
    client.expect(list_id, None)
    assert client.customer_list(list_id).id == list_id
    assert sum(clock.slept) == pytest.approx(7.0)


def test_what_does_not_appear_is_the_ordinary_refusal_after_a_minute(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock
) -> None:
    pinterest.hides_new = True
    created = client.create_customer_list("VIP", "aa", Identifier.EMAIL)
    with raises(Code.NOT_FOUND):
        client.customer_list(created.id)
    assert sum(clock.slept) == APPEARANCE_S


def test_a_command_that_does_not_wait_for_retries_does_not_wait_for_this(
    pinterest: FakePinterest, clock: Clock
) -> None:
    pinterest.hides_new = True
    client = open_client(pinterest, clock, retry_s=5.0)
    created = client.create_customer_list("VIP", "aa", Identifier.EMAIL)
    with raises(Code.NOT_FOUND):
        client.customer_list(created.id)
    assert clock.slept == [1.0, 2.0]


def test_rows_that_are_refused_cost_no_minute_though_the_list_is_new(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock
) -> None:
    created = client.create_customer_list("VIP", "aa", Identifier.EMAIL)
    pinterest.refuse("PATCH", "", 400, "bad record")
    with raises(Code.REQUEST_REFUSED):
        client.update_customer_list(created.id, Operation.ADD, "bb", 1)
    assert clock.slept == []


def test_a_passing_answer_of_something_in_front_of_pinterest_is_tried_again(
    client: PinterestClient, pinterest: FakePinterest, clock: Clock
) -> None:
    list_id = pinterest.add_list("VIP")
    for status in (408, 421, 423, 425, 499, 520, 523, 526):
        pinterest.refuse("PATCH", "", status)
    client.update_customer_list(list_id, Operation.ADD, "bb", 1)
    assert pinterest.members[list_id] == {"bb"}
