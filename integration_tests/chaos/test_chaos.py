"""A few stories, always the same, and a few planted faults; `make chaos` runs as many as one likes.

Stories run in a process of their own, whose sets have the same order each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def run_stories(seeds: str, *options: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    ran = subprocess.run(
        [sys.executable, "-m", "integration_tests.chaos", seeds, *options],
        cwd=_ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_no_promise_is_broken_in_a_few_stories() -> None:
    code, said = run_stories("1-30")
    assert code == 0, said


@pytest.mark.parametrize(
    ("plant", "seeds"),
    [
        ("states-go-back-at-once", "2"),
        ("losses-are-not-retried", "2"),
    ],
)
def test_a_planted_fault_is_found_and_the_command_that_shows_it_again_is_said(plant: str, seeds: str) -> None:
    code, said = run_stories(seeds, "--plant", plant)
    assert code == 0, said
    assert f"make chaos SEEDS={seeds} PLANT={plant} TELL=1" in said
