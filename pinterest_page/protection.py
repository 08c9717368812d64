"""Who may see the page, and what a browser may do with it.

Source: OWASP, "Content Security Policy Cheat Sheet" and "HTTP Headers Cheat Sheet" (read 2026-11-27).

A page of any site can make a browser send requests to this machine, and by a name of its own that it lets lead here
(DNS rebinding) read the answers: only the Host header tells.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

# Nothing from anywhere else, nothing inline, and in no frame.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A form's answer may lead to another site: a browser holds that against form-action, too.
SAFE_HEADERS_OF_FORM: Final[Mapping[str, str]] = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
SAFE_HEADERS: Final[Mapping[str, str]] = {
    **SAFE_HEADERS_OF_FORM,
    "Content-Security-Policy": f"{_POLICY}; form-action 'none'",
}
_THIS_MACHINE: Final = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_READING: Final = frozenset({"GET", "HEAD"})


class Gate:
    """Lets in who reads, knows the token, and asks for this machine by a name that only it has.

    The token is the first part of the path, so that the page's own addresses, which are relative, have it too; a cookie
    would be sent to every other program on this machine's ports.

    Args:
        app: what is behind the gate.
        token: what has to be known.
        ticket: leads to the token, once: a browser that is started with an address shows its arguments to everybody on
            the machine.
    """

    def __init__(self, app: ASGIApp, token: str, ticket: str | None = None) -> None:
        self._app = app
        self._token = token.encode()
        self._ticket = None if ticket is None else ticket.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        token, slash, _ = scope["path"].removeprefix("/").partition("/")
        answer = self._admission(scope, token) or self._refusal(scope, token)
        if answer is None and not slash:
            answer = RedirectResponse(f"/{token}/", headers=dict(SAFE_HEADERS))
        if answer is None:
            await self._app({**scope, "root_path": f"/{token}"}, receive, send)
        else:
            await answer(scope, receive, send)

    def _admission(self, scope: Scope, ticket: str) -> Response | None:
        is_asked = scope["method"] == "GET" and for_this_machine(scope)
        if self._ticket is None or not is_asked or not secrets.compare_digest(ticket.encode(), self._ticket):
            return None
        self._ticket = None
        return RedirectResponse(f"/{self._token.decode()}/", headers=dict(SAFE_HEADERS))

    def _refusal(self, scope: Scope, token: str) -> Response | None:
        if not for_this_machine(scope):
            return _refused(421, "This page is only for 127.0.0.1 and localhost.")
        if not secrets.compare_digest(token.encode(), self._token):
            return _refused(403, "Open the address that `pinterest-audiences ui` has printed, with its token.")
        if scope["method"] not in _READING:
            return _refused(405, "This page only shows.", Allow="GET, HEAD")
        return None


def new_token() -> str:
    """Returns a token that nobody can guess."""
    return secrets.token_urlsafe(24)


def for_this_machine(scope: Scope) -> bool:
    """Whether a browser asks for this machine by a name that only it has."""
    return _THIS_MACHINE.fullmatch(Headers(scope=scope).get("host", "")) is not None


async def answer_exception(_: Request, error: Exception) -> Response:
    """Answers with what the framework raises, such as that nothing is there; its own answers lack the headers."""
    status, text, headers = 500, "Internal Server Error", {}
    if isinstance(error, HTTPException):
        status, text, headers = error.status_code, error.detail, dict(error.headers or {})
    return _refused(status, text, **headers)


def _refused(status: int, text: str, **headers: str) -> Response:
    return PlainTextResponse(text + "\n", status, headers={**SAFE_HEADERS, **headers})
