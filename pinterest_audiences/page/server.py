"""Serves the page on this machine alone, until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from destination_pinterest.error_codes import Code
from pinterest_audiences.failure_view import write_failure
from pinterest_audiences.failures import Failure, UsageError, place_of
from pinterest_audiences.page.explanations import explanations
from pinterest_page.protection import Gate, answer_exception
from pinterest_page.site import Site
from pinterest_page.view import Source

LOOPBACK = "127.0.0.1"
_GRACE_S = 1


def application(source: Source, token: str, ticket: str | None = None) -> ASGIApp:
    """Returns the page behind its gate; see there."""
    answers = dict.fromkeys((HTTPException, Exception), answer_exception)
    site = Site(source, explained=explanations)
    return Gate(_Discreet(Starlette(routes=site.routes(), exception_handlers=answers)), token, ticket)


class _Discreet:
    """Says of what goes wrong unexpectedly only what and where: its text, which uvicorn would log, may quote people.

    The framework has answered by then.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the page's edge
            what = f"{type(error).__name__} in {place_of(error)}"
            write_failure(
                Failure.because(Code.CLI_CRASHED, f"A fault of this program ({what}). Please report it.").text
            )


def bound(port: int) -> socket.socket:
    """Returns a socket that listens on this machine; port 0 takes any free one. Raises: UsageError if it is taken."""
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise UsageError(
            Code.PAGE_PORT_TAKEN,
            f"The page can't be served on port {port} ({error.strerror}). Name another one by --port, or 0 for any.",
        ) from None
    return listener


class PageServer(uvicorn.Server):
    """A server that says when it listens, and for which Ctrl-C is the usual end."""

    def __init__(self, app: ASGIApp, on_listening: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen, and says so."""
        await super().startup(sockets)
        self._on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stops. uvicorn's own would raise the signal again once it has stopped."""
        self.force_exit = self.should_exit
        self.should_exit = True
