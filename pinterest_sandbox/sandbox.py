"""Puts a sandbox together: one ASGI application of the API, the pages, presigned uploads, the control side."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pinterest_page.protection import answer_exception
from pinterest_page.site import Site
from pinterest_sandbox.consent import ConsentPage
from pinterest_sandbox.control import Control, ControlError, answer_error
from pinterest_sandbox.control_world import ControlOfWorld
from pinterest_sandbox.default_world import populate
from pinterest_sandbox.faults import FaultPlan
from pinterest_sandbox.front_page import FRONT_PAGE_PARTS, FrontPage
from pinterest_sandbox.pipeline import Pipeline
from pinterest_sandbox.restoration import restore
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.state import State
from pinterest_sandbox.storage import Memory, Sqlite
from pinterest_sandbox.uploads import PresignedParts
from pinterest_sandbox.world import World

_API = "/v5/"


class Sandbox:
    """The ASGI application.

    Args:
        settings: how it starts.
        store: where its world is kept; a world found there is taken up again.
        with_control: whether /_sandbox is there.
        clock: wall clock, unix seconds.
        sleep: waits so many seconds, for latency.
        chance: for request ids.
        plans: the faults that it starts with.

    Raises:
        StorageError: the store holds something that this version does not know.
    """

    def __init__(
        self,
        settings: Settings,
        store: Memory | Sqlite,
        *,
        with_control: bool,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        chance: random.Random,
        plans: tuple[FaultPlan, ...] = (),
    ) -> None:
        self.world = World(store, clock)
        if not (isinstance(store, Sqlite) and restore(self.world, store)):
            populate(self.world)
        state = State.fresh(self.world, settings, plans)
        self._api = Pipeline(state, sleep, chance)
        consent = ConsentPage(self.world)
        routes: list[Route | Mount] = [
            *Site(FrontPage(state), FRONT_PAGE_PARTS).routes(),
            Route("/oauth/", consent.show, methods=["GET"]),
            Route("/oauth/", consent.decide, methods=["POST"]),
            Route("/_uploads/{upload_id}/{number:int}", PresignedParts(self.world).put, methods=["PUT"]),
        ]
        if with_control:
            control = [*Control(state).routes(), *ControlOfWorld(state).routes()]
            routes.append(Mount("/_sandbox", routes=control))
        self._pages: ASGIApp = Starlette(
            routes=routes, exception_handlers={ControlError: answer_error, HTTPException: answer_exception}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        handler = self._api if scope["path"].startswith(_API) else self._pages
        await handler(scope, receive, send)
