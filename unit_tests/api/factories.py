"""What the fixtures that make things can be asked for."""

from __future__ import annotations

from typing import Protocol

from destination_pinterest.api.auth import TokenSource
from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.limits import Limits
from destination_pinterest.api.quota import Quota
from destination_pinterest.api.retry import RetryPolicy
from destination_pinterest.api.transport import Transport


class MakeQuota(Protocol):
    def __call__(self, limits: Limits | None = None, longest_wait_s: float = 3600.0) -> Quota: ...


class MakeTransport(Protocol):
    def __call__(self, retry: RetryPolicy | None = None) -> Transport: ...


class MakeClient(Protocol):
    def __call__(self, tokens: TokenSource | None = None, retry: RetryPolicy | None = None) -> PinterestClient: ...
