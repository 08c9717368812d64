"""Prints what CHANGELOG.md says about the version that a tag names, for the release page.

A tag that is not `v` and the version in setup.py is refused, and so is a version without a section: the release stops
there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

from tools.generated_file import ROOT


class ReleaseError(Exception):
    """The tag can't be released; the message says why."""


def main() -> int:
    """Print the section of the tag in the first argument; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="the tag of the release, such as v0.1.0")
    tag = parser.parse_args().tag
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        print(release_notes(tag, declared_version(), changelog))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def declared_version() -> str:
    """The version in setup.py, as setuptools reads it."""
    command = [sys.executable, "setup.py", "--quiet", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def release_notes(tag: str, version: str, changelog: str) -> str:
    """The section of that version, without its heading.

    Raises:
        ReleaseError: the tag is another version's, or the changelog says nothing about it.
    """
    if tag != f"v{version}":
        raise ReleaseError(f"The tag is {tag!r}, but setup.py says {version}. Tag v{version}, or change setup.py.")
    section = re.search(
        rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL
    )
    if section is None or not section[1].strip():
        raise ReleaseError(f"CHANGELOG.md says nothing about {version}. Write its section: ## [{version}] - YYYY-MM-DD")
    return section[1].strip()


if __name__ == "__main__":
    sys.exit(main())
