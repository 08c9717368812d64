"""An observer of the client that remembers what it is told."""

from __future__ import annotations

from destination_pinterest.api.observer import Exchange, QuotaWait, RetryNotice


class Watcher:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.retries: list[RetryNotice] = []
        self.waits: list[QuotaWait] = []

    def sent(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def retrying(self, notice: RetryNotice) -> None:
        self.retries.append(notice)

    def waiting(self, wait: QuotaWait) -> None:
        self.waits.append(wait)
