"""The image run as a platform runs it: over attached streams, and with as little as a container may get.

The network is the host's, so that 127.0.0.1 is where the sandbox listens. Everything that can be taken from the
container is taken: its capabilities, its writable file system, memory over 512 MB.

Source: https://docs.docker.com/reference/api/engine/version/v1.41/ (attach, wait, stats; read 2026-11-22).
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container
from docker.models.images import Image
from docker.utils.socket import STDOUT, frames_iter_no_tty

from integration_tests.connector_process import Connector

MEMORY_BYTES = 512 * 1024 * 1024
STRICT = {
    "network_mode": "host",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "mem_limit": MEMORY_BYTES,
    "memswap_limit": MEMORY_BYTES,
    "pids_limit": 100,
}


class ContainerProcess:
    """A started container with what `Connector` uses of a `subprocess.Popen`: pipes, an exit code, an end.

    After a signal's death the exit code is the container's, 128 and the signal's number.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self.returncode: int | None = None
        self._attached = container.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        self._socket: socket.socket = self._attached._sock
        self.stdin: IO[bytes] = _Input(self._socket)
        self.stdout, to_stdout = _pipe()
        self.stderr, to_stderr = _pipe()
        self._sorter = threading.Thread(target=self._sort, args=(to_stdout, to_stderr), daemon=True)
        self._sorter.start()
        container.start()

    def wait(self, timeout: float | None = None) -> int:
        self.returncode = int(self.container.wait(timeout=timeout)["StatusCode"])
        return self.returncode

    def poll(self) -> int | None:
        self.container.reload()
        if self.container.status == "exited":
            self.returncode = int(self.container.attrs["State"]["ExitCode"])
        return self.returncode

    def kill(self) -> None:
        with suppress(APIError):  # It has just ended.
            self.container.kill()

    def remove(self) -> None:
        """Sees to it that nothing is left of it."""
        self.container.remove(force=True)
        self._sorter.join(timeout=10)
        self._attached.close()
        self._socket.close()

    def _sort(self, to_stdout: IO[bytes], to_stderr: IO[bytes]) -> None:
        with to_stdout, to_stderr, suppress(BrokenPipeError):
            for number, content in frames_iter_no_tty(self._attached):
                (to_stdout if number == STDOUT else to_stderr).write(content)


class Containers:
    """Starts containers of one image that end with the test."""

    def __init__(self, client: docker.DockerClient, image: Image) -> None:
        self._client = client
        self._image = image
        self._started: list[Connector] = []

    def start(self, *arguments: str, given: tuple[str, ...] = (), **options: Any) -> Connector:
        """The image's own entry point with these arguments, unless `options` (the SDK's) say otherwise.

        Files of this machine that are among the arguments, or are `given`, are mounted where they lie here.
        """
        files = [*given, *(argument for argument in arguments if Path(argument).is_absolute())]
        container = self._client.containers.create(
            self._image,
            list(arguments),
            stdin_open=True,
            volumes={file: {"bind": file, "mode": "ro"} for file in files},
            **{**STRICT, **options},
        )
        self._started.append(Connector(cast("subprocess.Popen[bytes]", ContainerProcess(container))))
        return self._started[-1]

    def stop(self) -> None:
        for connector in self._started:
            connector.stop()
            with suppress(NotFound):
                process_of(connector).remove()


def process_of(connector: Connector) -> ContainerProcess:
    return cast("ContainerProcess", connector.process)


def container_of(connector: Connector) -> Container:
    """The container as it is now, also after its end."""
    container = process_of(connector).container
    container.reload()
    return container


def memory_peak_bytes(connector: Connector) -> int:
    """The most that a running container has used so far; where the kernel does not say, what it uses now."""
    stats = container_of(connector).client.api.stats(container_of(connector).id, stream=False, one_shot=True)
    used = stats["memory_stats"]
    return int(used.get("max_usage", used["usage"]))


class _Input(io.BufferedWriter):
    """Standard input of a container: closing it is the end of the input, and leaves the other direction open."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(socket.SocketIO(connected, "w"))
        self._connected = connected

    def close(self) -> None:
        if self.closed:
            return
        with suppress(BrokenPipeError):  # What was not sent is not wanted any more.
            super().close()
        with suppress(OSError):  # The container has ended, so nobody listens.
            self._connected.shutdown(socket.SHUT_WR)


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb"), os.fdopen(writing, "wb", buffering=0)
