"""A sandbox as a wire, without a socket."""

from __future__ import annotations

import http.client

import requests
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.wire import Lost, Message, Reply, lost_by
from pinterest_sandbox.in_process import BrokenAnswerError, InProcess

_BASE_PATH = "/v5"


class SandboxWire:
    """For one thread at a time, as the sandbox's client is."""

    def __init__(self, client: InProcess) -> None:
        self._client = client

    def exchange(self, message: Message) -> Reply | Lost:
        """See Wire. A connection that the sandbox breaks is lost as a real one is."""
        try:
            reply = self._client.request(
                message.method,
                _BASE_PATH + message.path,
                body=message.body or b"",
                token=None,
                headers={name.lower(): value for name, value in message.headers.items()},
            )
        except ConnectionResetError as error:
            return lost_by(requests.ConnectionError(error))
        except BrokenAnswerError:
            return lost_by(requests.ConnectionError(http.client.IncompleteRead(b"")))
        return Reply(reply.status, CaseInsensitiveDict(reply.headers), reply.body, 0.0)
