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


# Plants each into a process of its own, as a story does, and says which can't be planted any more.
_PLANTS_ALL = """
import os
from integration_tests.chaos import process
from integration_tests.chaos.plants import PLANTS
for name, plant in PLANTS.items():
    pid = os.fork()
    if not pid:
        try:
            plant()
        except BaseException as fault:
            print(name, fault, flush=True)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
"""


def test_no_promise_is_broken_in_a_few_stories() -> None:
    code, said = run_stories("1-16")
    assert code == 0, said


def test_no_promise_is_broken_in_stories_whose_requests_grow() -> None:
    code, said = run_stories("2000003-2000004")
    assert code == 0, said


@pytest.mark.parametrize(
    ("plant", "seeds"),
    [
        ("states-go-back-at-once", "2"),
        ("creations-are-repeated", "1"),
        ("cuts-are-overlooked", "2000004"),
    ],
)
def test_a_planted_fault_is_found_and_the_command_that_shows_it_again_is_said(plant: str, seeds: str) -> None:
    code, said = run_stories(seeds, "--plant", plant)
    assert code == 0, said
    assert f"make chaos SEEDS={seeds} PLANT={plant} TELL=1" in said


def test_every_fault_can_be_planted() -> None:
    done = subprocess.run([sys.executable, "-c", _PLANTS_ALL], cwd=_ROOT, capture_output=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"", b"")
