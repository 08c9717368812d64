"""Keeps the pages of other sites from driving the sandbox: a browser sends their requests, and says whose they are.

Source: Fetch Standard, section 3.1, the Origin header (fetch.spec.whatwg.org, read 2026-11-27).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class OwnPagesOnly:
    """Refuses what a page of another site asks for; programs name no origin, and are let in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or urlsplit(origin).netloc == headers.get("host"):
            await self._app(scope, receive, send)
        else:
            refusal = PlainTextResponse("A page of another site can't do that.\n", 403)
            await refusal(scope, receive, send)
