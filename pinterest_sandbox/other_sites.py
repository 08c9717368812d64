"""Keeps pages of other sites, which any browser on this machine may have open, from driving a sandbox.

What is asked of the API itself needs a header that no other site's page can send. Programs, such as curl and tests,
send none of what is looked at here.

Source: W3C, "Fetch Metadata Request Headers"; Fetch Standard, "`Origin` header" (read 2026-11-27): a page that sends no
    referrer sends the origin `null` with its own form, as does a frame of anybody's.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pinterest_page.protection import SAFE_HEADERS, for_this_machine

_API: Final = "/v5/"
_CONTROL: Final = "/_sandbox"
_READING: Final = frozenset({"GET", "HEAD"})
_OF_ANOTHER_SITE: Final = frozenset({"cross-site", "same-site"})


class OtherSites:
    """Refuses what a browser sends on behalf of another site.

    Args:
        app: the sandbox.
        only_this_machine: whether it can be reached from this machine alone, by a name that only it has; then another
            name has been made to lead here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, only_this_machine: bool) -> None:
        self._app = app
        self._only_this_machine = only_this_machine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["path"].startswith(_API):
            await self._app(scope, receive, send)
        elif self._only_this_machine and not for_this_machine(scope):
            await _refused(421, "This is only for 127.0.0.1 and localhost.")(scope, receive, send)
        elif _changes(scope) and _is_of_another_site(scope):
            await _refused(403, "Another site's page can't do this.")(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _changes(scope: Scope) -> bool:
    return scope["path"].startswith(_CONTROL) or scope["method"] not in _READING


def _is_of_another_site(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    own = {f"http://{headers.get('host', '')}".lower()}
    if not scope["path"].startswith(_CONTROL):
        own.add("null")
    origin = headers.get("origin")
    return headers.get("sec-fetch-site") in _OF_ANOTHER_SITE or (origin is not None and origin.lower() not in own)


def _refused(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(text + "\n", status, headers=dict(SAFE_HEADERS))
