"""Calls a sandbox within the same process, without a socket: for tests that need no server.

A connection that the sandbox breaks is raised as what a client over a socket would notice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import msgspec
from starlette.types import ASGIApp, Message

from pinterest_sandbox.default_world import ACCESS_TOKEN
from pinterest_sandbox.protocol import CLOSE, RESET


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


class BrokenAnswerError(Exception):
    """The connection was closed in the middle of an answer."""


class InProcess:
    """A client of an ASGI application; use it as a context manager, or close it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the event loop."""
        self._runner.close()

    def request(
        self,
        method: str,
        target: str,
        json: object = None,
        *,
        body: bytes = b"",
        token: str | None = ACCESS_TOKEN,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; `json` is encoded as the body, which is taken for JSON unless `headers` say otherwise.

        Raises:
            ConnectionResetError: the sandbox reset the connection.
            BrokenAnswerError: it closed the connection before the end of the answer.
        """
        content = msgspec.json.encode(json) if json is not None else body
        sent = {"host": "sandbox", **({"content-type": "application/json"} if content else {})}
        if token:
            sent["authorization"] = f"Bearer {token}"
        sent |= headers or {}
        return self._runner.run(self._exchange(method, target, content, sent))

    async def _exchange(self, method: str, target: str, content: bytes, headers: dict[str, str]) -> Reply:
        path, _, query = target.partition("?")
        broken: list[str] = []
        arrived: list[Message] = [{"type": "http.request", "body": content, "more_body": False}]
        answered: list[Message] = []

        async def receive() -> Message:
            if arrived:
                return arrived.pop()
            if not broken:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            answered.append(message)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "extensions": {RESET: lambda: broken.append(RESET), CLOSE: lambda: broken.append(CLOSE)},
        }
        await self._app(scope, receive, send)
        if RESET in broken:
            raise ConnectionResetError
        if CLOSE in broken:
            raise BrokenAnswerError
        start, *parts = answered
        names = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        return Reply(start["status"], names, b"".join(part.get("body", b"") for part in parts))
