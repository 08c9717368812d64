"""A MariaDB server of the test's own: Debian's package, in a temporary folder, gone when left."""

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

PROGRAM = "/usr/sbin/mariadbd"


@contextmanager
def mariadb() -> Iterator[str]:
    """Yields a URL without a database's name, for a user who may do everything: mysql://root:secret@host:port."""
    if not Path(PROGRAM).exists() or shutil.which("mariadb-install-db") is None:
        pytest.skip("no MariaDB server is installed (apt-get install mariadb-server)")
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))  # short: a socket's path has 108 characters at most
    user = _user(folder)
    try:
        # Without the machine's own configuration, which may name another folder.
        options = ["--no-defaults", f"--datadir={folder / 'data'}", f"--user={user}"]
        install = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(install, check=True, capture_output=True)
        (folder / "init.sql").write_text("ALTER USER root@localhost IDENTIFIED BY 'secret';\n")
        (folder / "init.sql").chmod(0o644)
        port = _free_port()
        command = [
            PROGRAM,
            *options,
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            f"--init-file={folder / 'init.sql'}",
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-log-bin",
            "--skip-name-resolve=OFF",
            "--default-time-zone=+02:00",  # a session that does not ask for UTC gets something else
        ]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            _wait_until_ready(port, server, folder)
            yield f"mysql://root:secret@127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user(folder: Path) -> str:
    """The user that the server runs as: it does not run as root unless told to."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    try:
        owner = pwd.getpwnam("mysql")
    except KeyError:
        return "root"
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return "mysql"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_ready(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(400):
        if server.poll() is not None:
            break
        try:
            # It greets with a packet once the initial statements have run.
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(5):
                    return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"MariaDB did not start: {(folder / 'log').read_text()[-2000:]}")
