"""Reads pages of an ASGI application without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.types import ASGIApp

from pinterest_sandbox.in_process import InProcess


@dataclass(frozen=True, slots=True)
class ReadPage:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str


class PageReader:
    """Asks for pages, by the name under which a browser on this machine would."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def get(self, path: str, *, host: str = "127.0.0.1:8701", method: str = "GET", **query: str) -> ReadPage:
        """Returns the answer to one request."""
        target = f"{path}?{urlencode(query)}" if query else path
        with InProcess(self._app) as client:
            reply = client.request(method, target, token=None, headers={"host": host})
        return ReadPage(reply.status, reply.headers, reply.body.decode())
