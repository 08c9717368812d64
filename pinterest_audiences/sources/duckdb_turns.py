"""Lets audiences of one process that use the same DuckDB file take turns.

All connections of a process to a file share one database, with its settings: one that is read can't be opened to be
written to, and where one permits spilling to disk, so do all. So who compares has the file alone, and others share it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

Release = Callable[[], None]


class Turns:
    """Who uses which file. For several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._shared: Counter[Path] = Counter()
        self._alone: set[Path] = set()

    def share(self, path: Path) -> Release:
        """Waits until nobody has the file alone. Returns what gives it back, once or more often."""
        file = path.resolve()
        with self._changed:
            self._changed.wait_for(lambda: file not in self._alone)
            self._shared[file] += 1
        return self._once(lambda: self._shared.subtract([file]))

    def alone(self, path: Path) -> Release:
        """Waits until nobody has the file. Returns what gives it back, once or more often."""
        file = path.resolve()
        with self._changed:
            self._changed.wait_for(lambda: file not in self._alone and not self._shared[file])
            self._alone.add(file)
        return self._once(lambda: self._alone.discard(file))

    def _once(self, gives_back: Callable[[], None]) -> Release:
        is_back = False

        def release() -> None:
            nonlocal is_back
            with self._changed:
                if not is_back:
                    is_back = True
                    gives_back()
                    self._changed.notify_all()

        return release


TURNS: Final = Turns()
"""Those of the process."""
