"""An HTTP answer of the API, and the two ways to put it on the wire: whole, or only half of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.types import Send


@dataclass(slots=True)
class Answer:
    """Status, body and headers; `content-type` and `content-length` are added when it is sent."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Send all of it."""
        await self._start(send)
        await send({"type": "http.response.body", "body": self.body})

    async def send_half(self, send: Send) -> None:
        """Announce all of it, and send half of the body."""
        await self._start(send)
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})

    async def _start(self, send: Send) -> None:
        headers = {"content-type": self.media_type, "content-length": str(len(self.body)), **self.headers}
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": encoded})
