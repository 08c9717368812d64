"""Tells of a thread that ends by a fault of its own. Python would print the fault's message, which may quote data."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from destination_pinterest.error_codes import Code


@contextmanager
def telling_of_thread_faults(log: Callable[[str, str], None]) -> Iterator[None]:
    """While active, such a fault goes into the log by its type and place. `log` takes a level and a line for people."""

    def tell(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_type is SystemExit:
            return
        thread = "?" if ended.thread is None else ended.thread.name
        frames = traceback.extract_tb(ended.exc_traceback)
        place = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "an unknown place"
        log(
            "ERROR",
            f'{Code.CRASHED}: The connector\'s thread "{thread}" ended by a fault of its own '
            f"({ended.exc_type.__name__} in {place}). Please report it.",
        )

    before, threading.excepthook = threading.excepthook, tell
    try:
        yield
    finally:
        threading.excepthook = before
