from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"duckdb", "numpy", "cryptography"}


@pytest.mark.parametrize("module", ["destination_pinterest.delivery.mirror", "destination_pinterest.sync"])
def test_who_has_no_membership_store_pays_for_none(module: str) -> None:
    assert not _imported_with(module) & {"destination_pinterest.membership", "duckdb", "numpy"}


def test_the_membership_store_brings_what_it_needs() -> None:
    assert _imported_with("destination_pinterest.membership") >= HEAVY


def _imported_with(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())
