"""An S3 storage in a process of its own, for the stories whose memberships are remembered there."""

from __future__ import annotations

import os
import signal
from itertools import count
from multiprocessing import Pipe
from typing import Any

from integration_tests.s3_server import ACCESS_KEY, REGION, SECRET_KEY


class Storage:
    """A server that ends with `close`, or with whoever started it."""

    def __init__(self) -> None:
        ours, theirs = Pipe()
        self._pid = os.fork()
        if not self._pid:
            ours.close()
            self._become_server(theirs)
        theirs.close()
        self._url, self._pipe = ours.recv(), ours
        self._numbers = count(1)

    @staticmethod
    def _become_server(pipe: Any) -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):  # It tells of each request.
            os.dup2(silence, descriptor)
        from integration_tests.s3_server import S3Server  # noqa: PLC0415 - starts threads, which the others fork without

        server = S3Server()
        pipe.send(server.url)
        try:
            while True:
                pipe.recv()
                pipe.send(server.new_bucket())
        except (EOFError, KeyboardInterrupt):
            os._exit(0)

    def new_bucket(self) -> Bucket:
        self._pipe.send(next(self._numbers))
        return Bucket(self._url, self._pipe.recv())

    def close(self) -> None:
        self._pipe.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)


class Bucket:
    """One bucket of it."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name

    def access(self) -> dict[str, Any]:
        """The settings by which the connector gets at it."""
        return {
            "access_key_id": ACCESS_KEY,
            "secret_access_key": SECRET_KEY,
            "s3_bucket_name": self._name,
            "s3_bucket_region": REGION,
            "s3_endpoint": self._url,
            "bucket_path": "chaos",
        }
