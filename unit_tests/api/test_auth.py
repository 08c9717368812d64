from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from destination_pinterest.api.auth import (
    DAY_S,
    EXPIRY_MARGIN_S,
    REFRESH_EXPIRY_MARGIN_S,
    Bearer,
    RefreshingToken,
    SignIn,
    StaticToken,
    TokenSet,
)
from destination_pinterest.api.models import TokenAnswer
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AuthenticationError, ServerError
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises

NOW = 1_800_000_000.0


class Endpoint:
    """Hands out numbered tokens, or fails with what it is given."""

    def __init__(self, clock: Clock, **answers: Any) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answers = answers
        self.failures: list[Exception] = []
        self.clock = clock

    def __call__(self, client_id: str, client_secret: str, refresh_token: str) -> TokenAnswer:
        self.asked.append((client_id, client_secret, refresh_token))
        if self.failures:
            raise self.failures.pop(0)
        number = len(self.asked)
        fields = {
            "access_token": f"pina_{number}",
            "expires_in": 30 * DAY_S,
            "refresh_token": f"pinr_{number}",
            "refresh_token_expires_at": self.clock.now() + 60 * DAY_S,
            "scope": "ads:read,ads:write user_accounts:read",
        }
        return TokenAnswer(**{**fields, **self.answers})


@pytest.fixture
def endpoint(clock: Clock) -> Endpoint:
    return Endpoint(clock)


class MakeToken(Protocol):
    def __call__(
        self,
        *,
        endpoint: Callable[[str, str, str], TokenAnswer] = ...,
        on_rotation: Callable[[TokenSet], None] = ...,
        **sign_in: Any,
    ) -> RefreshingToken: ...


@pytest.fixture
def make(clock: Clock, endpoint: Endpoint) -> MakeToken:
    asking = endpoint

    def make(
        *,
        endpoint: Callable[[str, str, str], TokenAnswer] = asking,
        on_rotation: Callable[[TokenSet], None] = lambda tokens: None,
        **sign_in: Any,
    ) -> RefreshingToken:
        settings = {"client_id": "1234567", "client_secret": "app-secret", "refresh_token": "pinr_0", **sign_in}
        return RefreshingToken(SignIn(**settings), endpoint=endpoint, system=clock.system, on_rotation=on_rotation)

    return make


def test_a_pasted_token_is_given_as_it_is_without_blanks_around_it() -> None:
    assert StaticToken(" pina_x\n").token() == "pina_x"


def test_a_pasted_token_can_not_be_renewed_and_says_what_to_do() -> None:
    with raises(Code.ACCESS_TOKEN_REFUSED, match="Make a new one"):
        StaticToken("pina_x").renew("pina_x")


@pytest.mark.parametrize("token", ["", "  ", "pina x", "pina\r\nX-Evil: 1", "pinä", "pina\x00"])
def test_what_can_not_be_a_token_is_refused_without_being_shown(token: str, make: MakeToken) -> None:
    with raises(Code.TOKEN_MALFORMED) as caught:
        StaticToken(token)
    assert not token.strip() or token.strip() not in str(caught.value)
    with raises(Code.TOKEN_MALFORMED):
        make(refresh_token=token)


def test_the_header_says_bearer(make: MakeToken) -> None:
    credentials = Bearer(make())
    assert credentials.authorization() == "Bearer pina_1"
    assert credentials.renew("Bearer pina_1") == "Bearer pina_2"


def test_the_first_use_without_an_access_token_refreshes(make: MakeToken, endpoint: Endpoint) -> None:
    tokens = make(client_id=" 1234567 ", client_secret="app-secret\n")
    assert tokens.token() == "pina_1"
    assert tokens.token() == "pina_1"
    assert endpoint.asked == [("1234567", "app-secret", "pinr_0")]


def test_an_access_token_that_is_still_good_is_used(make: MakeToken, endpoint: Endpoint) -> None:
    tokens = make(access_token=" pina_0 ", access_token_expires_at=NOW + 3600)
    assert tokens.token() == "pina_0"
    assert make(access_token="pina_0").token() == "pina_0"
    assert endpoint.asked == []


