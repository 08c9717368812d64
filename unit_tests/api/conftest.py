"""A client over a scripted adapter, and somebody who watches it."""

from __future__ import annotations

import pytest
import requests

from destination_pinterest.api.auth import StaticToken, TokenSource
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport
from destination_pinterest.api.watchdog import Watchdog
from destination_pinterest.api.wire import HttpWire
from unit_tests.api.factories import MakeClient, MakeQuota, MakeTransport
from unit_tests.support.clock import Clock
from unit_tests.support.scripted_adapter import ScriptedAdapter
from unit_tests.support.watcher import Watcher

BASE_URL = "https://pinterest.example.com/v5"
AD_ACCOUNT = "549755885175"
TOKEN = "pina_unit_test_token"


@pytest.fixture(autouse=True)
def _usual_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def far_end() -> ScriptedAdapter:
    return ScriptedAdapter()


@pytest.fixture
def session(far_end: ScriptedAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("https://pinterest.example.com/", far_end)
    return session


@pytest.fixture
def wire(session: requests.Session, clock: Clock) -> HttpWire:
    return HttpWire(BASE_URL, session, clock.clock, Watchdog())


@pytest.fixture
def make_quota(clock: Clock, watcher: Watcher) -> MakeQuota:
    def make(limits: Limits | None = None, longest_wait_s: float = 3600.0) -> Quota:
        return Quota(limits or Limits(), longest_wait_s=longest_wait_s, system=clock.system, observer=watcher)

    return make


@pytest.fixture
def quota(make_quota: MakeQuota) -> Quota:
    return make_quota()


@pytest.fixture
def make_transport(wire: HttpWire, quota: Quota, clock: Clock, watcher: Watcher) -> MakeTransport:
    def make(retry: RetryPolicy | None = None) -> Transport:
        return Transport(wire, quota, retry or RetryPolicy(), system=clock.system, observer=watcher)

    return make


@pytest.fixture
def make_client(make_transport: MakeTransport) -> MakeClient:
    def make(tokens: TokenSource | None = None, retry: RetryPolicy | None = None) -> PinterestClient:
        return PinterestClient(AD_ACCOUNT, tokens or StaticToken(TOKEN), make_transport(retry))

    return make


@pytest.fixture
def client(make_client: MakeClient) -> PinterestClient:
    return make_client()
