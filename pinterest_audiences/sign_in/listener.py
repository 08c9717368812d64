"""Waits on this machine for the browser that Pinterest sends back.

Only what carries this sign-in's state is taken; everything else is answered and forgotten: a browser asks for icons,
and another page could send it here with a code of somebody else's.

Source: OWASP, "Content Security Policy Cheat Sheet" and "HTTP Headers Cheat Sheet" (read 2026-11-27).
"""

from __future__ import annotations

import base64
import errno
import hashlib
import hmac
import queue
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sign_in.app import Redirected

_LOOK_UP_EVERY_S: Final = 0.1
# A browser asks in milliseconds; whoever sends a letter now and then would hold a thread as long as it likes.
_PATIENCE_S: Final = 10.0
# A browser opens up to six at once.
_MOST_CONNECTIONS: Final = 16
_NO_VERSION_6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HOST: Final = re.compile(r"(\[[0-9a-f:]+\]|[^:\[\]]+)(?::\d{1,5})?", re.IGNORECASE)
_STYLE: Final = "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; }"
_STYLE_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_SAFE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # The address holds the code.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>{style}</style>
</head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


class RedirectListener:
    """Takes the answer. Create it with `listening`."""

    def __init__(self, path: str, state: str, host: str = "localhost") -> None:
        self._path = path
        self._state = state
        self._hosts = _THIS_MACHINE | {host.lower()}
        self._found: queue.SimpleQueue[Redirected] = queue.SimpleQueue()

    @classmethod
    @contextmanager
    def listening(cls, redirect_uri: str, port: int, state: str) -> Iterator[RedirectListener]:
        """Listens on the port of the redirect URI, on this machine alone. Raises: UsageError if it is taken."""
        address = urlsplit(redirect_uri)
        listener = cls(address.path or "/", state, address.hostname or "localhost")
        with ExitStack() as opened:
            for server in _servers(port, listener):
                opened.callback(server.server_close)
                threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
                opened.callback(server.shutdown)
            yield listener

    def wait(self, timeout_s: float, interruption: Interruption) -> Redirected | None:
        """Returns the answer; None if none came in time, or a stop was requested."""
        give_up_at = time.monotonic() + timeout_s
        while time.monotonic() < give_up_at and not interruption.is_requested:
            with suppress(queue.Empty):
                return self._found.get(timeout=_LOOK_UP_EVERY_S)
        return None

    def answer(self, target: str, host: str = "localhost") -> tuple[HTTPStatus, str, str]:
        """Takes a request for a path with its query; returns a status, a title and a text for the page.

        Args:
            target: the path with its query.
            host: for whom the browser takes this machine: a name of somebody else's may be made to lead here.
        """
        named = _HOST.fullmatch(host)
        if named is None or named[1].lower() not in self._hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "Not this machine's name", "Begin again in the terminal."
        if target.partition("?")[0] != self._path:
            return HTTPStatus.NOT_FOUND, "Nothing is here", "This program only waits for a sign-in."
        redirected = Redirected.of(target)
        if not hmac.compare_digest((redirected.state or "").encode(), self._state.encode()):
            text = "This page was not opened by the sign-in that the terminal waits for. Begin again in the terminal."
            return HTTPStatus.BAD_REQUEST, "Not this sign-in", text
        if redirected.code is None and redirected.error is None:
            return HTTPStatus.BAD_REQUEST, "No answer", "Pinterest has sent no answer. Begin again in the terminal."
        self._found.put(redirected)
        if redirected.code is None:
            return HTTPStatus.OK, "Not signed in", "Access was not allowed. You can close this page."
        return HTTPStatus.OK, "Go back to the terminal", "The sign-in goes on there. You can close this page."


class _PatientServer(ThreadingHTTPServer):
    """Holds few connections, and none for long."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[socket.socket, threading.Timer] = {}
        self._changing = threading.Lock()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Takes a connection; of too many, the oldest makes room, so that a browser always gets in."""
        timer = threading.Timer(_PATIENCE_S, _end, (request,))
        timer.daemon = True
        with self._changing:
            if len(self._open) >= _MOST_CONNECTIONS:
                oldest = next(iter(self._open))
                self._open.pop(oldest).cancel()
                _end(oldest)
            self._open[request] = timer
        timer.start()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection."""
        with self._changing:
            timer = self._open.pop(request, None)
        if timer is not None:
            timer.cancel()
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing: a browser that goes away is no failure, and a trace could hold the code."""


def _end(connection: socket.socket) -> None:
    """Wakes the thread that waits for it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _servers(port: int, listener: RedirectListener) -> list[ThreadingHTTPServer]:
    """One for each address of this machine: which of them a browser takes for `localhost` differs."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            """Answers the browser."""
            status, title, text = listener.answer(self.path, self.headers.get("Host", ""))
            page = _PAGE.format(style=_STYLE, title=title, text=text).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def end_headers(self) -> None:
            """Adds what holds for every answer, also for those of the base class to what is no request."""
            for name, value in _SAFE_HEADERS.items():
                self.send_header(name, value)
            super().end_headers()

        def version_string(self) -> str:
            """Says nothing of this machine's Python."""
            return "pinterest-audiences"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Says nothing: the line would hold the code."""

    class Server6(_PatientServer):
        address_family = socket.AF_INET6

    servers: list[ThreadingHTTPServer] = []
    try:
        servers.append(_PatientServer(("127.0.0.1", port), Handler))
        with _without_version_6():
            servers.append(Server6(("::1", port), Handler))
    except OSError as error:
        for server in servers:
            server.server_close()
        raise UsageError(
            Code.LOGIN_PORT_UNUSABLE,
            f"This machine can't listen on port {port} for the browser ({error.strerror}). End what uses it, register "
            "a redirect URI with another port in the app and name that by --port, or add --no-browser.",
        ) from None
    return servers


@contextmanager
def _without_version_6() -> Iterator[None]:
    """Not every machine has it. But a port that is taken there would give the code to whoever took it."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_VERSION_6:
            raise
