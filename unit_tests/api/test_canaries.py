"""Whatever goes wrong, nothing of a person and no secret is in what the room says."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import urllib3
from urllib3.exceptions import MaxRetryError, NewConnectionError

from destination_pinterest.api.auth import RefreshingToken, SignIn
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.token_endpoint import TokenEndpoint
from destination_pinterest.errors import ConnectorError
from destination_pinterest.vocabulary import Identifier, Operation
from unit_tests.api.factories import MakeClient, MakeTransport
from unit_tests.support.clock import Clock
from unit_tests.support.scripted_adapter import Reaction, ScriptedAdapter, answer, fails
from unit_tests.support.watcher import Watcher

BASE_URL = "https://pinterest.example.com/v5"
DIGEST = hashlib.sha256(b"canary.person@example.com").hexdigest()
OPAQUE = "CanaryPinner77"
PLAIN = "canary.person@example.com"
RECORDS = ",".join([DIGEST, OPAQUE, PLAIN])
SECRETS = {
    "access": "pina_CanaryAccess",
    "refresh": "pinr_CanaryRefresh",
    "client": "CanaryClientSecret",
    "new access": "pina_CanaryNewAccess",
    "new refresh": "pinr_CanaryNewRefresh",
}
CANARIES = [*SECRETS.values(), DIGEST, DIGEST[:16], OPAQUE, PLAIN, "canary"]
POOL = urllib3.HTTPSConnectionPool("pinterest.example.com")

CALLS: dict[str, Callable[[PinterestClient], Any]] = {
    "user_account": lambda client: client.user_account(),
    "ad_account": lambda client: client.ad_account(),
    "customer_lists": lambda client: list(client.customer_lists()),
    "create_customer_list": lambda client: client.create_customer_list("VIP", RECORDS, Identifier.EMAIL),
    "update_customer_list": lambda client: client.update_customer_list("643", Operation.ADD, RECORDS, 3),
    "create_audience": lambda client: client.create_audience("VIP", "643"),
}


def everything_said(error: BaseException) -> Iterator[str]:
    """Every text that the error and all that it is linked with can show."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield from (str(current), repr(current), repr(current.args), repr(vars(current)))
        assert not isinstance(current, requests.RequestException | urllib3.exceptions.HTTPError), "a carrier of bodies"
        todo += [linked for linked in (current.__cause__, current.__context__) if linked is not None]
        todo += [item for item in (*current.args, *vars(current).values()) if isinstance(item, BaseException)]


def assert_silent(texts: Iterator[str] | list[str]) -> None:
    for text in texts:
        for canary in CANARIES:
            assert canary.lower() not in text.lower(), text


def echo(request: requests.PreparedRequest) -> str:
    """All that the request held, as a careless server would quote it, and a person that it did not hold."""
    body = request.body or b""
    text = body.decode() if isinstance(body, bytes) else body
    piece = f"'{OPAQUE}' {OPAQUE[:-2]}…" if OPAQUE in text else ""
    return f"Invalid {request.headers['Authorization']} {piece} '{DIGEST}', {PLAIN}; body {text}"


def faults() -> dict[str, Reaction]:
    """Every way in which a request can fail, with the request in it."""

    def refusing(status: int, code: int) -> Reaction:
        return lambda request: answer(
            status, {"code": code, "message": echo(request)}, {"x-pinterest-rid": PLAIN, "Retry-After": OPAQUE}
        )(request)

    found = {
        f"{status}/{code}": refusing(status, code)
        for status in (100, 302, 400, 401, 403, 404, 405, 407, 408, 409, 413, 418, 429, 500, 501, 503)
        for code in (1, 3)
    }
    found["not JSON"] = lambda request: answer(200, f"<html>{echo(request)}".encode())(request)
    found["not UTF-8"] = lambda request: answer(200, b'{"id":"' + echo(request).encode() + b'\xff"}')(request)
    found["truncated"] = lambda request: answer(200, json.dumps({"x": echo(request)}).encode()[:-1])(request)
    found["wrong shape"] = lambda request: answer(200, {"id": echo(request), "items": echo(request)})(request)
    found["no object"] = lambda request: answer(200, [echo(request)])(request)
    found["refused"] = fails(
        lambda r: requests.ConnectionError(MaxRetryError(POOL, echo(r), NewConnectionError(POOL, echo(r))), request=r)
    )
    found["reset"] = fails(
        lambda r: requests.ConnectionError(urllib3.exceptions.ProtocolError(echo(r), OSError(echo(r))), request=r)
    )
    found["timeout"] = fails(lambda r: requests.ReadTimeout(echo(r), request=r))
    found["header"] = fails(lambda r: requests.exceptions.InvalidHeader(echo(r), request=r))
    return found


FAULTS = list(faults())


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_no_failure_gives_a_person_or_a_secret_away(
    *,
    fault: str,
    method: str,
    make_client: MakeClient,
    make_transport: MakeTransport,
    far_end: ScriptedAdapter,
    watcher: Watcher,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    if (fault, method) == ("wrong shape", "user_account"):
        pytest.skip("Nothing of it is needed, so it is no failure.")
    far_end.will(faults()[fault])
    tokens = RefreshingToken(
        SignIn("1234567", SECRETS["client"], SECRETS["refresh"], SECRETS["access"]),
        endpoint=TokenEndpoint(make_transport(RetryPolicy(retry_s=5))),
        system=clock.system,
        on_rotation=lambda tokens: None,
    )
    client = make_client(tokens, RetryPolicy(retry_s=5))
    with pytest.raises(ConnectorError) as caught:
        CALLS[method](client)
    assert far_end.requests
    assert_silent(everything_said(caught.value))
    assert_silent([repr(notice) for notice in watcher.retries + watcher.exchanges + watcher.waits])
    for notice in watcher.retries:
        assert_silent(everything_said(notice.error))
    assert_silent([caplog.text, repr(client), repr(tokens)])


def test_the_canaries_would_be_found(far_end: ScriptedAdapter, session: requests.Session) -> None:
    far_end.will(fails(lambda r: requests.ConnectionError("x", request=r)))
    with pytest.raises(requests.ConnectionError) as caught:
        session.patch(f"{BASE_URL}/x", data=RECORDS)
    with pytest.raises(AssertionError, match="carrier"):
        list(everything_said(caught.value))
    with pytest.raises(AssertionError):
        assert_silent([f"it was {PLAIN}"])
