"""An environment of its own for each peer, since their pins do not agree with the connector's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

SDK: Final = "pinterest-api-sdk==0.2.7"
DRT: Final = "drt-core[duckdb]==1.2.1"


def peer_python(folder: Path, requirement: str) -> Path:
    """The Python of the environment in `folder`, which is made if it isn't there yet.

    Raises: subprocess.CalledProcessError if the peer can't be installed; pip has said why.
    """
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == requirement:
        return python
    print(f"Installing {requirement} into {folder} …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip: list[str | Path] = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "install", requirement], check=True, stdin=subprocess.DEVNULL)
    stamp.write_text(requirement, encoding="utf-8")
    return python