def test_an_access_token_of_unknown_life_is_used_until_it_is_refused(
    make: MakeToken, endpoint: Endpoint, clock: Clock
) -> None:
    stored: list[TokenSet] = []
    tokens = make(access_token="pina_0", on_rotation=stored.append)
    clock.pass_by(45 * DAY_S)
    assert tokens.token() == "pina_0"
    assert endpoint.asked == []
    assert tokens.renew("pina_0") == tokens.token() == "pina_1"
    assert [asked[2] for asked in endpoint.asked] == ["pinr_0"]
    (kept,) = stored
    assert (kept.access_token_expires_at, kept.refresh_token_expires_at) == (NOW + 75 * DAY_S, NOW + 105 * DAY_S)


def test_a_blank_access_token_is_none(make: MakeToken) -> None:
    assert make(access_token="  ").token() == "pina_1"


def test_a_token_is_refreshed_before_it_ends(make: MakeToken, endpoint: Endpoint, clock: Clock) -> None:
    tokens = make(access_token="pina_0", access_token_expires_at=NOW + EXPIRY_MARGIN_S + 1)
    assert tokens.token() == "pina_0"
    clock.pass_by(1)
    assert tokens.token() == "pina_1"
    clock.pass_by(30 * DAY_S - EXPIRY_MARGIN_S)
    assert tokens.token() == "pina_2"
    assert [asked[2] for asked in endpoint.asked] == ["pinr_0", "pinr_1"]


def test_a_refresh_token_past_half_of_its_life_is_renewed(make: MakeToken, endpoint: Endpoint) -> None:
    good = {"access_token": "pina_0", "access_token_expires_at": NOW + 20 * DAY_S}
    assert make(**good, refresh_token_expires_at=NOW + REFRESH_EXPIRY_MARGIN_S + 1).token() == "pina_0"
    tokens = make(**good, refresh_token_expires_at=NOW + REFRESH_EXPIRY_MARGIN_S)
    assert tokens.token() == "pina_1"
    assert tokens.refresh_expires_at == NOW + 60 * DAY_S


