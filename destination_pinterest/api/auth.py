"""Provides access tokens and renews them. Sends nothing itself: the endpoint is injected.

No token ever appears in a repr, an error or a log.

Source: developers.pinterest.com, "Set up authentication and authorization" (read 2026-11-22): access tokens live 30
days, refresh tokens 60; each refresh may return a new refresh token, which invalidates the old one. A refresh can't
widen the scopes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from destination_pinterest.api.models import TokenAnswer
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AuthenticationError, UnexpectedAnswerError
from destination_pinterest.system import System

DAY_S: Final = 86_400.0
# A token this close to its expiry is no longer used: clocks differ, and a request takes time.
EXPIRY_MARGIN_S: Final = 300.0
# Half of a refresh token's lifetime: renewed then, the sign-in survives a month without a sync.
REFRESH_EXPIRY_MARGIN_S: Final = 30 * DAY_S

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


class RefreshingToken:
    """An OAuth sign-in that renews itself.

    It does so before the access token expires, after half of the refresh token's lifetime, and when Pinterest refuses a
    token. `endpoint(client_id, client_secret, refresh_token)` asks Pinterest. `on_rotation(tokens)` is called under the
    lock before a new token is used, and must have stored it when it returns. If it raises, so does the refresh, and the
    next use passes it the same tokens again, because the old ones may be invalid.
    """

    def __init__(
        self,
        sign_in: SignIn,
        *,
        endpoint: Callable[[str, str, str], TokenAnswer],
        system: System,
        on_rotation: Callable[[TokenSet], None],
    ) -> None:
        self._client_id = sign_in.client_id.strip()
        self._client_secret = sign_in.client_secret.strip()
        self._endpoint = endpoint
        self._system = system
        self._on_rotation = on_rotation
        self._lock = threading.Lock()
        access_token = sign_in.access_token
        self._tokens = TokenSet(
            access_token=_usable(access_token, "access token") if access_token and access_token.strip() else "",
            access_token_expires_at=sign_in.access_token_expires_at,
            refresh_token=_usable(sign_in.refresh_token, "refresh token"),
            refresh_token_expires_at=sign_in.refresh_token_expires_at,
        )
        self._unstored: TokenSet | None = None
        self._refreshed = False
        self._dead: AuthenticationError | None = None

    @property
    def refresh_expires_at(self) -> float | None:
        """When the sign-in expires if nothing runs until then, in seconds since 1970; None if unknown."""
        return self._tokens.refresh_token_expires_at

    @property
    def scopes(self) -> frozenset[str] | None:
        """The scopes that the token was granted; None if unknown (yet)."""
        scope = self._tokens.scope
        return None if scope is None else frozenset(part for part in re.split(r"[\s,]+", scope) if part)

    def token(self) -> str:
        """Returns the access token, refreshed if due.

        Raises:
            AuthenticationError: the refresh token has expired, so a new sign-in is needed.
            ConnectorError: the refresh failed in a way that may pass; whatever `on_rotation` raises.
        """
        with self._lock:
            if self._unstored is not None or self._is_due():
                self._refresh()
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

    def __repr__(self) -> str:
        return f"RefreshingToken({self._tokens!r})"

    def _is_due(self) -> bool:
        tokens, now = self._tokens, self._system.now()
        if not tokens.access_token:
            return True
        if tokens.access_token_expires_at is not None and now >= tokens.access_token_expires_at - EXPIRY_MARGIN_S:
            return True
        # Once a run: if refreshing does not extend the sign-in, it must not be repeated for each request.
        refresh_expires_at = tokens.refresh_token_expires_at
        return (
            not self._refreshed
            and refresh_expires_at is not None
            and now >= refresh_expires_at - REFRESH_EXPIRY_MARGIN_S
        )

    def _refresh(self) -> None:
        if self._unstored is None:
            self._unstored = self._asked()
        self._on_rotation(self._unstored)
        self._tokens, self._unstored = self._unstored, None
        self._refreshed = True

    def _asked(self) -> TokenSet:
        if self._dead is not None:
            raise AuthenticationError(self._dead.code, self._dead.message, answer=self._dead.answer)
        try:
            answer = self._endpoint(self._client_id, self._client_secret, self._tokens.refresh_token)
        except AuthenticationError as error:
            # Otherwise every thread and every request would ask again, and be refused again.
            self._dead = error
            raise
        return _token_set(answer, self._tokens, self._system.now())


def _token_set(answer: TokenAnswer, old: TokenSet, now: float) -> TokenSet:
    """Returns the tokens in the answer; what it omits stays as it was."""
    refresh_token, refresh_expires_at = old.refresh_token, old.refresh_token_expires_at
    if answer.refresh_token:
        refresh_token, refresh_expires_at = answer.refresh_token, None
    if answer.refresh_token_expires_at is not None:
        refresh_expires_at = answer.refresh_token_expires_at
    elif answer.refresh_token_expires_in is not None:
        refresh_expires_at = now + answer.refresh_token_expires_in
    if not (_TOKEN.fullmatch(answer.access_token) and _TOKEN.fullmatch(refresh_token)):
        raise UnexpectedAnswerError(
            Code.ANSWER_UNEXPECTED,
            "Pinterest's token endpoint returned a token with characters that can't be sent. Please report this.",
        )
    return TokenSet(
        access_token=answer.access_token,
        access_token_expires_at=None if answer.expires_in is None else now + answer.expires_in,
        refresh_token=refresh_token,
        refresh_token_expires_at=refresh_expires_at,
        scope=old.scope if answer.scope is None else answer.scope,
    )


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
