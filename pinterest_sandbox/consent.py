"""The page on which a person lets an app in: /oauth/, as a browser sees it.

Nobody signs in here; the sandbox's own user is taken to be the one who clicks.

Source: https://developers.pinterest.com/docs/getting-started/set-up-authentication-and-authorization/, 2026-11-22:
parameters client_id, redirect_uri, response_type=code, scope, state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from pinterest_page.protection import SAFE_HEADERS_OF_FORM
from pinterest_page.rendering import render
from pinterest_sandbox.default_world import USER_ID
from pinterest_sandbox.entities import App
from pinterest_sandbox.oauth import new_code, split_scopes
from pinterest_sandbox.refusals import Refusal
from pinterest_sandbox.world import World

# Where the page's files are, from /oauth/.
_PARTS: Final = "../_page/"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request for consent that is in order."""

    app: App
    redirect_uri: str
    scopes: list[str]
    state: str | None


class _OutOfOrderError(Exception):
    """A request for consent that nothing may be sent back for; the message is for the person."""


class ConsentPage:
    """Shows the page, and acts on the button."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def show(self, request: Request) -> Response:
        """GET /oauth/: the page, or what is wrong with the address."""
        try:
            asked = self._asked(request.query_params)
        except _OutOfOrderError as error:
            return _error_page(str(error))
        return _page(
            title=f"{asked.app.name} asks for access",
            problem=None,
            app_name=asked.app.name,
            app_id=asked.app.client_id,
            business=self._world.users[USER_ID].business_name,
            scopes=asked.scopes,
            redirect_uri=asked.redirect_uri,
            hidden=request.query_params.items(),
        )

    async def decide(self, request: Request) -> Response:
        """POST /oauth/: back to the app with a code, or with error=access_denied."""
        form = await request.form()
        values = {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
        try:
            asked = self._asked(values)
        except _OutOfOrderError as error:
            return _error_page(str(error))
        if values.get("decision") == "allow":
            code = new_code(self._world, asked.app, USER_ID, asked.redirect_uri, asked.scopes)
            self._world.commit()
            outcome = {"code": code.code}
        else:
            outcome = {"error": "access_denied", "error_description": "The user denied the request."}
        if asked.state is not None:
            outcome["state"] = asked.state
        return RedirectResponse(_with_query(asked.redirect_uri, outcome), status_code=302)

    def _asked(self, given: Mapping[str, str]) -> _Asked:
        app = self._world.apps.get(given.get("client_id", ""))
        if app is None:
            raise _OutOfOrderError("client_id: there is no such app.")
        redirect_uri = given.get("redirect_uri", "")
        if not any(_admits(registered, redirect_uri) for registered in app.redirect_uris):
            raise _OutOfOrderError("redirect_uri: it is not registered for this app.")
        if given.get("response_type") != "code":
            raise _OutOfOrderError("response_type: it must be code.")
        try:
            scopes = split_scopes(given.get("scope", ""))
        except Refusal as refusal:
            raise _OutOfOrderError(f"scope: {refusal.message}") from refusal
        return _Asked(app, redirect_uri, scopes, given.get("state"))


def _admits(registered: str, redirect_uri: str) -> bool:
    """Equal; or, for one that ends in `*`, the same up to there, and then the end, a port, a path or a query."""
    if not registered.endswith("*"):
        return redirect_uri == registered
    beginning = registered[:-1]
    rest = redirect_uri.removeprefix(beginning)
    if not redirect_uri.startswith(beginning) or "@" in urlsplit(redirect_uri).netloc:
        return False
    return beginning.endswith("/") or not rest or rest[0] in ":/?"


def _with_query(redirect_uri: str, more: dict[str, str]) -> str:
    parts = urlsplit(redirect_uri)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


def _error_page(message: str) -> HTMLResponse:
    return _page(400, title="Something is wrong with this address", problem=message)


def _page(status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(render("consent.html", parts=_PARTS, **values), status, dict(SAFE_HEADERS_OF_FORM))
