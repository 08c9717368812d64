"""An environment of its own for Pinterest's SDK, whose pins do not agree with the connector's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

SDK: Final = "pinterest-api-sdk==0.2.7"


def sdk_python(folder: Path) -> Path:
    """The Python of the environment in `folder`, which is made if it isn't there yet.

    Raises: subprocess.CalledProcessError if the SDK can't be installed; pip has said why.
    """
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == SDK:
        return python
    print(f"Installing {SDK} into {folder} …", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip: list[str | Path] = [python, "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input"]
    subprocess.run([*pip, "install", SDK], check=True, stdin=subprocess.DEVNULL)
    stamp.write_text(SDK, encoding="utf-8")
    return python
