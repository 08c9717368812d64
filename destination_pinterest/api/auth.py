"""Provides access tokens and renews them. Sends nothing itself: the endpoint is injected.

No token ever appears in a repr, an error or a log.

Source: developers.pinterest.com, "Set up authentication and authorization" (read 2026-11-22): access tokens live 30
days, refresh tokens 60; each refresh may return a new refresh token, which invalidates the old one. A refresh can't
widen the scopes.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from destination_pinterest.api.models import TokenAnswer
from destination_pinterest.api.retry import when
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AuthenticationError,
    ConnectorError,
    InterruptedSyncError,
    RateLimitedError,
    SignInRaceError,
    UnexpectedAnswerError,
)
from destination_pinterest.system import System

DAY_S: Final = 86_400.0
# A token this close to its expiry is no longer used: clocks differ, and a request takes time.
EXPIRY_MARGIN_S: Final = 300.0
# Half of a refresh token's lifetime: renewed then, the sign-in survives a month without a sync.
REFRESH_EXPIRY_MARGIN_S: Final = 30 * DAY_S

# A token that lives shorter than the margin is due at once; it is renewed this seldom, and so is what can't be renewed.
UPKEEP_INTERVAL_S: Final = 900.0
SHORTEST_USE_S: Final = 60.0
# No token of Pinterest's lives longer than 60 days.
LONGEST_LIFE_S: Final = 3650 * DAY_S

# Another process may have a new refresh token already and be about to keep it.
_PAUSES_S: Final = (0.0, 0.5, 1.5)
_BEARER: Final = "Bearer "
_TOKEN: Final = re.compile(r"[!-~]+")


class TokenSource(Protocol):
    """Provides access tokens. Thread-safe."""

    def token(self) -> str:
        """Returns a token that is valid as far as is known.

        Raises:
            AuthenticationError: there is none any more.
        """

    def renew(self, rejected: str) -> str:
        """Returns another token after Pinterest refused `rejected`: the current one if that is a different one already.

        Raises:
            AuthenticationError: there is none any more.
        """


class Bearer:
    """A token source in the form of the Authorization header."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def authorization(self) -> str:
        """Returns the header's value."""
        return _BEARER + self._tokens.token()

    def renew(self, rejected: str) -> str:
        """Returns another value than `rejected`."""
        return _BEARER + self._tokens.renew(rejected.removeprefix(_BEARER))


class StaticToken:
    """A token that was entered by hand and can't be renewed."""

    def __init__(self, token: str) -> None:
        self._token = _usable(token, "access token")

    def token(self) -> str:
        """Returns the token."""
        return self._token

    def renew(self, rejected: str) -> str:  # noqa: ARG002 - no token is another one
        """Always fails: there is no other token.

        Raises:
            AuthenticationError: always.
        """
        raise AuthenticationError(
            Code.ACCESS_TOKEN_REFUSED,
            "Pinterest refuses the access token: it is expired (30 days after it was made), revoked, or mistyped. "
            "Make a new one (My apps at developers.pinterest.com, Generate access token), or sign in with OAuth, which "
            "renews itself.",
        )

    def __repr__(self) -> str:
        return "StaticToken(…)"


@dataclass(frozen=True, slots=True)
class TokenSet:
    """The tokens after a refresh. Times in seconds since 1970; None if Pinterest did not say."""

    access_token: str
    access_token_expires_at: float | None
    refresh_token: str
    refresh_token_expires_at: float | None
    scope: str | None = None

    def __repr__(self) -> str:
        return (
            f"TokenSet(access_token_expires_at={self.access_token_expires_at}, "
            f"refresh_token_expires_at={self.refresh_token_expires_at}, scope={self.scope!r})"
        )


@dataclass(frozen=True, slots=True, repr=False)
class SignIn:
    """An OAuth sign-in as in the settings. Times in seconds since 1970; None if unknown."""

    client_id: str
    client_secret: str
    refresh_token: str
    access_token: str | None = None
    access_token_expires_at: float | None = None
    refresh_token_expires_at: float | None = None


