"""Counts requests, in all and by the customer list that they are about."""

from __future__ import annotations

import threading
from collections import Counter

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice


class RequestCount:
    """An observer of the client that counts. Any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_object: Counter[str | None] = Counter()

    @property
    def total(self) -> int:
        """All requests, each try for itself."""
        return self._by_object.total()

    def of(self, object_id: str) -> int:
        """The requests about one list or audience."""
        return self._by_object[object_id]

    def sent(self, exchange: Exchange) -> None:
        """See `Observer.sent`."""
        with self._lock:
            self._by_object[exchange.object_id] += 1

    def retrying(self, notice: RetryNotice) -> None:
        """See `Observer.retrying`."""

    def waiting(self, wait: QuotaWait) -> None:
        """See `Observer.waiting`."""
