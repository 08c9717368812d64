from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pytest

from destination_pinterest.api import endpoints
from destination_pinterest.delivery.isolation import FailedAudience, combined, concerns_one_audience
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AmbiguousCreationError,
    Answer,
    AudienceConflictError,
    AudiencesFailedError,
    AudiencesFailedForNowError,
    AudienceTooEarlyError,
    AuthenticationError,
    ConflictError,
    ConnectionFailedError,
    ConnectorError,
    IdentityDriftError,
    IncompleteStreamError,
    InterruptedSyncError,
    InvalidConfigError,
    InvalidRequestError,
    MissingScopeError,
    NotFoundError,
    ObjectBusyError,
    PermissionDeniedError,
    RateLimitedError,
    RemovalGuardError,
    ServerError,
    SpamFilterError,
    StorageFailedError,
    StorageRefusedError,
    StoreBusyError,
    StoreMismatchError,
    UnexpectedAnswerError,
    UnusableRowsError,
)
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.outbox import Outbox
from unit_tests.support.raises import raises
from unit_tests.support.rig import HandPool, Rig

MakeRig = Callable[..., Rig]


def people(names: str) -> set[str]:
    return {sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


def row(name: str, stream: str = "users") -> bytes:
    content = {"stream": stream, "data": {"email": f"{name}@example.com"}}
    return json.dumps({"type": "RECORD", "record": content}).encode() + b"\n"


def state(number: int, stream: str = "users") -> bytes:
    content = {"id": number, "type": "STREAM", "stream": {"stream_descriptor": {"name": stream}}}
    return json.dumps({"type": "STATE", "state": content}).encode() + b"\n"


def global_state(number: int) -> bytes:
    content = {"id": number, "type": "GLOBAL", "global": {"stream_states": []}}
    return json.dumps({"type": "STATE", "state": content}).encode() + b"\n"


def ids(states: Iterable[bytes]) -> list[int]:
    return [json.loads(each)["id"] for each in states]


@pytest.fixture
def two(make_rig: MakeRig, pinterest: FakePinterest) -> Callable[..., Rig]:
    """A rig of two audiences, of which "users" has a list that refuses whatever is written to it."""

    def make(status: int = 403, **settings: Any) -> Rig:
        rig = make_rig({"users": ["email"], "orders": ["email"]}, batch_size=1, **settings)
        for name in ("users", "orders"):
            rig.lanes[name].list_created(pinterest.add_list(name))
        users = rig.lanes["users"].target.list_id
        pinterest.refuse("PATCH", f"customer_lists/{users}", status, times=10_000)
        return rig

    return make


# --- which failures concern one audience ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        AudienceConflictError(Code.AUDIENCE_OF_OTHER_TYPE, "x"),
        NotFoundError(Code.CUSTOMER_LIST_GONE, "x", answer=Answer(str(endpoints.CUSTOMER_LIST), 404)),
        NotFoundError(Code.NOT_FOUND, "x", answer=Answer(str(endpoints.CREATE_AUDIENCE), 404)),
        NotFoundError(Code.AUDIENCE_TO_REMOVE_FROM_MISSING, "x"),
        PermissionDeniedError(Code.ROLE_MISSING, "x", answer=Answer(str(endpoints.UPDATE_CUSTOMER_LIST), 403)),
        InvalidRequestError(Code.REQUEST_REFUSED, "x"),
        RemovalGuardError(Code.REMOVAL_NOT_COUNTABLE, "x"),
        IdentityDriftError(Code.IDENTITY_DRIFT, "x"),
        UnusableRowsError(Code.NO_ROW_USABLE, "x"),
        IncompleteStreamError(Code.TABLE_INCOMPLETE, "x"),
        AudienceTooEarlyError(Code.AUDIENCE_NOT_READY, "x"),
        ObjectBusyError(Code.OBJECT_BUSY, "x"),
        ConflictError(Code.CHANGED_MEANWHILE, "x"),
        ServerError(Code.PINTEREST_FAULT, "x"),
        ConnectionFailedError(Code.PINTEREST_UNREACHABLE, "x"),
        AmbiguousCreationError(Code.CREATION_IN_DOUBT, "x"),
        StoreMismatchError(Code.STORE_DAMAGED, "x"),
        StoreBusyError(Code.STORE_BUSY, "x"),
        UnexpectedAnswerError(Code.ANSWER_UNEXPECTED, "x"),
    ],
    ids=lambda error: error.code,
)
def test_what_one_audience_met_says_nothing_about_the_others(error: ConnectorError) -> None:
    assert concerns_one_audience(error)


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError(Code.ACCESS_TOKEN_REFUSED, "x"),
        MissingScopeError(Code.SCOPE_MISSING, "x"),
        PermissionDeniedError(Code.AD_ACCOUNT_DISAPPROVED, "x"),
        NotFoundError(Code.NOT_FOUND, "x", answer=Answer(str(endpoints.CREATE_CUSTOMER_LIST), 404)),
        RateLimitedError(Code.QUOTA_USED_UP, "x"),
        SpamFilterError(Code.SPAM_FILTER, "x"),
        StorageFailedError(Code.LOCAL_DISK_FAILED, "x"),
        StorageRefusedError(Code.STORE_FOLDER_REFUSED, "x"),
        StoreMismatchError(Code.STORE_KEY_WRONG, "x"),
        InvalidConfigError(Code.PROXY_LOGIN, "x"),
        UnexpectedAnswerError(Code.WRONG_ADDRESS, "x"),
        InterruptedSyncError(Code.SYNC_STOPPED, "x"),
    ],
    ids=lambda error: error.code,
)
def test_what_is_wrong_with_the_whole_is_no_matter_of_one_audience(error: ConnectorError) -> None:
    assert not concerns_one_audience(error)


