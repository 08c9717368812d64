"""Ends what a database computes when somebody asks to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pinterest_audiences.difference.warehouse import Warehouse
from pinterest_audiences.interruption import Interruption

_LOOK_UP_EVERY_S: Final = 0.2


@contextmanager
def stopping(warehouse: Warehouse, interruption: Interruption) -> Iterator[None]:
    """While active, a requested stop makes the running statement fail."""
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_LOOK_UP_EVERY_S):
            if interruption.is_requested:
                warehouse.interrupt()

    watcher = threading.Thread(target=watch, name="stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_over.set()
        watcher.join()
