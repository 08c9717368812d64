"""Notes in which form Pinterest's answers speak of the quota, while they pass by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from destination_pinterest.api.wire import Lost, Message, Reply, Wire

LimitForm = Literal["none", "plain", "envoy", "other"]

_PLAIN: Final = re.compile(r"\s*[0-9]+\s*")
_ENVOY: Final = re.compile(r"\s*[0-9]+\s*,.*;\s*w=[0-9]+.*")
_TOO_MANY: Final = 429


class HeaderForms:
    """A wire that hands everything on and notes what it sees.

    `limit` is the most telling form of `x-ratelimit-limit`, None before the first answer; `retry_after` whether a
    refusal for quota had that header, None if there was no refusal.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.limit: LimitForm | None = None
        self.retry_after: bool | None = None
        self.exchanges = 0

    def exchange(self, message: Message) -> Reply | Lost:
        """See `Wire.exchange`."""
        self.exchanges += 1
        reply = self._wire.exchange(message)
        if isinstance(reply, Reply):
            self._note(reply.status, reply.headers)
        return reply

    def _note(self, status: int, headers: Mapping[str, str]) -> None:
        form = _form(headers.get("x-ratelimit-limit"))
        if self.limit in {None, "none"} or form == "envoy":
            self.limit = form
        if status == _TOO_MANY:
            self.retry_after = bool(self.retry_after) or "retry-after" in headers


def _form(limit: str | None) -> LimitForm:
    if limit is None:
        return "none"
    if _PLAIN.fullmatch(limit):
        return "plain"
    return "envoy" if _ENVOY.fullmatch(limit) else "other"
