"""Ends exchanges that take too long as a whole, whatever of them hangs: a proxy, TLS, the headers, the body.

The timeout of a socket begins anew with every byte, so a server that sends one every half second would hold a thread
for ever. One thread watches all exchanges of a wire and shuts down the connection of one whose time is over; whatever
reads from it or writes to it then ends. It holds a second descriptor of the connection, because TLS takes the socket
over, and http.client lets go of it before the body is read.

Source: urllib3 2.8.0, connection.py; ssl.SSLSocket._create detaches the socket that it wraps (read 2026-11-27).
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

# So often the thread looks for exchanges where there was none. If there is none again, it ends; the next one starts
# another.
_IDLE_S: Final = 5.0


class Watched:
    """One exchange. `is_over`: its time was over, and its connection was shut down."""

    def __init__(self, ends_at: float) -> None:
        self.ends_at = ends_at
        self.is_over = False
        self._line: socket.socket | None = None

    def take(self, line: socket.socket | None) -> None:
        """Takes another descriptor of the connection, in place of the one before."""
        if self._line is not None:
            self._line.close()
        self._line = line
        if self.is_over:
            self.end()

    def end(self) -> None:
        """Shuts the connection down, if there is one yet."""
        self.is_over = True
        if self._line is not None:
            with suppress(OSError):  # The server was quicker.
                self._line.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Watches the exchanges of one wire, each in the thread that makes it.

    Args:
        changed: guards the exchanges, and tells of new ones.
    """

    def __init__(self, changed: threading.Condition | None = None) -> None:
        self._changed = changed or threading.Condition()
        self._watched: set[Watched] = set()
        self._here = threading.local()
        self._is_awake = False
        self._looks_at = 0.0

    @contextmanager
    def limiting(self, seconds: float) -> Iterator[Watched]:
        """Gives what this thread does in a `with` so many seconds."""
        watched = Watched(time.monotonic() + seconds)
        with self._changed:
            self._watched.add(watched)
            self._here.watched = watched
            if not self._is_awake:
                self._is_awake = True
                threading.Thread(target=self._watch, name="watchdog of the network", daemon=True).start()
            elif watched.ends_at < self._looks_at:  # The others are seen in time; to wake it takes time from all.
                self._changed.notify()
        try:
            yield watched
        finally:
            self._here.watched = None
            with self._changed:
                self._watched.discard(watched)
                watched.take(None)

    def connected(self, connection: socket.socket) -> None:
        """Takes the connection that this thread's exchange uses from now on."""
        watched: Watched | None = getattr(self._here, "watched", None)
        if watched is None:
            return
        line = socket.socket(fileno=os.dup(connection.fileno()))
        with self._changed:
            watched.take(line)

    def _watch(self) -> None:
        with self._changed:
            # An exchange may begin while this thread, done waiting, has not got the lock yet; it starts no other one.
            while self._watched or self._wait(_IDLE_S) or self._watched:
                now = time.monotonic()
                for watched in self._watched:
                    if watched.ends_at <= now and not watched.is_over:
                        watched.end()
                going_on = [watched.ends_at for watched in self._watched if not watched.is_over]
                if self._watched:
                    self._wait(min(going_on, default=now + _IDLE_S) - now)
            self._is_awake = False

    def _wait(self, seconds: float) -> bool:
        """Waits until then, or for an exchange that ends sooner; returns whether there is one."""
        self._looks_at = time.monotonic() + seconds
        return self._changed.wait(seconds)


class WatchedAdapter(HTTPAdapter):
    """An adapter of requests whose connections a watchdog knows."""

    def __init__(self, watchdog: Watchdog, **options: Any) -> None:
        self._pools = _pools(watchdog)
        super().__init__(**options)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See HTTPAdapter."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """See HTTPAdapter."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(watchdog: Watchdog) -> dict[str, type[HTTPConnectionPool]]:
    """Returns urllib3's classes by scheme, with connections that report themselves to a watchdog."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            watchdog.connected(sock)
            return sock

        def request(self, *arguments: Any, **options: Any) -> None:
            if self.sock is not None:  # It was opened for an earlier exchange.
                watchdog.connected(self.sock)
            super().request(*arguments, **options)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            watchdog.connected(sock)
            return sock

        def request(self, *arguments: Any, **options: Any) -> None:
            if self.sock is not None:
                watchdog.connected(self.sock)
            super().request(*arguments, **options)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
