"""Takes one API request from arrival to answer: find, strike with faults, authenticate, count, check, handle, answer.

The order is the same for every endpoint:
 1. 404 and 405 by path and method        5. latency, and the faults that need no handler
 2. faults are struck, tokens expired     6. 400 by path and query
 3. 401 by token and scope                7. the handler: body, rights, effect; then the store's commit
 4. 429 by quota                          8. the answer, or what a fault makes of it

What comes late (lateness.py) happens before the first request that arrives after its time.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec
from starlette.types import Receive, Scope, Send

from pinterest_sandbox import faults as fault
from pinterest_sandbox.answer import Answer
from pinterest_sandbox.call import Call, Operation
from pinterest_sandbox.contract import check_id, check_media_type, check_query
from pinterest_sandbox.faults import Action
from pinterest_sandbox.matching import Matching
from pinterest_sandbox.oauth import authenticate, authenticate_client
from pinterest_sandbox.operations import Routes
from pinterest_sandbox.people_sent import slowness_s
from pinterest_sandbox.protocol import CLOSE, RESET
from pinterest_sandbox.quota import Allowance, Limit
from pinterest_sandbox.refusals import Refusal, rate_limited
from pinterest_sandbox.seen import SeenRequest
from pinterest_sandbox.state import State

_PREFIX = "/v5"
_CREATIONS = frozenset({"customer_lists/create", "audiences/create"})
_COUNTS = ("num_uploaded_user_records", "num_removed_user_records")
_HTML_PAGE = b"<html><head><title>Pinterest</title></head><body>Sorry! Something went wrong.</body></html>"


@dataclass(slots=True)
class _Exchange:
    """What has become of a request so far."""

    struck: list[Action]
    allowance: Allowance | None = None

    def first(self, *kinds: type[Action]) -> Action | None:
        return next((action for action in self.struck if isinstance(action, kinds)), None)


class _ConnectionResetError(Exception):
    """The request ends without an answer and without an effect."""


class _WorldEndedError(Exception):
    """The sandbox was reset while the request waited: it belongs to a world that is no more."""


class Pipeline:
    """The ASGI application below /v5."""

    def __init__(self, state: State, sleep: Callable[[float], Awaitable[None]], chance: random.Random) -> None:
        self._state = state
        self._sleep = sleep
        self._chance = chance
        self._matching = Matching(state.world, state.settings)
        self._routes = Routes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await _read(receive)
        if body is None:
            return
        seen = SeenRequest(
            number=self._state.seen.next_number(),
            at=self._state.world.now(),
            method=scope["method"],
            path=scope["path"],
            rid=str(self._chance.randrange(10**15, 10**16)),
            body=body.decode("utf-8", "replace") if self._state.settings.now.keep_bodies else None,
        )
        exchange = _Exchange([])
        self._state.lateness.catch_up()
        try:
            answer = await self._answer(scope, body, seen, exchange)
        except _ConnectionResetError:
            seen.outcome = "reset_before"
            answer = None
        except _WorldEndedError:
            await _break(scope, RESET, receive)
            return
        if answer is not None and exchange.first(fault.ResetAfter):
            seen.outcome = "reset_after"
            answer = None
        if answer is None:
            self._state.seen.add(seen)
            await _break(scope, RESET, receive)
            return
        answer = _spoil(answer, exchange)
        answer.headers["x-pinterest-rid"] = seen.rid
        seen.status = answer.status
        truncate = exchange.first(fault.Truncate)
        if isinstance(truncate, fault.Truncate) and truncate.how == "connection":
            seen.outcome = "truncated"
            self._state.seen.add(seen)
            await answer.send_half(send)
            await _break(scope, CLOSE, receive)
            return
        self._state.seen.add(seen)
        await answer.send(send)

    async def _answer(self, scope: Scope, body: bytes, seen: SeenRequest, exchange: _Exchange) -> Answer:
        try:
            shown = _shorten(await self._handle(scope, body, seen, exchange), exchange)
            created = seen.endpoint in _CREATIONS or seen.endpoint == "oauth/token"
            status = self._state.settings.now.created_status if created else 200
            answer = Answer(status, msgspec.json.encode(shown))
        except Refusal as refusal:
            seen.code = refusal.code
            answer = Answer(refusal.status, msgspec.json.encode(refusal.body()), headers=dict(refusal.headers))
        if not isinstance(exchange.first(fault.RateLimit), fault.RateLimit):
            answer.headers = {**self._state.quota.headers(exchange.allowance), **answer.headers}
        return answer

    async def _handle(self, scope: Scope, body: bytes, seen: SeenRequest, exchange: _Exchange) -> dict[str, object]:
        path = str(scope["path"]).removeprefix(_PREFIX)
        operation, parameters = self._routes.find(scope["method"], path)
        seen.path = _PREFIX + operation.path
        seen.endpoint = operation.id
        seen.category = operation.category
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        exchange.struck = self._state.faults.strike(operation.id, parameters.values())
        self._expire_token(exchange, headers)
        call = Call(
            operation=operation,
            world=self._state.world,
            matching=self._matching,
            settings=self._state.settings.now,
            spacing=self._state.spacing,
            lateness=self._state.lateness,
            count_lag=self._state.count_lag,
            path=parameters,
            query=_query(scope),
            headers=headers,
            body=body,
            seen=seen,
        )
        self._admit(call, exchange)
        await self._delay(exchange, slowness_s(body, self._state.settings.now) if body else 0.0)
        self._misbehave(call, exchange)
        for name, value in parameters.items():
            check_id(name, value)
        check_query(call.query, operation.query, operation.required_query)
        if body and not operation.basic_auth:
            check_media_type(headers)
        late = exchange.first(fault.LateEffect)
        if isinstance(late, fault.LateEffect):
            self._state.lateness.postpone(late.seconds, lambda: self._take_effect_late(call))
            raise _ConnectionResetError
        shown = operation.handler(call)
        self._state.world.commit()
        self._hide_creation(call, shown, exchange)
        return shown

    def _take_effect_late(self, call: Call) -> None:
        """Do what a request asked for whose client is long gone; nobody hears of a refusal."""
        with suppress(Refusal):
            call.operation.handler(call)
        self._state.world.commit()

    def _hide_creation(self, call: Call, shown: dict[str, object], exchange: _Exchange) -> None:
        late = exchange.first(fault.LateVisible)
        if isinstance(late, fault.LateVisible) and call.operation.id in _CREATIONS:
            self._state.lateness.hide(str(shown["id"]), late.seconds, listings_only=late.listings_only)

    def _admit(self, call: Call, exchange: _Exchange) -> None:
        """Authenticate and count; without a caller there is no quota to count against."""
        operation: Operation = call.operation
        if operation.basic_auth:
            caller = (authenticate_client(self._state.world, call.headers).client_id, "")
        else:
            call.bearer = authenticate(self._state.world, operation, call.headers)
            caller = (call.bearer.client_id, call.bearer.user_id)
        exchange.allowance = self._state.quota.spend(operation.category, *caller)
        if exchange.allowance is not None and not exchange.allowance.permitted:
            raise rate_limited()

    async def _delay(self, exchange: _Exchange, slowness_s: float) -> None:
        extra_s = slowness_s + sum(action.seconds for action in exchange.struck if isinstance(action, fault.Latency))
        delay_s = extra_s + self._state.settings.now.latency_ms / 1000
        if delay_s:
            began_in = self._state.world.odometer
            await self._sleep(delay_s)
            if self._state.world.odometer is not began_in:
                raise _WorldEndedError

    def _misbehave(self, call: Call, exchange: _Exchange) -> None:
        """Act on the faults that come before the request takes effect."""
        for action in exchange.struck:
            match action:
                case fault.ResetBefore():
                    raise _ConnectionResetError
                case fault.ErrorStatus():
                    raise Refusal(action.status, action.code, action.message, action.headers)
                case fault.RateLimit():
                    raise rate_limited(self._pretended_headers(action, exchange))
                case fault.DeleteList():
                    self._state.world.drop_list(call.path.get("customer_list_id", ""))
                    self._state.world.commit()
                case fault.TooLarge():
                    call.size_limit = action
                case _:
                    continue

    def _pretended_headers(self, action: fault.RateLimit, exchange: _Exchange) -> dict[str, str]:
        headers = {}
        if action.headers:
            limit = exchange.allowance.limit if exchange.allowance else Limit(400, 60)
            headers = self._state.quota.headers(Allowance(False, limit, 0, action.reset_s))
        if action.retry_after_s is not None:
            headers["retry-after"] = str(action.retry_after_s)
        return headers

    def _expire_token(self, exchange: _Exchange, headers: dict[str, str]) -> None:
        token = self._state.world.access_tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if token is not None and exchange.first(fault.ExpireToken):
            token.expires_at = self._state.world.now()
            self._state.world.save(token)
            self._state.world.commit()


def _shorten(shown: dict[str, object], exchange: _Exchange) -> dict[str, object]:
    """What is shown of an answer, where faults leave something out of it or make its counts lag."""
    leaves_out = exchange.first(fault.LeaveOut)
    lags = exchange.first(fault.LaggingCounts)
    left_out = leaves_out.fields if isinstance(leaves_out, fault.LeaveOut) else ()
    lag = lags.records if isinstance(lags, fault.LaggingCounts) else 0
    if not left_out and not lag:
        return shown
    items = shown.get("items")
    if isinstance(items, list):
        return {**shown, "items": [_shorten(item, exchange) for item in items]}
    shown = {name: value for name, value in shown.items() if name not in left_out}
    counts = {name: value for name, value in shown.items() if name in _COUNTS and isinstance(value, int | float)}
    return shown | {name: max(0, value - lag) for name, value in counts.items()}


def _spoil(answer: Answer, exchange: _Exchange) -> Answer:
    """The answer as the faults leave it."""
    not_json = exchange.first(fault.NotJson)
    if isinstance(not_json, fault.NotJson) and answer.status < 300:
        answer = Answer(not_json.status, _HTML_PAGE, "text/html; charset=utf-8", answer.headers)
    truncate = exchange.first(fault.Truncate)
    if isinstance(truncate, fault.Truncate) and truncate.how == "body":
        answer.body = answer.body[: len(answer.body) // 2]
    return answer


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None if the client went away before its end."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _break(scope: Scope, how: str, receive: Receive) -> None:
    """Break the connection, and wait until the server has noticed, so that it does not miss an answer."""
    scope["extensions"][how]()
    while (await receive())["type"] != "http.disconnect":
        continue


def _query(scope: Scope) -> dict[str, str]:
    if not scope["query_string"]:
        return {}
    parsed = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return {name: values[-1] for name, values in parsed.items()}
