"""The environments that `make test-hosts` sets up: where they are, what is in them, and how a host is run there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest

from integration_tests.sandbox_process import ROOT

VENVS = ROOT / ".venvs"
PYAIRBYTE = VENVS / "pyairbyte"
SPARK = VENVS / "spark"
HOSTS = {"pyairbyte": "airbyte", "metadata-validator": "airbyte-internal-ops", "spark": "pyspark"}
needs_pyairbyte = pytest.mark.skipif(
    not (PYAIRBYTE / "bin" / "python").exists(), reason="PyAirbyte is not installed; `make test-hosts` sets it up"
)
needs_spark = pytest.mark.skipif(
    not (SPARK / "set-up.stamp").exists() or shutil.which("java") is None,
    reason="PySpark or Java is not installed; `make test-hosts` sets up the first",
)
# What this machine or the tests of this project say to Python, and nobody says to a host.
NOT_FOR_HOSTS = {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "CI"}


def host_environment(own_folder: Path) -> dict[str, str]:
    """A user's terminal with the environment activated: offline, untracked, and with a home and logs of its own."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_FOR_HOSTS}
    own_folder.mkdir(parents=True, exist_ok=True)
    return {
        **inherited,
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "AIRBYTE_LOGGING_ROOT": str(own_folder / "logs"),
        "HOME": str(own_folder),
        "PATH": f"{PYAIRBYTE / 'bin'}{os.pathsep}{inherited['PATH']}",
        "COLUMNS": "500",  # No message is to be broken into lines.
    }


def host_versions() -> Iterator[str]:
    """One line for each host: what is installed, or that nothing is."""
    for name, package in HOSTS.items():
        packages = [str(folder) for folder in (VENVS / name).glob("lib/python*/site-packages")]
        versions = [found.version for found in distributions(name=package, path=packages)] if packages else []
        yield f"{name}: {package} {versions[0] if versions else 'is not installed; make test-hosts sets it up'}"
