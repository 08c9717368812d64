"""The control side of the sandbox itself: reset, settings, clock, requests seen, quota left, and plans of faults.

Mounted under /_sandbox only when the sandbox was started with `--control`. Nothing of this exists at Pinterest.
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pinterest_sandbox.default_world import CLIENT_ID, USER_ID, populate
from pinterest_sandbox.faults import FaultPlan
from pinterest_sandbox.quota import Category
from pinterest_sandbox.settings import NotNegative
from pinterest_sandbox.state import State

_Body = TypeVar("_Body")


class ControlError(Exception):
    """A control request that cannot be carried out; becomes an answer of that status with the message as `error`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Advance(msgspec.Struct, forbid_unknown_fields=True):
    advance_s: NotNegative


class Control:
    """What can be asked of, and done to, a running sandbox."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        """The endpoints, below /_sandbox."""
        return [
            Route("/reset", self._reset, methods=["POST"]),
            Route("/settings", self._show_settings, methods=["GET"]),
            Route("/settings", self._change_settings, methods=["PATCH"]),
            Route("/clock", self._show_clock, methods=["GET"]),
            Route("/clock", self._advance_clock, methods=["POST"]),
            Route("/requests", self._show_requests, methods=["GET"]),
            Route("/requests", self._forget_requests, methods=["DELETE"]),
            Route("/quota", self._show_quota, methods=["GET"]),
            Route("/quota", self._refill_quota, methods=["DELETE"]),
            Route("/faults", self._show_faults, methods=["GET"]),
            Route("/faults", self._add_fault, methods=["POST"]),
            Route("/faults", self._clear_faults, methods=["DELETE"]),
            Route("/faults/{plan_id:int}", self._remove_fault, methods=["DELETE"]),
        ]

    async def _reset(self, _: Request) -> Response:
        """The default world, the settings of the start, a full quota, no faults, no memory of requests."""
        self._state.world.clear()
        populate(self._state.world)
        self._state.restart()
        return answer({"reset": True})

    async def _show_settings(self, _: Request) -> Response:
        return answer(self._state.settings.now)

    async def _change_settings(self, request: Request) -> Response:
        changes = await read(request, dict[str, Any])
        try:
            return answer(self._state.settings.change(changes))
        except msgspec.ValidationError as error:
            raise ControlError(400, str(error)) from error

    async def _show_clock(self, _: Request) -> Response:
        return answer({"now": self._state.world.now(), "ahead_s": self._state.world.odometer.clock_ahead_s})

    async def _advance_clock(self, request: Request) -> Response:
        self._state.world.advance((await read(request, _Advance)).advance_s)
        self._state.world.commit()
        return await self._show_clock(request)

    async def _show_requests(self, request: Request) -> Response:
        """Requests in order of their end; `endpoint`, `status`, `after` (a number) and `limit` narrow them down."""
        query = request.query_params
        after, limit = _whole(query.get("after", "0")), _whole(query.get("limit", "1000"))
        found = [
            seen
            for seen in self._state.seen.requests
            if seen.number > after
            and query.get("endpoint", seen.endpoint) == seen.endpoint
            and query.get("status", str(seen.status)) == str(seen.status)
        ]
        return answer(
            {
                "total": self._state.seen.total,
                "by_endpoint": dict(self._state.seen.by_endpoint),
                "by_status": dict(self._state.seen.by_status),
                "requests": found[:limit],
            }
        )

    async def _forget_requests(self, _: Request) -> Response:
        self._state.seen.clear()
        return answer({"total": 0})

    async def _show_quota(self, request: Request) -> Response:
        query = request.query_params
        client_id, user_id = query.get("client_id", CLIENT_ID), query.get("user_id", USER_ID)
        left = {category: self._state.quota.left(category, client_id, user_id) for category in get_args(Category)}
        return answer({"tier": self._state.settings.now.tier, "categories": left})

    async def _refill_quota(self, request: Request) -> Response:
        self._state.quota.clear()
        return await self._show_quota(request)

    async def _show_faults(self, _: Request) -> Response:
        return answer({"faults": self._state.faults.active()})

    async def _add_fault(self, request: Request) -> Response:
        return answer(self._state.faults.add(await read(request, FaultPlan)), 201)

    async def _clear_faults(self, _: Request) -> Response:
        self._state.faults.clear()
        return answer({"faults": []})

    async def _remove_fault(self, request: Request) -> Response:
        if not self._state.faults.remove(request.path_params["plan_id"]):
            raise ControlError(404, "there is no plan of that id")
        return answer({"faults": self._state.faults.active()})


def answer(body: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status, media_type="application/json")


async def read(request: Request, kind: type[_Body]) -> _Body:
    """The JSON body of a control request; none at all counts as an empty object.

    Raises:
        ControlError: 400; it is not what the endpoint takes.
    """
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=kind)
    except msgspec.MsgspecError as error:
        raise ControlError(400, str(error)) from error


async def answer_error(_: Request, error: Exception) -> Response:
    """The answer for a ControlError."""
    status = error.status if isinstance(error, ControlError) else 500
    return answer({"error": str(error)}, status)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise ControlError(400, f"{text!r} is no whole number")
    return int(text)
