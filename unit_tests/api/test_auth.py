from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol

import pytest

from destination_pinterest.api.auth import (
    DAY_S,
    EXPIRY_MARGIN_S,
    REFRESH_EXPIRY_MARGIN_S,
    UPKEEP_INTERVAL_S,
    Bearer,
    RefreshingToken,
    SignIn,
    SignInHome,
    StaticToken,
    TokenRequest,
    TokenSet,
)
from destination_pinterest.api.models import TokenAnswer
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ConnectorError,
    InterruptedSyncError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from unit_tests.support.clock import Clock
from unit_tests.support.raises import raises

NOW = 1_800_000_000.0


class Endpoint:
    """Hands out numbered tokens, or fails with what it is given."""

    def __init__(self, clock: Clock, **answers: Any) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.answers = answers
        self.patient: list[bool] = []
        self.failures: list[Exception] = []
        self.clock = clock

    def __call__(self, client_id: str, client_secret: str, refresh_token: str, *, patient: bool = True) -> TokenAnswer:
        self.asked.append((client_id, client_secret, refresh_token))
        self.patient.append(patient)
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
        endpoint: TokenRequest = ...,
        on_rotation: Callable[[TokenSet], None] = ...,
        home: SignInHome | None = ...,
        **sign_in: Any,
    ) -> RefreshingToken: ...


@pytest.fixture
def make(clock: Clock, endpoint: Endpoint) -> MakeToken:
    asking = endpoint

    def make(
        *,
        endpoint: TokenRequest = asking,
        on_rotation: Callable[[TokenSet], None] = lambda tokens: None,
        home: SignInHome | None = None,
        **sign_in: Any,
    ) -> RefreshingToken:
        settings = {"client_id": "1234567", "client_secret": "app-secret", "refresh_token": "pinr_0", **sign_in}
        return RefreshingToken(
            SignIn(**settings), endpoint=endpoint, system=clock.system, on_rotation=on_rotation, home=home
        )

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

    def slow(client_id: str, client_secret: str, refresh_token: str, *, patient: bool = True) -> TokenAnswer:
        inside.wait(5)
        return endpoint(client_id, client_secret, refresh_token, patient=patient)

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


REFUSED = AuthenticationError(Code.SIGN_IN_NOT_RENEWED, "Sign in again.")
LATER = ServerError(Code.PINTEREST_FAULT, "Later.")
ALIVE = {"access_token": "pina_0", "access_token_expires_at": NOW + DAY_S, "refresh_token_expires_at": NOW + DAY_S}


@pytest.mark.parametrize(
    "failure",
    [
        REFUSED,
        LATER,
        ConnectionFailedError(Code.PINTEREST_UNREACHABLE, "No answer."),
        UnexpectedAnswerError(Code.ANSWER_UNEXPECTED, "What is that?"),
        NotFoundError(Code.NOT_FOUND, "Nowhere."),
        RateLimitedError(Code.QUOTA_USED_UP, "Enough."),
    ],
    ids=lambda failure: failure.code,
)
def test_a_renewal_that_is_not_needed_yet_never_costs_the_token_that_works(
    make: MakeToken, endpoint: Endpoint, clock: Clock, failure: ConnectorError
) -> None:
    said: list[str] = []
    endpoint.failures = [failure]
    tokens = make(home=SignInHome(on_trouble=said.append), **ALIVE)
    assert [tokens.token() for _ in range(9)] == ["pina_0"] * 9
    assert endpoint.patient == [False]
    (warning,) = said
    assert "not needed yet: the present access token is used until it ends at 2027-01-16" in warning
    assert str(failure.code) in warning
    clock.pass_by(UPKEEP_INTERVAL_S)
    assert tokens.token() == "pina_2"
    assert len(said) == 1


