"""The sandbox that the contenders send to: started for a section, emptied between runs, asked what arrived."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.children import environment

AD_ACCOUNT_ID: Final = "549755885175"
ACCESS_TOKEN: Final = "pina_sandbox"
_ANNOUNCEMENT: Final = "pinterest-sandbox listening on "
_MOST_REQUESTS: Final = 100_000
_END_S: Final = 30


class SandboxError(Exception):
    """The sandbox could not be started."""


class Sandbox:
    """A sandbox that runs. `api_base_url` ends in /v5."""

    def __init__(self, api_base_url: str) -> None:
        self.api_base_url = api_base_url
        self._control = api_base_url.removesuffix("/v5") + "/_sandbox"

    def reset(self) -> None:
        """Nobody has ever been here."""
        self._ask("POST", "/reset")

    def writes(self) -> list[dict[str, Any]]:
        """The requests that count as ads_write: `at` (seconds since 1970), `status`, `identifiers` among them."""
        requests = self._ask("GET", f"/requests?limit={_MOST_REQUESTS}")["requests"]
        return [request for request in requests if request["category"] == "ads_write"]

    def answers(self) -> dict[str, int]:
        """How many requests were answered with which status."""
        counts: dict[str, int] = self._ask("GET", "/requests?limit=0")["by_status"]
        return counts

    def create_list(self, identifier: str) -> str:
        """Makes a customer list with one identifier, and returns its id. That request is the first of `writes`."""
        body = json.dumps({"name": "customers", "records": identifier}).encode()
        headers = {"Authorization": f"Bearer {ACCESS_TOKEN}", "Content-Type": "application/json"}
        url = f"{self.api_base_url}/ad_accounts/{AD_ACCOUNT_ID}/customer_lists"
        return str(_answer(urllib.request.Request(url, body, headers))["id"])

    def _ask(self, method: str, path: str) -> Any:
        return _answer(urllib.request.Request(self._control + path, method=method))


def _answer(request: urllib.request.Request) -> Any:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        return json.load(answer)


@contextmanager
def running_sandbox(log: Path, *, tier: str, latency_ms: float = 0.0) -> Iterator[Sandbox]:
    """Starts a sandbox; when it is left, the sandbox has ended.

    Raises: SandboxError if it doesn't start; what it said is in `log`.
    """
    program = [sys.executable, "-m", "pinterest_sandbox"]
    options = ["--port", "0", "--control", "--quiet", "--tier", tier, "--latency-ms", str(latency_ms)]
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*program, *options], stdout=subprocess.PIPE, stderr=errors, env=environment(), text=True
        )
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith(_ANNOUNCEMENT):
                raise SandboxError(f"The sandbox did not start; {log} may say why.")
            yield Sandbox(line.removeprefix(_ANNOUNCEMENT).split()[0])
        finally:
            process.terminate()
            try:
                process.communicate(timeout=_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
