from __future__ import annotations

from pathlib import Path

from tools.audit import Outcome, audited, exit_status, outcome_of, sentence

CLEAN: dict[str, object] = {"name": "idna", "version": "3.20", "vulns": []}
WEAK: dict[str, object] = {
    "name": "oldlib",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]}, {"id": "PYSEC-2", "fix_versions": []}],
}
PASSED_OVER: dict[str, object] = {"name": "idna", "skip_reason": "Dependency not found and could not be audited"}


def test_a_lock_without_findings_is_said_to_have_none() -> None:
    outcome = outcome_of({"dependencies": [CLEAN, CLEAN]})

    assert sentence("a.txt", outcome) == "a.txt: no known vulnerability in 2 packages."
    assert exit_status([outcome], strict=True) == 0


def test_a_finding_names_package_vulnerability_and_cure_and_fails() -> None:
    outcome = outcome_of({"dependencies": [CLEAN, WEAK]})

    assert outcome.findings == (
        "oldlib 1.0: PYSEC-1, fixed in 1.1, 2.0",
        "oldlib 1.0: PYSEC-2, fixed in no version yet",
    )
    assert sentence("a.txt", outcome) == "a.txt: 2 known vulnerabilities in 2 packages."
    assert exit_status([outcome], strict=False) == 1


def test_packages_without_vulnerability_data_are_not_checked_rather_than_clean() -> None:
    outcome = outcome_of({"dependencies": [PASSED_OVER, PASSED_OVER]})

    assert sentence("a.txt", outcome).startswith("NOT CHECKED: a.txt.")
    assert outcome.is_unreachable
    assert exit_status([outcome], strict=False) == 0
    assert exit_status([outcome], strict=True) == 1


def test_a_lock_of_which_a_part_was_checked_says_how_much_was_not() -> None:
    outcome = outcome_of({"dependencies": [CLEAN, PASSED_OVER]})

    assert sentence("a.txt", outcome) == "a.txt: no known vulnerability in 1 packages. NOT CHECKED: 1 more packages."
    assert not outcome.is_unreachable
    assert exit_status([outcome], strict=True) == 1


def test_an_end_without_a_result_is_not_checked_and_says_why() -> None:
    outcome = Outcome(checked=0, unchecked=0, findings=(), failure="no route to host")

    assert sentence("a.txt", outcome) == "NOT CHECKED: a.txt. no route to host"
    assert exit_status([outcome], strict=False) == 0
    assert exit_status([outcome], strict=True) == 1


def test_a_finding_in_one_lock_fails_whatever_the_others_say() -> None:
    outcomes = [outcome_of({"dependencies": packages}) for packages in ([WEAK], [CLEAN], [PASSED_OVER])]

    assert exit_status(outcomes, strict=False) == 1


def test_a_lock_that_pip_audit_cannot_read_has_no_result(tmp_path: Path) -> None:
    lock = tmp_path / "broken.txt"
    lock.write_text("idna>=3\n")

    outcome = audited(lock)

    assert outcome.failure
    assert not outcome.is_complete
