"""Keeps source_spec/connector_spec.json equal to what `destination-pinterest spec` prints.

The command is run as the platform runs it, so that the file is what a host sees and not what the code means to say.
With `--check` nothing is written: the difference is shown and the exit status is 1.
"""

from __future__ import annotations

import argparse
import difflib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SPEC_FILE = ROOT / "source_spec" / "connector_spec.json"


def main() -> int:
    """Write or check the file; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is out of step")
    check = parser.parse_args().check

    wanted = printed_spec()
    found = SPEC_FILE.read_text(encoding="utf-8") if SPEC_FILE.exists() else ""
    if wanted == found:
        return 0
    if not check:
        SPEC_FILE.write_text(wanted, encoding="utf-8")
        print(f"wrote {SPEC_FILE.relative_to(ROOT)}")
        return 0
    print(f"{SPEC_FILE.relative_to(ROOT)} is not what `destination-pinterest spec` prints. Type: make spec")
    sys.stdout.writelines(
        difflib.unified_diff(
            found.splitlines(keepends=True),
            wanted.splitlines(keepends=True),
            fromfile="in the file",
            tofile="printed by spec",
        )
    )
    return 1


def printed_spec() -> str:
    """The specification in the one SPEC message that the command prints, as readable JSON.

    Raises:
        SystemExit: the command failed, or printed no SPEC message or several; says so.
    """
    command = [sys.executable, "-m", "destination_pinterest", "spec"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(
            f"`destination-pinterest spec` ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    specs = [message["spec"] for message in messages if message["type"] == "SPEC"]
    if len(specs) != 1:
        raise SystemExit(f"`destination-pinterest spec` printed {len(specs)} SPEC messages in place of one")
    return json.dumps(specs[0], indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
