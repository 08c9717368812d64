"""Waits on this machine for the browser that Pinterest sends back.

Only what carries this sign-in's state is taken; everything else is answered and forgotten: a browser asks for icons,
and another page could send it here with a code of somebody else's.
"""

from __future__ import annotations

import errno
import hmac
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.sign_in.app import Redirected, is_this_machine

_LOOK_UP_EVERY_S: Final = 0.1
_READ_TIMEOUT_S: Final = 10.0
_NO_VERSION_6: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title>
<style>body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 4rem auto; padding: 0 1rem; }}</style>
</head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>
"""


class RedirectListener:
    """Takes the answer. Create it with `listening`."""

    def __init__(self, path: str, state: str) -> None:
        self._path = path
        self._state = state
        self._found: queue.SimpleQueue[Redirected] = queue.SimpleQueue()

    @classmethod
    @contextmanager
    def listening(cls, redirect_uri: str, port: int, state: str) -> Iterator[RedirectListener]:
        """Listens on the port of the redirect URI, on this machine alone. Raises: UsageError if it is taken."""
        listener = cls(urlsplit(redirect_uri).path or "/", state)
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

    def answer(self, target: str, host: str) -> tuple[HTTPStatus, str, str]:
        """Takes a request for a path with its query; returns a status, a title and a text for the page."""
        # Another name that leads here is that of a page which wants to read what comes.
        if not _is_here(host):
            return HTTPStatus.MISDIRECTED_REQUEST, "Not here", "This program answers to localhost alone."
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


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_this_machine(name)


def _servers(port: int, listener: RedirectListener) -> list[ThreadingHTTPServer]:
    """One for each address of this machine: which of them a browser takes for `localhost` differs."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _READ_TIMEOUT_S

        def do_GET(self) -> None:
            """Answers the browser."""
            status, title, text = listener.answer(self.path, self.headers.get("Host", ""))
            page = _PAGE.format(title=title, text=text).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            # The address holds the code.
            self.send_header("Referrer-Policy", "no-referrer")
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Content-Security-Policy", _POLICY)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Says nothing: the line would hold the code."""

    class Server4(ThreadingHTTPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Says nothing: a browser that goes away is no failure, and a trace could hold the code."""

    class Server6(Server4):
        address_family = socket.AF_INET6

    servers: list[ThreadingHTTPServer] = []
    try:
        servers.append(Server4(("127.0.0.1", port), Handler))
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
