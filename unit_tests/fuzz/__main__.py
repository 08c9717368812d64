"""`make fuzz SECONDS=600`: new documents for every reader, half of them led by coverage where atheris is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import util

from unit_tests.fuzz.coverage_guided import BYTES_READERS


def main(seconds: float) -> int:
    """Returns 0 if nothing was found. What fails is said with how to repeat it."""
    is_guided = util.find_spec("atheris") is not None
    share = seconds / 2 if is_guided else seconds
    environment = {**os.environ, "FUZZ_SECONDS": str(share)}
    found = subprocess.run([sys.executable, "-m", "pytest", "-q", "unit_tests/fuzz"], env=environment, check=False)
    if not is_guided:
        sys.stdout.write(
            "Fuzzing guided by coverage was left out: atheris is not installed (it is not in the lock, since it has no "
            "wheels for every Python and system). To have it: .venv/bin/python -m pip install atheris\n"
        )
        return found.returncode
    for name in BYTES_READERS:
        command = [sys.executable, "-m", "unit_tests.fuzz.coverage_guided", name, str(share / len(BYTES_READERS))]
        ended = subprocess.run(command, check=False)
        if ended.returncode:
            sys.stdout.write(f"The reader of {name} failed. The document is in .cache/fuzz.\n")
            return ended.returncode
    return found.returncode


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
