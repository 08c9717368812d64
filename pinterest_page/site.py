"""The page's addresses: the page, its parts that renew themselves, and its files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pinterest_page.protection import SAFE_HEADERS
from pinterest_page.rendering import render
from pinterest_page.view import Content, Explanation, Running, Source

_TYPES: Final = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_UNCHANGED: Final = 204


class Site:
    """The addresses under which a page is shown.

    Args:
        source: fills the page.
        parts: where its parts are, as the page itself links to them; "" if they lie beside it.
        explained: returns what is known of errors, to whose codes problems lead.
    """

    def __init__(
        self, source: Source, parts: str = "", explained: Callable[[], Sequence[Explanation]] | None = None
    ) -> None:
        self._source = source
        self._parts = parts
        self._explained = explained

    def routes(self) -> list[Route]:
        """Returns the page, its parts and its files."""
        below = f"/{self._parts}"
        explained = [] if self._explained is None else [Route("/errors", self._errors, methods=["GET"])]
        return [
            *explained,
            Route("/", self._page, methods=["GET"]),
            Route(f"{below}content", self._content, methods=["GET"]),
            Route(f"{below}running", self._running, methods=["GET"]),
            Route(f"{below}static/{{name}}", static_file, methods=["GET"]),
        ]

    async def _page(self, _: Request) -> Response:
        content, running = await self._source.content(), await self._source.running()
        return self._html("page.html", **_content_values(content), **_running_values(running), said=None)

    async def _errors(self, _: Request) -> Response:
        explained = () if self._explained is None else self._explained()
        return self._html("errors.html", explained=explained)

    async def _content(self, request: Request) -> Response:
        values = _content_values(await self._source.content())
        if request.query_params.get("seen") == values["content_seen"]:
            return Response(status_code=_UNCHANGED, headers=dict(SAFE_HEADERS))
        return self._html("_content.html", **values)

    async def _running(self, request: Request) -> Response:
        values = _running_values(await self._source.running())
        if request.query_params.get("seen") == values["running_seen"]:
            return Response(status_code=_UNCHANGED, headers=dict(SAFE_HEADERS))
        before, now = request.query_params.get("count", "0"), str(len(values["running"] or ()))
        # A screen reader says it once, not with every number that changes.
        said = values["running_text"] if before != now else None
        answer = self._html("_running.html", **values, said=said)
        if before != now:
            answer.headers["HX-Trigger"] = "runs-changed"
        return answer

    def _html(self, template: str, **values: Any) -> Response:
        return HTMLResponse(render(template, parts=self._parts, **values), headers=dict(SAFE_HEADERS))


async def static_file(request: Request) -> Response:
    """Answers with one of the page's files. Raises: HTTPException if there is none of the name."""
    name = request.path_params["name"]
    if name not in _TYPES:
        raise HTTPException(404)
    content = files("pinterest_page").joinpath("static", name).read_bytes()
    return Response(content, media_type=_TYPES[name], headers={**SAFE_HEADERS, "Cache-Control": "no-cache"})


def _content_values(content: Content) -> dict[str, Any]:
    return {"content": content, "content_seen": _digest(content)}


def _running_values(running: Sequence[Running] | None) -> dict[str, Any]:
    count = len(running or ())
    text = "No sync is running." if not count else f"{count} sync{' is' if count == 1 else 's are'} running."
    return {"running": running, "running_seen": _digest(running), "running_text": text}


def _digest(shown: object) -> str:
    """Tells whether a part has changed since a browser got it."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
