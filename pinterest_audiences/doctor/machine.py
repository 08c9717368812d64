"""Looks at this machine: versions, and room on its disks."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from destination_pinterest.program_version import program_version
from pinterest_audiences.doctor.finding import Finding
from pinterest_audiences.sign_in.profiles import home_folder

# What other packages' versions explain most often.
_TELLING: Final = ("airbyte-cdk", "duckdb", "msgspec", "pyarrow", "requests", "sqlalchemy", "urllib3")
_SPARSE_BYTES: Final = 2**30


def machine_findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yields what was found."""
    yield Finding("Version", "ok", f"{program_version()}, with {', '.join(_others())}")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    is_supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    said = python if is_supported else f"{python}; 3.11, 3.12 and 3.13 are supported. Use one of them."
    yield Finding("Python", "ok" if is_supported else "warning", said)
    yield Finding("System", "ok", f"{platform.system()} {platform.release()}, {platform.machine()}")
    places = {
        "this folder": Path(),
        "the temporary folder": Path(tempfile.gettempdir()),
        "profiles": home_folder(environment),
    }
    for name, folder in places.items():
        yield _disk(name, folder)


def _others() -> Iterator[str]:
    for name in _TELLING:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


def _disk(name: str, folder: Path) -> Finding:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    about = f"Disk of {name}"
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(about, "unknown", f"can't be looked at: {error.strerror}")
    room = f"{free / 2**30:,.1f} GB free"
    if not os.access(folder, os.W_OK):
        return Finding(about, "failed", f"{room}, but it may not be written. Correct its permissions.")
    if free < _SPARSE_BYTES:
        return Finding(about, "warning", f"{room}. A membership store or a large table may need more.")
    return Finding(about, "ok", room)