class TokenRequest(Protocol):
    """Asks Pinterest for new tokens."""

    def __call__(self, client_id: str, client_secret: str, refresh_token: str, *, patient: bool = True) -> TokenAnswer:
        """Exchanges a refresh token. Unless `patient`, it is asked for only once and not for long.

        Raises:
            AuthenticationError: a new sign-in is needed.
            ConnectorError: it failed in another way.
        """


class SignInHome(msgspec.Struct, frozen=True):
    """Where a sign-in is kept, and by whom it is used.

    `read_again` returns it as it is kept now; None if that can't be told. Within `exclusively`, no other process
    renews it; None if it is shared with none that could be kept waiting. `is_tried_again`: if this process fails for a
    while, the host starts another one with the settings as they are then. `on_trouble` takes a warning.
    """

    read_again: Callable[[], SignIn | None] = lambda: None
    exclusively: Callable[[], AbstractContextManager[None]] | None = None
    is_tried_again: bool = False
    on_trouble: Callable[[str], None] = lambda _: None


class RefreshingToken:
    """An OAuth sign-in that renews itself.

    It does so before the access token expires, after half of the refresh token's lifetime, and when Pinterest refuses a
    token. As long as there is an access token that works, a renewal is upkeep: what goes wrong with it is a warning,
    and it is tried again later. `endpoint` asks Pinterest. `on_rotation(tokens)` is called under the lock before a new
    token is used, and must have stored it when it returns. If it raises, so does the refresh, and the next use passes
    it the same tokens again, because the old ones may be invalid.
    """

    def __init__(
        self,
        sign_in: SignIn,
        *,
        endpoint: TokenRequest,
        system: System,
        on_rotation: Callable[[TokenSet], None],
        home: SignInHome | None = None,
    ) -> None:
        self._client_id = sign_in.client_id.strip()
        self._client_secret = sign_in.client_secret.strip()
        self._endpoint = endpoint
        self._system = system
        self._on_rotation = on_rotation
        self._home = home or SignInHome()
        self._lock = threading.Lock()
        self._tokens = _tokens_of(sign_in)
        self._unstored: TokenSet | None = None
        self._refreshed_at: float | None = None
        self._next_upkeep_at = -math.inf
        self._refused: set[str] = set()
        self._dead: ConnectorError | None = None

    @property
    def refresh_expires_at(self) -> float | None:
        """When the sign-in expires if nothing runs until then, in seconds since 1970; None if unknown."""
        return self._tokens.refresh_token_expires_at

    @property
    def scopes(self) -> frozenset[str] | None:
        """The scopes that the token was granted; None if unknown (yet)."""
        return scopes_of(self._tokens)

    def token(self) -> str:
        """Returns the access token, refreshed if due.

        Raises:
            AuthenticationError: the refresh token has expired, so a new sign-in is needed.
            SignInRaceError: it may have been renewed by another process.
            ConnectorError: the refresh failed in a way that may pass; whatever `on_rotation` raises.
        """
        with self._lock:
            if self._unstored is not None or self._is_over():
                self._refresh()
            elif self._is_due():
                self._refresh_if_possible()
            return self._tokens.access_token

    def renew(self, rejected: str) -> str:
        """Returns another access token than `rejected`; if several threads ask at once, one refresh serves them all.

        Raises:
            as `token`.
        """
        with self._lock:
            if self._unstored is not None or self._tokens.access_token == rejected:
                self._refresh()
            return self._tokens.access_token

    def wait_for_renewal(self, timeout_s: float) -> None:
        """Waits until no renewal is under way: a refresh token that is not handed over ends the sign-in."""
        if self._lock.acquire(timeout=timeout_s):
            self._lock.release()

    def __repr__(self) -> str:
        return f"RefreshingToken({self._tokens!r})"

    def _is_over(self) -> bool:
        """Whether there is no access token that could still work."""
        ends_at = self._tokens.access_token_expires_at
        if not self._tokens.access_token:
            return True
        # One that Pinterest has just given is used, however soon it says that it ends.
        is_new = self._refreshed_at is not None and self._system.clock() < self._refreshed_at + SHORTEST_USE_S
        return ends_at is not None and self._system.now() >= ends_at and not is_new

    def _is_due(self) -> bool:
        if self._system.clock() < self._next_upkeep_at:
            return False
        tokens, now = self._tokens, self._system.now()
        if tokens.access_token_expires_at is not None and now >= tokens.access_token_expires_at - EXPIRY_MARGIN_S:
            return True
        # Once a run: if refreshing does not extend the sign-in, it must not be repeated for each request.
        refresh_expires_at = tokens.refresh_token_expires_at
        return (
            self._refreshed_at is None
            and refresh_expires_at is not None
            and now >= refresh_expires_at - REFRESH_EXPIRY_MARGIN_S
        )

    def _refresh_if_possible(self) -> None:
        """Renews a sign-in whose access token still works, and only warns if that fails."""
        with self._alone():
            if not (self._is_renewed_by_another() and not self._is_due()):
                self._keep_up()

    def _keep_up(self) -> None:
        self._next_upkeep_at = self._system.clock() + UPKEEP_INTERVAL_S
        try:
            self._unstored = self._asked(patient=False)
        except InterruptedSyncError:
            raise
        except ConnectorError as error:
            if isinstance(error, AuthenticationError) and self._has_taken_over():
                return
            if isinstance(error, RateLimitedError) and error.retry_after_s is not None:
                self._next_upkeep_at += error.retry_after_s
            self._home.on_trouble(self._not_renewed_yet(error))
            return
        self._store()

    def _refresh(self) -> None:
        """Renews a sign-in whose access token can't be used any more."""
        with self._alone():
            self._refresh_alone()

    def _refresh_alone(self) -> None:
        unusable = self._tokens.access_token
        if (
            self._unstored is None
            and self._is_renewed_by_another()
            and self._tokens.access_token != unusable
            and not self._is_over()
        ):
            return
        while self._unstored is None:
            if self._dead is not None:
                raise _again(self._dead)
            try:
                self._unstored = self._asked(patient=True)
            except AuthenticationError as error:
                if not self._has_taken_over(pauses_s=_PAUSES_S):
                    # Otherwise every thread and every request would ask again, and be refused again.
                    self._dead = self._final(error)
                elif self._tokens.access_token != unusable and not self._is_over():
                    return
        self._store()

    def _store(self) -> None:
        if self._unstored is not None:
            self._on_rotation(self._unstored)
            self._tokens, self._unstored = self._unstored, None
            self._refreshed_at = self._system.clock()
            self._next_upkeep_at = self._refreshed_at + UPKEEP_INTERVAL_S

    def _asked(self, *, patient: bool) -> TokenSet:
        refresh_token = self._tokens.refresh_token
        try:
            answer = self._endpoint(self._client_id, self._client_secret, refresh_token, patient=patient)
        except AuthenticationError:
            self._refused.add(refresh_token)
            raise
        return _token_set(answer, self._tokens, self._system.now())

    def _alone(self) -> AbstractContextManager[None]:
        return nullcontext() if self._home.exclusively is None else self._home.exclusively()

    def _is_renewed_by_another(self) -> bool:
        """Whether another process has renewed the sign-in while this one waited for its turn; then that is used."""
        kept = None if self._home.exclusively is None else self._home.read_again()
        if kept is None or kept.refresh_token.strip() in {self._tokens.refresh_token, *self._refused}:
            return False
        with suppress(AuthenticationError):
            self._tokens = _tokens_of(kept)
            return True
        return False

    def _has_taken_over(self, pauses_s: tuple[float, ...] = (0.0,)) -> bool:
        """Whether another process has renewed the sign-in and kept it; then it is used from now on."""
        for pause_s in pauses_s:
            if pause_s:
                self._system.sleep(pause_s)
            kept = self._home.read_again()
            if kept is None:
                return False
            if kept.refresh_token.strip() not in self._refused:
                with suppress(AuthenticationError):
                    self._tokens = _tokens_of(kept)
                    return True
        return False

    def _final(self, error: AuthenticationError) -> ConnectorError:
        """Returns what a refused refresh means in the end."""
        ends_at = self._tokens.refresh_token_expires_at
        if self._home.is_tried_again and (ends_at is None or self._system.now() < ends_at):
            return SignInRaceError(
                Code.SIGN_IN_RENEWED_ELSEWHERE,
                "Pinterest does not renew the sign-in; another sync or check with the same one may have done so "
                "meanwhile. The next attempt reads the settings anew; sign in again if that fails too.",
                answer=error.answer,
            )
        return error

    def _not_renewed_yet(self, error: ConnectorError) -> str:
        ends_at = self._tokens.access_token_expires_at
        until = (
            "until Pinterest refuses it" if ends_at is None else f"until it ends {when(ends_at, self._system.now())}"
        )
        return (
            f"The sign-in could not be renewed, which is not needed yet: the present access token is used {until}, and "
            f"the renewal is tried again later. [{error}]"
        )


