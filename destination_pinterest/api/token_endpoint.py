"""Pinterest's token endpoint: a refresh token in, new tokens out.

Source: Pinterest OpenAPI 5.23.0, POST /oauth/token: HTTP Basic with client id and secret, form body.
"""

from __future__ import annotations

import base64
from typing import Final
from urllib.parse import urlencode

from destination_pinterest.api.endpoints import TOKEN
from destination_pinterest.api.models import TokenAnswer, decoder
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import FORM, Call, Transport
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    AuthenticationError,
    InvalidRequestError,
    MissingScopeError,
    PermissionDeniedError,
)

_decode: Final = decoder(TokenAnswer)
_SIGN_IN_AGAIN: Final = (
    "Pinterest does not renew the sign-in: the refresh token is expired (60 days without a sync) or revoked, another "
    "process with the same settings has renewed it meanwhile, or the app's ID and secret do not belong to it. Sign in "
    "again in the destination's settings, unless there was such a process: then run this again."
)
_SIGN_IN_AGAIN_AFTER_A_LOSS: Final = (
    "Pinterest does not renew the sign-in: an answer to a refresh was lost before, so Pinterest may have replaced the "
    "refresh token by one that never arrived here. Sign in again in the destination's settings."
)


_ONCE: Final = RetryPolicy(retry_s=0.0, exchange_s=20.0)


class _Basic:
    """The app's ID and secret in the form of the Authorization header."""

    def __init__(self, client_id: str, client_secret: str) -> None:
        self._value = "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()

    def authorization(self) -> str:
        """The header's value."""
        return self._value

    def renew(self, rejected: str) -> str:  # noqa: ARG002 - as Credentials has it
        """There are no other credentials."""
        raise AuthenticationError(Code.SIGN_IN_NOT_RENEWED, _SIGN_IN_AGAIN)


class TokenEndpoint:
    """The endpoint for RefreshingToken, which makes sure that there is one call at a time."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._answer_lost = False

    def __call__(self, client_id: str, client_secret: str, refresh_token: str, *, patient: bool = True) -> TokenAnswer:
        """Exchanges a refresh token, which becomes invalid if the answer has another.

        Unless `patient`, there is one attempt, and not a long one: everything that uses the sign-in waits for it.

        Raises:
            AuthenticationError: a new sign-in is needed.
            TransientError: no answer within the retry budget. The refresh token may be invalid all the same.
        """
        call = Call(
            TOKEN,
            TOKEN.template,
            _decode,
            body=urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token}).encode(),
            content_type=FORM,
            secrets=(client_secret, refresh_token),
            on_lost_answer=self._remember_lost_answer,
            retry=None if patient else _ONCE,
        )
        try:
            answer = self._transport.perform(call, _Basic(client_id, client_secret))
        except (AuthenticationError, InvalidRequestError, MissingScopeError, PermissionDeniedError) as error:
            refused = error.answer
        else:
            self._answer_lost = False
            return answer
        raise AuthenticationError(
            Code.SIGN_IN_NOT_RENEWED,
            _SIGN_IN_AGAIN_AFTER_A_LOSS if self._answer_lost else _SIGN_IN_AGAIN,
            answer=refused,
        )

    def redeem(self, client_id: str, client_secret: str, code: str, redirect_uri: str) -> TokenAnswer:
        """Exchanges the code that a person's consent gave, once: a second exchange would be refused in any case.

        Raises:
            AuthenticationError: it is refused.
            ConnectorError: it failed in another way.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            # Apps that were made before 2025-09-25 get a refresh token of a year otherwise, which is not renewed.
            "continuous_refresh": "true",
        }
        call = Call(
            TOKEN,
            TOKEN.template,
            _decode,
            body=urlencode(form).encode(),
            content_type=FORM,
            secrets=(client_secret, code),
            retry=_ONCE,
        )
        try:
            return self._transport.perform(call, _Basic(client_id, client_secret))
        except (AuthenticationError, InvalidRequestError, MissingScopeError, PermissionDeniedError) as error:
            refused = error.answer
        raise AuthenticationError(
            Code.CODE_REFUSED,
            "Pinterest does not accept the code: it was used already or is older than about ten minutes, the app's "
            "ID and secret are not right, or the redirect URI is not the app's. Check them under My apps, and sign in "
            "again.",
            answer=refused,
        )

    def _remember_lost_answer(self) -> None:
        self._answer_lost = True