def test_a_sign_in_that_is_not_extended_is_renewed_only_once_a_run(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.answers = {"refresh_token": None, "refresh_token_expires_at": None}
    tokens = make(access_token="pina_0", refresh_token_expires_at=NOW + DAY_S)
    assert [tokens.token() for _ in range(5)] == ["pina_1"] * 5
    assert len(endpoint.asked) == 1
    assert tokens.refresh_expires_at == NOW + DAY_S


def test_an_answer_without_a_refresh_token_keeps_the_old_one(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.answers = {"refresh_token": None, "refresh_token_expires_at": None, "scope": None, "expires_in": None}
    stored: list[TokenSet] = []
    tokens = make(on_rotation=stored.append, refresh_token_expires_at=NOW + 50 * DAY_S)
    tokens.token()
    assert stored == [TokenSet("pina_1", None, "pinr_0", NOW + 50 * DAY_S, None)]
    assert tokens.scopes is None


def test_a_new_refresh_token_of_unknown_life_does_not_inherit_the_old_ones(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.answers = {"refresh_token_expires_at": None}
    tokens = make(refresh_token_expires_at=NOW + DAY_S)
    tokens.token()
    assert tokens.refresh_expires_at is None


def test_a_life_told_in_seconds_is_counted_from_now(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.answers = {"refresh_token_expires_at": None, "refresh_token_expires_in": 100.0}
    tokens = make()
    tokens.token()
    assert tokens.refresh_expires_at == NOW + 100


def test_scopes_are_known_after_a_refresh(make: MakeToken) -> None:
    tokens = make()
    assert tokens.scopes is None
    tokens.token()
    assert tokens.scopes == {"ads:read", "ads:write", "user_accounts:read"}


def test_a_rotation_is_stored_before_anybody_uses_it(make: MakeToken) -> None:
    stored: list[TokenSet] = []
    tokens = make(on_rotation=stored.append)
    assert tokens.token() == "pina_1"
    assert stored == [
        TokenSet("pina_1", NOW + 30 * DAY_S, "pinr_1", NOW + 60 * DAY_S, "ads:read,ads:write user_accounts:read")
    ]


def test_a_rotation_that_can_not_be_stored_fails_the_refresh_and_is_offered_again(
    make: MakeToken, endpoint: Endpoint
) -> None:
    offered: list[TokenSet] = []

    def store(tokens: TokenSet) -> None:
        offered.append(tokens)
        if len(offered) < 3:
            raise BrokenPipeError

    tokens = make(access_token="pina_0", access_token_expires_at=NOW, on_rotation=store)
    with pytest.raises(BrokenPipeError):
        tokens.token()
    with pytest.raises(BrokenPipeError):
        tokens.renew("pina_other")
    assert tokens.token() == "pina_1"
    # The old refresh token is dead: it must not be sent again.
    assert len(endpoint.asked) == 1
    assert [tokens.refresh_token for tokens in offered] == ["pinr_1"] * 3


def test_a_refused_token_is_renewed_unless_somebody_has_done_so(make: MakeToken, endpoint: Endpoint) -> None:
    tokens = make(access_token="pina_0")
    assert tokens.renew("pina_0") == "pina_1"
    assert tokens.renew("pina_0") == "pina_1"
    assert len(endpoint.asked) == 1


def test_many_threads_with_one_refused_token_refresh_once(make: MakeToken, endpoint: Endpoint, clock: Clock) -> None:
    ready = threading.Barrier(8)
    inside = threading.Event()

    def slow(*asked: str) -> TokenAnswer:
        inside.wait(5)
        return endpoint(*asked)

    tokens = make(access_token="pina_0", endpoint=slow)
    given: list[str] = []

    def work() -> None:
        ready.wait(5)
        given.append(tokens.renew("pina_0"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    inside.set()
    for thread in threads:
        thread.join(10)
    assert given == ["pina_1"] * 8
    assert len(endpoint.asked) == 1


def test_nobody_uses_a_new_token_while_it_is_being_stored(make: MakeToken) -> None:
    storing, stored = threading.Event(), threading.Event()
    used: list[str] = []

    def store(tokens: TokenSet) -> None:
        storing.set()
        assert stored.wait(5)
        used.append("stored")

    tokens = make(access_token="pina_0", access_token_expires_at=NOW, on_rotation=store)
    first = threading.Thread(target=lambda: used.append(tokens.token()))
    first.start()
    assert storing.wait(5)
    second = threading.Thread(target=lambda: used.append(tokens.token()))
    second.start()
    stored.set()
    first.join(5)
    second.join(5)
    assert used == ["stored", "pina_1", "pina_1"]


def test_a_refresh_token_that_has_expired_is_not_asked_again(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.failures = [AuthenticationError(Code.SIGN_IN_NOT_RENEWED, "Sign in again.")]
    tokens = make()
    for _ in range(3):
        with raises(Code.SIGN_IN_NOT_RENEWED, match="Sign in again"):
            tokens.token()
    assert len(endpoint.asked) == 1


def test_a_refresh_that_failed_for_the_moment_is_tried_again_at_the_next_use(
    make: MakeToken, endpoint: Endpoint
) -> None:
    endpoint.failures = [ServerError(Code.PINTEREST_FAULT, "Later.")]
    tokens = make()
    with raises(Code.PINTEREST_FAULT):
        tokens.token()
    assert tokens.token() == "pina_2"


@pytest.mark.parametrize("answers", [{"access_token": "a\nb"}, {"access_token": ""}, {"refresh_token": "pinr ä"}])
def test_a_token_that_can_not_be_sent_is_refused(make: MakeToken, endpoint: Endpoint, answers: dict[str, str]) -> None:
    endpoint.answers = answers
    stored: list[TokenSet] = []
    with raises(Code.ANSWER_UNEXPECTED):
        make(on_rotation=stored.append).token()
    assert stored == []


def test_nothing_shows_a_secret(make: MakeToken) -> None:
    tokens = make(access_token="pina_0")
    first = repr(tokens)
    tokens.renew("pina_0")
    stored = TokenSet("pina_9", 1.0, "pinr_9", 2.0, "ads:read")
    for shown in (first, repr(tokens), repr(StaticToken("pina_0")), repr(stored), str(stored), repr(Bearer(tokens))):
        assert "pina_" not in shown
        assert "pinr_" not in shown
        assert "app-secret" not in shown
    assert "ads:read" in repr(stored)


def test_a_sign_in_does_not_show_itself() -> None:
    shown = repr(SignIn("1234567", "app-secret", "pinr_0", "pina_0"))
    assert not any(secret in shown for secret in ("app-secret", "pinr_0", "pina_0"))
