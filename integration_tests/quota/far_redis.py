"""A way to a Redis that takes its time, and can be cut: a proxy for TCP on this machine."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_READ_BYTES = 1 << 16


class FarRedis:
    """Passes on what comes, half a round trip later in each direction; nothing while it is cut."""

    def __init__(self, socket_path: str, round_trip_s: float) -> None:
        self._socket_path = socket_path
        self._one_way_s = round_trip_s / 2
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def cut(self) -> None:
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result()

    def mend(self) -> None:
        self._is_cut = False

    def stop(self) -> None:
        self._server.close()
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _cut(self) -> None:
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_unix_connection(self._socket_path)
        self._writers |= {writer, back}
        with suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))
        for each in (writer, back):
            self._writers.discard(each)
            each.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What follows is read while the last is still on its way."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(under_way, writer))
        while read := await reader.read(_READ_BYTES):
            under_way.put_nowait((time.monotonic() + self._one_way_s, read))
        under_way.put_nowait((0.0, b""))
        await delivering

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        while True:
            at, read = await under_way.get()
            if not read:
                writer.close()
                return
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            writer.write(read)


@contextmanager
def far_redis(socket_path: str, round_trip_s: float) -> Iterator[FarRedis]:
    far = FarRedis(socket_path, round_trip_s)
    try:
        yield far
    finally:
        far.stop()
