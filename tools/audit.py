"""Compares every lock with the known vulnerabilities, by pip-audit.

Where the source of known vulnerabilities can't be reached, nothing is checked, and the output says so in a line that
begins with NOT CHECKED. pip-audit alone is silent about it where an index mirror lacks the data: it passes over each
package and reports that nothing was found.

Exit status: 0 if no known vulnerability was found, or nothing could be checked; 1 if one was found; with
`--unreachable fail`, 1 if anything could not be checked.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.generated_file import ROOT

LOCKS = ROOT / "requirements"
# It holds a single package, so it shows at once whether the source answers.
FIRST = LOCKS / "pip.txt"


@dataclass(frozen=True)
class Outcome:
    """What is known about the packages of one lock."""

    checked: int
    unchecked: int
    findings: tuple[str, ...]
    # Why nothing was checked, where pip-audit ended without a result.
    failure: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether every package was compared."""
        return not self.failure and self.unchecked == 0

    @property
    def is_unreachable(self) -> bool:
        """Whether there is nothing to be learned from the source."""
        return self.checked == 0


def main() -> int:
    """Audit all locks; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unreachable", choices=("say", "fail"), default="say", help="if the source is out of reach")
    strict = parser.parse_args().unreachable == "fail"

    outcomes: list[Outcome] = []
    for lock in [FIRST, *sorted(set(LOCKS.glob("*.txt")) - {FIRST})]:
        outcome = audited(lock)
        outcomes.append(outcome)
        print(sentence(lock.name, outcome), *outcome.findings, sep="\n  ", flush=True)
        if outcome.is_unreachable:
            print("NOT CHECKED: the other locks, since the source of known vulnerabilities can't be reached from here.")
            break
    return exit_status(outcomes, strict=strict)


def audited(lock: Path) -> Outcome:
    """The outcome of pip-audit on one lock. Nothing is installed: the lock names every package with its hashes."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--require-hashes", "--disable-pip"),
            *("--progress-spinner", "off", "--format", "json", "--output", str(report)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not report.exists():
            last_line = (done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1]
            return Outcome(checked=0, unchecked=0, findings=(), failure=last_line)
        return outcome_of(json.loads(report.read_text(encoding="utf-8")))


def outcome_of(report: dict[str, list[dict[str, object]]]) -> Outcome:
    """What pip-audit's JSON report says; a package that it passed over was not compared with anything."""
    packages = report["dependencies"]
    checked = [package for package in packages if "skip_reason" not in package]
    return Outcome(len(checked), len(packages) - len(checked), tuple(_findings(checked)))


def sentence(name: str, outcome: Outcome) -> str:
    """One line about one lock."""
    if outcome.failure:
        return f"NOT CHECKED: {name}. {outcome.failure}"
    if outcome.is_unreachable:
        return f"NOT CHECKED: {name}. The package index has no vulnerability data for any of its packages."
    found = f"{len(outcome.findings)} known vulnerabilities" if outcome.findings else "no known vulnerability"
    rest = f" NOT CHECKED: {outcome.unchecked} more packages." if outcome.unchecked else ""
    return f"{name}: {found} in {outcome.checked} packages.{rest}"


def exit_status(outcomes: Iterable[Outcome], *, strict: bool) -> int:
    """A finding fails; what was not checked does only where that is asked for."""
    return 1 if any(outcome.findings or (strict and not outcome.is_complete) for outcome in outcomes) else 0


def _findings(packages: Iterable[dict[str, object]]) -> Iterable[str]:
    for package in packages:
        vulnerabilities = package["vulns"]
        assert isinstance(vulnerabilities, list)
        for vulnerability in vulnerabilities:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}"


if __name__ == "__main__":
    sys.exit(main())
