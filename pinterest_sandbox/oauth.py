"""Gives out and renews tokens (POST /oauth/token), and judges the one that a request shows.

Source: https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/, 2026-11-22:
lives of tokens, HTTP Basic for the client, form bodies; OpenAPI 5.23.0, OauthAccessTokenResponse*. Which error a wrong
code or refresh token gets is not documented: 401 code 2 is our reading. An access token outlives the refresh that
replaces it, which is our reading too. `continuous_refresh` is taken for granted, as for apps made since 2025-09-25.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from pinterest_sandbox.call import Call, Operation
from pinterest_sandbox.entities import AccessToken, App, AuthorizationCode, RefreshToken
from pinterest_sandbox.refusals import authentication_failed, invalid, not_permitted, scope_missing
from pinterest_sandbox.world import World

ACCESS_TOKEN_LIFE_S = 30 * 86_400
REFRESH_TOKEN_LIFE_S = 60 * 86_400
# "About 10 minutes" by third-party notes; Pinterest's page does not say.
CODE_LIFE_S = 600
# Source: OpenAPI 5.23.0, securitySchemes.pinterest_oauth2.
SCOPES = (
    "ads:read",
    "ads:write",
    "billing:read",
    "billing:write",
    "biz_access:read",
    "biz_access:write",
    "boards:read",
    "boards:read_secret",
    "boards:write",
    "boards:write_secret",
    "catalogs:read",
    "catalogs:write",
    "msot:write",
    "pins:read",
    "pins:read_secret",
    "pins:write",
    "pins:write_secret",
    "user_accounts:read",
    "user_accounts:write",
)
_GRANTS = ("authorization_code", "refresh_token", "client_credentials")
_FORM = "application/x-www-form-urlencoded"


def authenticate(world: World, operation: Operation, headers: dict[str, str]) -> AccessToken:
    """The valid access token of a request, fit for the operation.

    Raises:
        Refusal: 401 code 2 (no token, garbage, expired, revoked), 401 code 3 (scope), 403 code 29 (kind of token).
    """
    kind, _, value = headers.get("authorization", "").partition(" ")
    token = world.access_tokens.get(value.strip()) if kind.lower() == "bearer" else None
    if token is None or token.revoked or _is_over(world, token.expires_at):
        raise authentication_failed()
    if token.kind == "client" and not operation.client_tokens:
        raise not_permitted()
    if not set(operation.scopes) <= set(token.scopes):
        raise scope_missing()
    return token


def authenticate_client(world: World, headers: dict[str, str]) -> App:
    """The app whose id and secret a request shows by HTTP Basic.

    Raises:
        Refusal: 401 code 2.
    """
    kind, _, value = headers.get("authorization", "").partition(" ")
    try:
        client_id, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise authentication_failed() from error
    app = world.apps.get(client_id)
    if kind.lower() != "basic" or app is None or not secrets.compare_digest(app.client_secret, secret):
        raise authentication_failed()
    return app


def token(call: Call) -> dict[str, Any]:
    """POST /oauth/token."""
    app = authenticate_client(call.world, call.headers)
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise invalid(f"Invalid request: the body must be {_FORM}")
    form = {name: values[-1] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
    grant = _required(form, "grant_type")
    call.seen.operation = grant
    match grant:
        case "authorization_code":
            return _redeem(call, app, form)
        case "refresh_token":
            return _refresh(call, app, form)
        case "client_credentials":
            return _client_token(call, app, form)
    raise invalid(f"Invalid request: 'grant_type' value '{grant}' must be one of {list(_GRANTS)}")


def split_scopes(text: str) -> list[str]:
    """Scopes from a list that commas or blanks part.

    Raises:
        Refusal: 400 code 1; one is unknown, or there is none.
    """
    scopes = text.replace(",", " ").split()
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise invalid(f"Invalid request: 'scope' value '{' '.join(unknown)}' is not a known scope")
    return scopes


def new_code(world: World, app: App, user_id: str, redirect_uri: str, scopes: Iterable[str]) -> AuthorizationCode:
    """A fresh authorization code."""
    expires_at = world.now() + CODE_LIFE_S
    code = AuthorizationCode(secrets.token_hex(20), app.client_id, user_id, redirect_uri, list(scopes), expires_at)
    world.save(code)
    return code


def new_access_token(
    world: World, client_id: str, user_id: str, scopes: Iterable[str], text: str | None = None
) -> AccessToken:
    """A fresh access token for its full life, with a text of its own or one that was asked for."""
    expires_at = world.now() + ACCESS_TOKEN_LIFE_S
    fresh = AccessToken(text or f"pina_{secrets.token_hex(32)}", client_id, user_id, list(scopes), expires_at)
    world.save(fresh)
    return fresh


def new_refresh_token(
    world: World, client_id: str, user_id: str, scopes: Iterable[str], text: str | None = None
) -> RefreshToken:
    """A fresh refresh token for its full life, with a text of its own or one that was asked for."""
    expires_at = world.now() + REFRESH_TOKEN_LIFE_S
    fresh = RefreshToken(text or f"pinr_{secrets.token_hex(32)}", client_id, user_id, list(scopes), expires_at)
    world.save(fresh)
    return fresh


def _redeem(call: Call, app: App, form: dict[str, str]) -> dict[str, Any]:
    world = call.world
    code = world.codes.get(_required(form, "code"))
    redirect_uri = _required(form, "redirect_uri")
    if code is None or code.used or code.client_id != app.client_id or _is_over(world, code.expires_at):
        raise authentication_failed()
    if code.redirect_uri != redirect_uri:
        raise authentication_failed()
    code.used = True
    world.save(code)
    access = new_access_token(world, app.client_id, code.user_id, code.scopes)
    refresh = new_refresh_token(world, app.client_id, code.user_id, code.scopes)
    return _answer(world, "authorization_code", access, refresh)


def _refresh(call: Call, app: App, form: dict[str, str]) -> dict[str, Any]:
    world = call.world
    refresh = world.refresh_tokens.get(_required(form, "refresh_token"))
    if refresh is None or refresh.revoked or refresh.client_id != app.client_id or _is_over(world, refresh.expires_at):
        raise authentication_failed()
    scopes = split_scopes(form["scope"]) if "scope" in form else refresh.scopes
    if not set(scopes) <= set(refresh.scopes):
        raise scope_missing()
    access = new_access_token(world, app.client_id, refresh.user_id, scopes)
    if call.settings.rotate_refresh_tokens:
        refresh.revoked = True
        world.save(refresh)
        refresh = new_refresh_token(world, app.client_id, refresh.user_id, refresh.scopes)
    else:
        refresh.expires_at = world.now() + REFRESH_TOKEN_LIFE_S
        world.save(refresh)
    return _answer(world, "refresh_token", access, refresh)


def _client_token(call: Call, app: App, form: dict[str, str]) -> dict[str, Any]:
    scopes = split_scopes(_required(form, "scope"))
    owner = next(iter(call.world.users))
    expires_at = call.world.now() + ACCESS_TOKEN_LIFE_S
    access = AccessToken(f"pinc_{secrets.token_hex(32)}", app.client_id, owner, scopes, expires_at, kind="client")
    call.world.save(access)
    return _answer(call.world, "client_credentials", access, None)


def _answer(world: World, response_type: str, access: AccessToken, refresh: RefreshToken | None) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "access_token": access.token,
        "token_type": "bearer",
        "expires_in": ACCESS_TOKEN_LIFE_S,
        "scope": " ".join(access.scopes),
        "response_type": response_type,
    }
    if refresh is not None:
        answer["refresh_token"] = refresh.token
        answer["refresh_token_expires_in"] = REFRESH_TOKEN_LIFE_S
        answer["refresh_token_expires_at"] = int(world.now()) + REFRESH_TOKEN_LIFE_S
    return answer


def _required(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise invalid(f"Invalid request: '{name}' is a required property")
    return form[name]


def _is_over(world: World, expires_at: float | None) -> bool:
    return expires_at is not None and world.now() >= expires_at