# --- what is said of them at the end ----------------------------------------------------------------------------------

TAKEN = FailedAudience('"A"', AudienceConflictError(Code.AUDIENCE_OF_OTHER_TYPE, 'The name "A" is taken. Rename it.'))
DENIED = PermissionDeniedError(Code.ROLE_MISSING, "Not permitted. Give a role.", answer=Answer("PATCH /x", 403))
DOWN = FailedAudience('"C"', ServerError(Code.PINTEREST_FAULT, "Down. Run it again."))


def test_the_only_audience_of_a_sync_fails_as_it_is() -> None:
    assert combined([FailedAudience('"B"', DENIED)], 1) is DENIED


def test_one_of_several_keeps_its_code_and_is_named() -> None:
    error = combined([FailedAudience('"B"', DENIED)], 3)
    assert type(error) is PermissionDeniedError
    assert str(error) == (
        f'{Code.ROLE_MISSING}: Audience "B": Not permitted. Give a role. [Pinterest answered HTTP 403 to PATCH /x]'
    )
    assert str(combined([TAKEN], 3)) == str(TAKEN.error)


def test_one_reason_of_several_audiences_is_said_once() -> None:
    error = combined([FailedAudience('"A"', DENIED), FailedAudience('"B"', DENIED)], 2)
    assert (error.code, error.message) == (Code.ROLE_MISSING, 'Audiences "A", "B": Not permitted. Give a role.')


def test_failures_of_one_code_keep_it_and_each_is_said() -> None:
    busy = [
        FailedAudience(f'"{name}"', StoreBusyError(Code.STORE_BUSY, f"The ledger {name} is in use.")) for name in "AB"
    ]
    error = combined(busy, 5)
    assert (type(error), error.answer) == (StoreBusyError, None)
    assert error.message == (
        f'2 of 5 audiences failed; the other 3 are synced. Audience "A": {Code.STORE_BUSY}: The ledger A is in use. '
        f'Audience "B": {Code.STORE_BUSY}: The ledger B is in use.'
    )


