"""The programs that the tests start: the command line, and a stand-in for the connector."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = (sys.executable, "-m", "pinterest_audiences")
Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]


@dataclass(frozen=True)
class StandIn:
    """A stand-in connector: `executable` is given by --destination, `folder` holds what it was given."""

    executable: Path
    folder: Path

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "stdin").read_bytes().splitlines()]

    def kinds(self) -> Sequence[str]:
        return [message["type"] for message in self.received()]

    def content(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())
