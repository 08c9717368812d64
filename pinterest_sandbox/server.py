"""Serves a sandbox over HTTP on one port, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from pinterest_sandbox.protocol import BreakableProtocol

# How long requests under way may still take when the server is stopped.
_GRACE_S = 3


class ServerError(Exception):
    """The server cannot be started; the message says why and what to do."""


class SandboxServer(uvicorn.Server):
    """A uvicorn server that says when it listens, and ends without an error when it is told to."""

    def __init__(self, app: ASGIApp, on_listening: Callable[[], None], on_stopping: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BreakableProtocol,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                server_header=False,
                # Longer than any client keeps an idle connection, so that it is never closed under a request.
                timeout_keep_alive=120,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        self._on_listening = on_listening
        self._on_stopping = on_stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it stops, then see requests under way to their end."""
        self._on_stopping()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop; at the second signal at once. uvicorn's own would raise the signal again once it has stopped."""
        self.force_exit = self.should_exit
        self.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one.

    Raises:
        ServerError: the address is taken or is none of this machine's.
    """
    family, kind, protocol, _, address = _resolve(host, port)
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise ServerError(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port, or 0") from error
    return listener


def serve(
    app: ASGIApp, listener: socket.socket, on_listening: Callable[[], None], on_stopping: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = SandboxServer(app, on_listening, on_stopping)
    # What was loaded so far lives as long as the process: the collector need not look at it again.
    gc.freeze()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop  # noqa: PLC0415 - not to be had on Windows
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _resolve(host: str, port: int) -> tuple[int, int, int, str, tuple[object, ...]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise ServerError(f"{host!r} is no address of this machine ({error.strerror})") from error