def test_config_errors_together_are_a_config_error_with_the_name_and_code_of_each() -> None:
    error = combined([TAKEN, FailedAudience('"B"', DENIED)], 3)
    assert (type(error), error.failure_kind) == (AudiencesFailedError, "config_error")
    assert str(error) == (
        f'PIN-SYNC-004: 2 of 3 audiences failed; the other is synced. {TAKEN.error} Audience "B": {DENIED}'
    )


def test_what_may_pass_makes_the_whole_worth_another_try() -> None:
    error = combined([TAKEN, DOWN], 2)
    assert (type(error), error.code, error.failure_kind) == (
        AudiencesFailedForNowError, Code.AUDIENCES_FAILED_FOR_NOW, "transient_error",
    )  # fmt: skip
    assert error.message.startswith("2 of 2 audiences failed. ")


# --- rows and states --------------------------------------------------------------------------------------------------


def test_the_others_rows_are_sent_and_their_states_come_back(two: MakeRig, pinterest: FakePinterest) -> None:
    rig = two()
    steps = [row(name, stream) + state(number, stream) for number, (name, stream) in enumerate(
        [("a", "users"), ("x", "orders"), ("b", "users"), ("y", "orders")], 1
    )]  # fmt: skip
    assert ids(rig.run(*steps)) == [2, 4]
    assert pinterest.members_of("orders") == people("xy")
    users, orders = rig.lanes["users"], rig.lanes["orders"]
    assert (users.tally.entered, users.tally.errored, users.tally.pending) == (2, 2, 0)
    assert (orders.tally.synced, orders.tally.errored) == (2, 0)
    assert users.failure is not None
    assert users.failure.code is Code.ROLE_MISSING
    assert len(pinterest.asked_for("PATCH")) == 3
    with raises(Code.ROLE_MISSING, match='Audience "users": Pinterest does not permit this'):
        rig.parts.isolation.raise_failures()


def test_a_failed_audience_is_said_at_once_and_only_once(two: MakeRig, outbox: Outbox) -> None:
    list(two().run(row("a"), row("b"), row("x", "orders")))
    (said,) = [log["message"] for log in outbox.of("LOG") if log["level"] == "ERROR"]
    assert said.startswith('Audience "users": PIN-AUTH-')
    assert said.endswith("The other audiences go on.")


def test_states_from_before_the_failure_come_back_and_later_ones_do_not(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, batch_size=1)
    pinterest.refuse("PATCH", "", 403)
    steps = [row("a") + state(1), row("b") + state(2), row("x", "orders") + state(3, "orders"), state(4)]
    assert ids(rig.run(*steps)) == [1, 3]


def test_no_global_state_passes_the_rows_of_a_failed_audience(two: MakeRig, pinterest: FakePinterest) -> None:
    rig = two()
    steps = [global_state(1) + row("x", "orders"), global_state(2), row("a") + global_state(3), row("y", "orders")]
    assert ids(rig.run(*steps, global_state(4))) == [1, 2]
    assert pinterest.members_of("orders") == people("xy")


def test_a_state_without_rows_is_no_sign_that_a_failed_audience_is_as_its_table(two: MakeRig) -> None:
    rig = two()
    rig.parts.isolation.give_up(rig.lanes["users"], DENIED)
    assert ids(rig.run(state(1) + state(2, "orders"), row("x", "orders") + state(3))) == [2]


def test_an_audience_whose_retries_are_used_up_leaves_the_others_alone(two: MakeRig, pinterest: FakePinterest) -> None:
    rig = two(503, retry_hours=0.01)
    assert ids(rig.run(row("a") + state(1) + row("x", "orders") + state(2, "orders"))) == [2]
    assert rig.lanes["users"].failure is not None
    assert rig.lanes["users"].failure.code is Code.PINTEREST_FAULT


