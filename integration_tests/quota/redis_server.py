"""A Redis server of the test's own: Debian's package, behind a socket in a temporary folder, gone when left."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis, RedisError

PROGRAM = shutil.which("redis-server")


class RedisServer:
    """Can be killed and started again. With `keeps`, it writes down everything before it answers.

    With `certificate`, of a server and with its key, it can be reached by TLS as well.
    """

    def __init__(self, folder: Path, *, keeps: bool, certificate: Path | None) -> None:
        self._folder = folder
        self._options = ["--appendonly", "yes", "--appendfsync", "always"] if keeps else []
        self.tls_port = 0
        if certificate is not None:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.tls_port = probe.getsockname()[1]
            files = ["--tls-cert-file", certificate, "--tls-key-file", certificate, "--tls-ca-cert-file", certificate]
            self._options += ["--tls-port", str(self.tls_port), *map(str, files), "--tls-auth-clients", "no"]
        self.socket_path = folder / "redis.sock"
        self.url = f"unix://{self.socket_path}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert PROGRAM is not None
        options: list[str | Path] = [
            "--port",
            "0",
            "--unixsocket",
            self.socket_path,
            "--dir",
            self._folder,
            "--save",
            "",
            *self._options,
        ]
        self._process = subprocess.Popen([PROGRAM, *options], stdout=subprocess.DEVNULL)
        client, until = Redis(unix_socket_path=str(self.socket_path)), time.monotonic() + 30
        while time.monotonic() < until:
            with suppress(RedisError, OSError):
                if client.ping():
                    return
            time.sleep(0.02)
        raise AssertionError("Redis does not answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(*, keeps: bool = False, certificate: Path | None = None) -> Iterator[RedisServer]:
    if PROGRAM is None:
        pytest.skip("no Redis server is installed (apt-get install redis-server)")
    folder = Path(tempfile.mkdtemp(prefix="rd-", dir="/tmp"))  # short: a socket's path has 108 characters at most
    server = RedisServer(folder, keeps=keeps, certificate=certificate)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