def _again(error: ConnectorError) -> ConnectorError:
    return type(error)(error.code, error.message, answer=error.answer)


def _tokens_of(sign_in: SignIn) -> TokenSet:
    """Returns the tokens of a sign-in.

    Raises:
        AuthenticationError: what is in it can't be a token.
    """
    access_token = sign_in.access_token
    return TokenSet(
        access_token=_usable(access_token, "access token") if access_token and access_token.strip() else "",
        access_token_expires_at=sign_in.access_token_expires_at,
        refresh_token=_usable(sign_in.refresh_token, "refresh token"),
        refresh_token_expires_at=sign_in.refresh_token_expires_at,
    )


def scopes_of(tokens: TokenSet) -> frozenset[str] | None:
    """The scopes that a sign-in was granted; None if Pinterest did not say."""
    return None if tokens.scope is None else frozenset(part for part in re.split(r"[\s,]+", tokens.scope) if part)


def first_tokens(answer: TokenAnswer, now: float) -> TokenSet:
    """Returns the tokens that a code was exchanged for.

    Raises:
        UnexpectedAnswerError: there is no refresh token among them, or they can't be sent.
    """
    if not answer.refresh_token:
        raise UnexpectedAnswerError(
            Code.ANSWER_UNEXPECTED,
            "Pinterest's token endpoint gave no refresh token, so the sign-in could not be renewed. Please report "
            "this.",
        )
    return _token_set(answer, TokenSet("", None, "", None), now)