def test_what_waits_in_a_failed_lane_is_dropped_and_what_is_in_flight_still_counts(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=HandPool, batch_size=1)
    users = rig.lanes["users"]
    users.list_created(pinterest.add_list("users"))
    pinterest.refuse("PATCH", "", 403)

    def fail_the_first() -> None:
        assert (len(users.in_flight), users.is_busy) == (2, True)
        rig.hands.do_next(0)

    def accept_the_second() -> None:
        rig.hands.do_next(0)

    lines = b"".join(row(name) + state(number) for number, name in enumerate("abcde", 1))
    assert ids(rig.run(lines, fail_the_first, accept_the_second)) == []
    assert (users.tally.errored, users.tally.synced, users.tally.pending) == (4, 1, 0)
    assert rig.hands.submitted == []


def test_a_request_in_flight_that_fails_later_takes_its_states_with_it(
    make_rig: MakeRig, pinterest: FakePinterest
) -> None:
    rig = make_rig({"users": ["email"], "orders": ["email"]}, pool=HandPool, batch_size=1)
    users = rig.lanes["users"]
    users.list_created(pinterest.add_list("users"))
    pinterest.refuse("PATCH", "", 403, times=2)
    lines = row("a") + state(1) + row("b") + state(2) + row("x", "orders") + state(3, "orders")
    steps = (lambda: rig.hands.do_next(1), lambda: rig.hands.do_next(0), lambda: rig.hands.do_next(0))
    assert ids(rig.run(lines, *steps)) == [3]
    assert (users.tally.errored, users.tally.pending) == (2, 0)


def test_the_streams_of_one_audience_fail_together(make_rig: MakeRig, pinterest: FakePinterest) -> None:
    namespaced = {"shop.users": ["email"], "shop.orders": ["email"], "other.visits": ["email"]}
    rig = make_rig(namespaced, batch_size=1, audience_name="{namespace}")
    list_id = pinterest.add_list("shop")
    rig.lanes["shop"].list_created(list_id)
    pinterest.refuse("PATCH", list_id, 403)

    def in_namespace(line: bytes, namespace: str) -> bytes:
        for key in (b'"stream": "', b'"name": "'):
            line = line.replace(key, b'"namespace": "%s", %s' % (namespace.encode(), key))
        return line

    steps = [
        in_namespace(row("a") + state(1), "shop"),
        in_namespace(row("b", "orders") + state(2, "orders"), "shop"),
        in_namespace(row("x", "visits") + state(3, "visits"), "other"),
    ]
    assert ids(rig.run(*steps)) == [3]
    assert rig.lanes["shop"].tally.errored == 2


def test_a_dead_token_ends_the_sync_at_once(two: MakeRig, pinterest: FakePinterest) -> None:
    rig = two(401)
    with raises(Code.ACCESS_TOKEN_REFUSED):
        list(rig.run(row("a"), row("x", "orders"), row("y", "orders")))
    assert rig.script.left == 1
    assert [lane.failure for lane in rig.lanes.values()] == [None, None]


def test_a_quota_that_is_used_up_ends_the_sync_at_once(two: MakeRig, pinterest: FakePinterest) -> None:
    with raises(Code.QUOTA_USED_UP):
        list(two(429, retry_hours=0.001).run(row("a"), row("x", "orders"), row("y", "orders")))
    assert pinterest.members_of("orders") == set()


def test_the_failure_of_the_last_audience_that_was_left_ends_the_sync_at_once(
    two: MakeRig, pinterest: FakePinterest
) -> None:
    rig = two()
    pinterest.refuse("PATCH", "", 400, "bad record", times=99)
    with raises(Code.AUDIENCES_FAILED):
        list(rig.run(row("a"), row("x", "orders"), row("y", "orders"), row("z", "orders")))
    assert rig.script.left == 1


def test_a_failed_audience_is_never_due_again(two: MakeRig, clock: Clock) -> None:
    rig = two()
    list(rig.run(row("a"), 300.0, row("x", "orders")))
    assert clock.slept == []
    assert max(rig.script.patience_s) > 0
