"""The sandbox as a process: started on a free port, asked through its control side, and ended for certain."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ANNOUNCEMENT: Final = "pinterest-sandbox listening on "
_END_S: Final = 10


class SandboxError(Exception):
    """The sandbox could not be started, or its control side does not know what is asked for."""


class RunningSandbox:
    """A sandbox that runs. `api_base_url` ends in /v5."""

    def __init__(self, api_base_url: str) -> None:
        self.api_base_url = api_base_url
        self._control = api_base_url.removesuffix("/v5") + "/_sandbox"

    def members(self, audience: str) -> set[str]:
        """Who belongs to the audience of that name, which nobody but the sandbox can tell. Raises: SandboxError."""
        found = [each for each in self._get("/audiences")["audiences"] if each["name"] == audience]
        if len(found) != 1:
            raise SandboxError(f"The sandbox has {len(found)} audiences named {audience!r} instead of one.")
        customer_list_id = found[0]["rule"]["customer_list_id"]
        return set(self._get(f"/customer_lists/{customer_list_id}/members")["members"])

    def customer_lists(self) -> list[dict[str, Any]]:
        """All customer lists, those included of which no audience is made."""
        return list(self._get("/customer_lists")["customer_lists"])

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._control + path, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running_sandbox(log: Path) -> Iterator[RunningSandbox]:
    """Starts a sandbox at Standard quota; when it is left, the sandbox has ended.

    It gets a session of its own, so that Ctrl-C doesn't end it before the sync has ended.
    Raises: SandboxError if it doesn't start; what it said is in `log`.
    """
    program = Path(sys.executable).with_name("pinterest-sandbox")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [program, "--port", "0", "--control", "--tier", "standard", "--quiet"],
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            text=True,
        )
        try:
            yield RunningSandbox(_address(process, log))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line.startswith(ANNOUNCEMENT):
        raise SandboxError(f"The sandbox did not start; {log} may say why.")
    return line.removeprefix(ANNOUNCEMENT).split()[0]
