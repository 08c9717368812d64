"""A PostgreSQL server of the test's own: Debian's package, on a socket in a temporary folder, gone when left."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PACKAGES = Path("/usr/lib/postgresql")


def binaries() -> Path:
    """The newest server's programs; skips the test where there are none."""
    found = sorted(PACKAGES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    return found[-1].parent


@contextmanager
def postgresql() -> Iterator[str]:
    """Yields a URL without a database's name: postgresql://user@host:port."""
    programs = binaries()
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # short: a socket's path has 108 characters at most
    prefix = _as_another_user(folder)
    try:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--username=reader"]
        subprocess.run([*prefix, programs / "initdb", "-D", folder / "data", *options], check=True, capture_output=True)
        port = _free_port()
        command = [*prefix, programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*command, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"], stderr=log)
        try:
            _wait_until_ready(programs, port, server, folder)
            yield f"postgresql://reader@127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_another_user(folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_ready(programs: Path, port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(200):
        ready = subprocess.run(
            [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], capture_output=True, check=False
        )
        if ready.returncode == 0:
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
