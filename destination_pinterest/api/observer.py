"""What the client reports to its observer: answers, retries and waits. It counts and prints nothing itself.

An observer is called from every thread that sends, so it must be thread-safe and quick, and must not raise.
Nothing that it receives holds a body, an identifier or a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from destination_pinterest.api.endpoints import Category, Endpoint
from destination_pinterest.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Exchange:
    """Pinterest answered, with whatever status. `object_id` is the customer list or audience in the path, if any."""

    endpoint: Endpoint
    object_id: str | None
    status: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class RetryNotice:
    """A request failed in a way that may pass, and is sent again after `delay_s`. `attempt` counts from 1."""

    endpoint: Endpoint
    object_id: str | None
    error: ConnectorError
    attempt: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """A request waits `wait_s` for its turn, from now on.

    `resets_at` (seconds since 1970) is when the quota that is used up resets; None where the wait is only the ordinary
    spacing of requests, too short to report.
    """

    category: Category
    wait_s: float
    resets_at: float | None


class Observer(Protocol):
    """Hears what the client does."""

    def answered(self, exchange: Exchange) -> None:
        """Pinterest answered."""

    def retrying(self, notice: RetryNotice) -> None:
        """A request will be sent again."""

    def waiting(self, wait: QuotaWait) -> None:
        """A request waits for quota."""


class SilentObserver:
    """Ignores everything."""

    def answered(self, exchange: Exchange) -> None:
        """Pinterest answered."""

    def retrying(self, notice: RetryNotice) -> None:
        """A request will be sent again."""

    def waiting(self, wait: QuotaWait) -> None:
        """A request waits for quota."""