def _token_set(answer: TokenAnswer, old: TokenSet, now: float) -> TokenSet:
    """Returns the tokens in the answer; what it omits stays as it was."""
    refresh_token, refresh_expires_at = old.refresh_token, old.refresh_token_expires_at
    if answer.refresh_token:
        refresh_token, refresh_expires_at = answer.refresh_token, None
    told = _in_the_near_future(answer.refresh_token_expires_at, now)
    told = _after(answer.refresh_token_expires_in, now) if told is None else told
    if not (_TOKEN.fullmatch(answer.access_token) and _TOKEN.fullmatch(refresh_token)):
        raise UnexpectedAnswerError(
            Code.ANSWER_UNEXPECTED,
            "Pinterest's token endpoint returned a token with characters that can't be sent. Please report this.",
        )
    return TokenSet(
        access_token=answer.access_token,
        access_token_expires_at=_after(answer.expires_in, now),
        refresh_token=refresh_token,
        refresh_token_expires_at=refresh_expires_at if told is None else told,
        scope=old.scope if answer.scope is None else answer.scope,
    )


def _after(seconds: float | None, now: float) -> float | None:
    return None if seconds is None else _in_the_near_future(now + seconds, now)


def _in_the_near_future(moment: float | None, now: float) -> float | None:
    """Returns a time if it can be meant; kept as it is, an absurd one would make every later run fail."""
    return moment if moment is not None and now < moment <= now + LONGEST_LIFE_S else None


def _usable(token: str, name: str) -> str:
    """Returns the token without surrounding blanks.

    A header with a line break or a non-ASCII character can't be sent, and the HTTP library's error would show it.

    Raises:
        AuthenticationError: it can't be a token.
    """
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise AuthenticationError(
            Code.TOKEN_MALFORMED,
            f"The {name} is empty or holds what no token does, such as a blank or a line break. Copy it again.",
        )
    return token
