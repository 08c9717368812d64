"""Lets an application break the connection of a request in two ways that HTTP cannot express.

uvicorn's protocol is kept as it is, and adds to each request's scope what the pipeline calls when a fault asks for it:
a reset (RST in place of an answer) and an answer that stops half-way.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

RESET = "pinterest_sandbox.reset"
CLOSE = "pinterest_sandbox.close"
# SO_LINGER switched on with no time to linger: closing sends RST and drops what was not sent.
_NO_LINGERING = struct.pack("ii", 1, 0)


class BreakableProtocol(HttpToolsProtocol):
    """HTTP/1.1 whose connections a request can break."""

    def on_message_begin(self) -> None:
        """Start a request's scope, and add the two ways to break it."""
        super().on_message_begin()
        extensions: dict[str, Callable[[], None]] = {RESET: self._reset, CLOSE: self._close}
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope["extensions"] = extensions

    def _reset(self) -> None:
        if self.transport.is_closing():
            return  # The client went away by itself.
        _set_no_lingering(self.transport)
        self.transport.abort()

    def _close(self) -> None:
        self.transport.close()


def _set_no_lingering(transport: asyncio.Transport) -> None:
    # The event loop hands out a stand-in for the socket, not every one of which takes options: use the descriptor.
    duplicate = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
    try:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
    finally:
        duplicate.close()
