"""The far end of the network, a clock that is moved by sleeping, and somebody who watches."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from destination_pinterest.api.auth import StaticToken
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport

BASE_URL = "https://pinterest.example.com/v5"
AD_ACCOUNT = "549755885175"
TOKEN = "pina_unit_test_token"


@dataclass
class FakeTime:
    """Monotonic and epoch seconds; sleeping moves both."""

    monotonic: float = 1000.0
    epoch: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.monotonic

    def now(self) -> float:
        return self.epoch

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.epoch += seconds


class Watcher:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.exchanges: list[Any] = []
        self.retries: list[Any] = []
        self.waits: list[Any] = []

    def answered(self, exchange: Any) -> None:
        self.exchanges.append(exchange)

    def retrying(self, notice: Any) -> None:
        self.retries.append(notice)

    def waiting(self, wait: Any) -> None:
        self.waits.append(wait)


def answer(status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None) -> Callable[..., Any]:
    """An answer of the far end; a body that is not bytes is sent as JSON."""

    def reply(request: requests.PreparedRequest) -> requests.Response:
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        response = urllib3.HTTPResponse(
            body=io.BytesIO(raw), headers=dict(headers or {}), status=status, preload_content=False
        )
        return HTTPAdapter().build_response(request, response)

    return reply


def fails(make: Callable[[requests.PreparedRequest], Exception]) -> Callable[..., Any]:
    """The network fails instead of an answer."""

    def reply(request: requests.PreparedRequest) -> requests.Response:
        raise make(request)

    return reply


class FarEnd(BaseAdapter):
    """Answers from a script, in order; the last answer is given for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Callable[..., Any]] = []
        self.requests: list[requests.PreparedRequest] = []
        self.options: list[dict[str, Any]] = []

    def will(self, *replies: Callable[..., Any]) -> None:
        self.script = list(replies)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        self.options.append(options)
        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        return reply(request)

    def close(self) -> None:
        pass

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.body) for request in self.requests]


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def far_end() -> FarEnd:
    return FarEnd()


@pytest.fixture
def session(far_end: FarEnd) -> requests.Session:
    session = requests.Session()
    session.mount("https://pinterest.example.com/", far_end)
    return session


@pytest.fixture
def tools(session: requests.Session, time: FakeTime, watcher: Watcher) -> dict[str, Any]:
    """What a client is made with; chance takes nothing off."""
    return {
        "session": session,
        "clock": time.clock,
        "now": time.now,
        "sleep": time.sleep,
        "rng": lambda: 0.0,
        "observer": watcher,
    }


@pytest.fixture
def make_quota(time: FakeTime, watcher: Watcher) -> Callable[..., Quota]:
    def make(limits: Limits | None = None, longest_wait_s: float = 3600.0) -> Quota:
        return Quota(
            limits or Limits(),
            longest_wait_s=longest_wait_s,
            clock=time.clock,
            now=time.now,
            sleep=time.sleep,
            observer=watcher,
        )

    return make


@pytest.fixture
def make_client(tools: dict[str, Any], make_quota: Callable[..., Quota]) -> Callable[..., PinterestClient]:
    def make(tokens: Any = None, retry: RetryPolicy | None = None, **others: Any) -> PinterestClient:
        transport = Transport(BASE_URL, make_quota(), retry or RetryPolicy(), **{**tools, **others})
        return PinterestClient(AD_ACCOUNT, tokens or StaticToken(TOKEN), transport)

    return make


@pytest.fixture
def client(make_client: Callable[..., PinterestClient]) -> PinterestClient:
    return make_client()


@pytest.fixture(name="answer")
def _answer() -> Callable[..., Any]:
    return answer


@pytest.fixture(name="fails")
def _fails() -> Callable[..., Any]:
    return fails
