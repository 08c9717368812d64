"""The far end below the wire: an adapter of requests that answers, or fails, as a test writes it down.

It is mounted on a session of the test's own, so that what requests and urllib3 really raise goes through `HttpWire`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

Reaction = Callable[[requests.PreparedRequest], requests.Response]


def answer(status: int = 200, body: object = None, headers: Mapping[str, str] | None = None) -> Reaction:
    """An answer; a body that is not bytes is sent as JSON."""

    def react(request: requests.PreparedRequest) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        response = urllib3.HTTPResponse(
            body=io.BytesIO(raw), headers=dict(headers or {}), status=status, preload_content=False
        )
        return HTTPAdapter().build_response(request, response)

    return react


def fails(make: Callable[[requests.PreparedRequest], Exception]) -> Reaction:
    """The network fails instead of an answer."""

    def react(request: requests.PreparedRequest) -> requests.Response:
        raise make(request)

    return react


@dataclass(frozen=True)
class Options:
    """What requests' adapters are told beside the request."""

    timeout: object
    verify: object
    proxies: Mapping[str, str] | None


class ScriptedAdapter(BaseAdapter):
    """Reacts from a script, in order; the last reaction is repeated for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Reaction] = []
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[Options] = []

    def will(self, *reactions: Reaction) -> None:
        self.script = list(reactions)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.requests.append(request)
        self.options.append(Options(timeout, verify, proxies))
        react = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return react(request)

    def close(self) -> None:
        pass

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body or b"") for request in self.requests]
