"""A sandbox in a process of its own, for tools that need one for a while."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests

from tools.generated_file import ROOT

ACCOUNT = "549755885175"
TOKEN = "pina_sandbox"
_PATIENCE_S = 60


@contextmanager
def local_sandbox(*options: str) -> Iterator[str]:
    """The API address of a new sandbox, which gives the same ids each time.

    Raises:
        SystemExit: it did not start; says so.
    """
    command = [sys.executable, "-m", "pinterest_sandbox", "--port", "0", "--quiet", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            found = re.search(r"http://\S+/v5", line)
            if found is None:
                raise SystemExit(f"The sandbox did not start: {line}")
            yield found[0]
        finally:
            process.kill()


def create(session: requests.Session, api: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Create something below the sandbox's ad account; what the answer says of it."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    reply = session.post(f"{api}/ad_accounts/{ACCOUNT}/{path}", json=body, headers=headers, timeout=_PATIENCE_S)
    reply.raise_for_status()
    return dict(reply.json())
