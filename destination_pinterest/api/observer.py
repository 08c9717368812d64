"""The client's observer: it is notified of requests, retries and waits, which the client does not log itself.

An observer is called from every sending thread, so it must be thread-safe and quick, and must not raise. It never
receives a body, an identifier or a secret.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from destination_pinterest.api.endpoints import Category, Endpoint
from destination_pinterest.errors import ConnectorError


class Exchange(msgspec.Struct, frozen=True):
    """A request was sent, and answered with any status, or not at all (None).

    `object_id` is the customer list or audience in the path, if any; `is_repeat` says that the same was sent before.
    """

    endpoint: Endpoint
    object_id: str | None
    status: int | None
    elapsed_s: float
    is_repeat: bool = False


class RetryNotice(msgspec.Struct, frozen=True):
    """A request failed in a way that may pass, and is sent again after `delay_s`. `attempt` counts from 1."""

    endpoint: Endpoint
    object_id: str | None
    error: ConnectorError
    attempt: int
    delay_s: float


class QuotaWait(msgspec.Struct, frozen=True):
    """A request waits `wait_s` for its turn, from now on.

    `resets_at` (seconds since 1970) is when the used-up quota resets; None if the wait only spaces requests and is too
    short to report.
    """

    category: Category
    wait_s: float
    resets_at: float | None


class Observer(Protocol):
    """Is notified of what the client does."""

    def sent(self, exchange: Exchange) -> None:
        """A request was sent; called once for each try."""

    def retrying(self, notice: RetryNotice) -> None:
        """A request will be sent again."""

    def waiting(self, wait: QuotaWait) -> None:
        """A request waits for quota."""


class SilentObserver:
    """Ignores everything."""

    def sent(self, exchange: Exchange) -> None:
        """A request was sent; called once for each try."""

    def retrying(self, notice: RetryNotice) -> None:
        """A request will be sent again."""

    def waiting(self, wait: QuotaWait) -> None:
        """A request waits for quota."""