def test_what_pinterest_asks_to_wait_is_waited_before_upkeep_is_tried_again(
    make: MakeToken, endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.failures = [RateLimitedError(Code.QUOTA_USED_UP, "Enough.", retry_after_s=3600)]
    tokens = make(**ALIVE)
    tokens.token()
    clock.pass_by(3600)
    assert tokens.token() == "pina_0"
    clock.pass_by(UPKEEP_INTERVAL_S)
    assert tokens.token() == "pina_2"


def test_a_sync_that_is_stopped_does_not_go_on_with_upkeep(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.failures = [InterruptedSyncError(Code.SYNC_STOPPED, "Stopped.")]
    with raises(Code.SYNC_STOPPED):
        make(**ALIVE).token()


def test_an_answer_of_upkeep_that_can_not_be_used_leaves_the_sign_in_as_it_is(
    make: MakeToken, endpoint: Endpoint
) -> None:
    endpoint.answers = {"access_token": "a\nb"}
    stored: list[TokenSet] = []
    assert make(on_rotation=stored.append, **ALIVE).token() == "pina_0"
    assert stored == []


def test_a_renewal_that_is_needed_is_patient_and_asked_for_again_after_it_was_refused_as_upkeep(
    make: MakeToken, endpoint: Endpoint
) -> None:
    endpoint.failures = [REFUSED, REFUSED]
    tokens = make(**ALIVE)
    tokens.token()
    for _ in range(3):
        with raises(Code.SIGN_IN_NOT_RENEWED):
            tokens.renew("pina_0")
    assert endpoint.patient == [False, True]


def test_an_access_token_within_the_margin_is_used_until_its_end(
    make: MakeToken, endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.failures = [LATER, LATER]
    tokens = make(access_token="pina_0", access_token_expires_at=NOW + EXPIRY_MARGIN_S)
    assert tokens.token() == "pina_0"
    clock.pass_by(EXPIRY_MARGIN_S)
    with raises(Code.PINTEREST_FAULT):
        tokens.token()
    assert tokens.token() == "pina_3"


ABSURD = [0, -1, -1e300, 1e300, float("nan"), float("inf"), float("-inf"), 4000 * DAY_S]


@pytest.mark.parametrize("seconds", ABSURD)
def test_an_absurd_life_of_a_token_is_unknown(make: MakeToken, endpoint: Endpoint, seconds: float) -> None:
    endpoint.answers = {
        "expires_in": seconds,
        "refresh_token_expires_in": seconds,
        "refresh_token_expires_at": NOW + seconds,
    }
    stored: list[TokenSet] = []
    tokens = make(on_rotation=stored.append)
    assert [tokens.token() for _ in range(5)] == ["pina_1"] * 5
    assert [(kept.access_token_expires_at, kept.refresh_token_expires_at) for kept in stored] == [(None, None)]


def test_a_time_that_is_absurd_gives_way_to_one_that_is_not(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.answers = {"refresh_token_expires_at": 0.0, "refresh_token_expires_in": DAY_S}
    tokens = make()
    tokens.token()
    assert tokens.refresh_expires_at == NOW + DAY_S


def test_tokens_that_live_for_a_moment_are_not_renewed_for_each_request(
    make: MakeToken, endpoint: Endpoint, clock: Clock
) -> None:
    endpoint.answers = {"expires_in": 1.0}
    tokens = make()
    for _ in range(120):
        tokens.token()
        clock.pass_by(1)
    assert len(endpoint.asked) == 2


class Kept:
    """A config's sign-in that another process may change."""

    def __init__(self, *versions: SignIn | None) -> None:
        self.versions = list(versions)

    def __call__(self) -> SignIn | None:
        return self.versions.pop(0) if len(self.versions) > 1 else self.versions[0]


def kept(number: int, **more: Any) -> SignIn:
    return SignIn("1234567", "app-secret", f"pinr_{number}", **more)


def test_a_sign_in_that_another_run_has_renewed_is_taken_over(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.failures = [REFUSED]
    stored: list[TokenSet] = []
    home = SignInHome(read_again=Kept(kept(0), kept(7, access_token="pina_7", access_token_expires_at=NOW + DAY_S)))
    tokens = make(access_token="pina_0", on_rotation=stored.append, home=home)
    assert tokens.renew("pina_0") == "pina_7"
    assert tokens.token() == "pina_7"
    assert (len(endpoint.asked), stored) == (1, [])


def test_a_new_refresh_token_that_was_kept_without_an_access_token_is_exchanged(
    make: MakeToken, endpoint: Endpoint
) -> None:
    endpoint.failures = [REFUSED]
    tokens = make(access_token="pina_0", home=SignInHome(read_again=Kept(kept(7, access_token="pina_0"))))
    assert tokens.renew("pina_0") == "pina_2"
    assert [asked[2] for asked in endpoint.asked] == ["pinr_0", "pinr_7"]


@pytest.mark.parametrize("last", [kept(0), None, kept(0, access_token="pina_9"), SignIn("1", "s", "pinr\n0")])
def test_a_sign_in_that_nobody_has_renewed_is_dead(
    make: MakeToken, endpoint: Endpoint, clock: Clock, last: SignIn | None
) -> None:
    endpoint.failures = [REFUSED]
    tokens = make(home=SignInHome(read_again=Kept(last)))
    for _ in range(3):
        with raises(Code.SIGN_IN_NOT_RENEWED):
            tokens.token()
    assert len(endpoint.asked) == 1
    assert sum(clock.slept) <= 2.0


def test_upkeep_that_another_run_has_done_is_no_trouble(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.failures = [REFUSED]
    said: list[str] = []
    renewed = kept(7, access_token="pina_7", access_token_expires_at=NOW + 30 * DAY_S)
    tokens = make(home=SignInHome(read_again=Kept(renewed), on_trouble=said.append), **ALIVE)
    assert tokens.token() == "pina_7"
    assert said == []


def test_on_a_host_that_reads_the_settings_anew_a_refused_renewal_may_be_a_lost_race(
    make: MakeToken, endpoint: Endpoint
) -> None:
    endpoint.failures = [REFUSED]
    tokens = make(home=SignInHome(is_tried_again=True))
    for _ in range(2):
        with raises(Code.SIGN_IN_RENEWED_ELSEWHERE, match="The next attempt reads the settings anew"):
            tokens.token()
    assert len(endpoint.asked) == 1


def test_a_sign_in_that_has_expired_has_lost_no_race(make: MakeToken, endpoint: Endpoint) -> None:
    endpoint.failures = [REFUSED]
    with raises(Code.SIGN_IN_NOT_RENEWED):
        make(home=SignInHome(is_tried_again=True), refresh_token_expires_at=NOW).token()


def test_a_process_that_waited_for_its_turn_uses_what_the_other_one_has_renewed(
    make: MakeToken, endpoint: Endpoint
) -> None:
    kept = SignIn("1234567", "app-secret", "pinr_0")

    @contextmanager
    def waiting_for_the_other() -> Iterator[None]:
        nonlocal kept
        kept = SignIn("1234567", "app-secret", "pinr_theirs", access_token="pina_theirs")
        yield

    token = make(home=SignInHome(lambda: kept, waiting_for_the_other))
    assert token.token() == "pina_theirs"
    assert endpoint.asked == []


def test_one_that_had_not_to_wait_renews_the_sign_in_itself(make: MakeToken, endpoint: Endpoint) -> None:
    kept = SignIn("1234567", "app-secret", "pinr_0", access_token="pina_refused")
    token = make(home=SignInHome(lambda: kept, nullcontext), access_token="pina_refused")
    assert token.renew("pina_refused") == "pina_1"
    assert [asked[-1] for asked in endpoint.asked] == ["pinr_0"]


def test_a_sign_in_is_renewed_again_if_what_the_other_one_has_kept_is_over(
    make: MakeToken, endpoint: Endpoint, clock: Clock
) -> None:
    kept = SignIn("1234567", "app-secret", "pinr_theirs", "pina_theirs", access_token_expires_at=clock.now() - 1)
    assert make(home=SignInHome(lambda: kept, nullcontext)).token() == "pina_1"
    assert [asked[-1] for asked in endpoint.asked] == ["pinr_theirs"]
