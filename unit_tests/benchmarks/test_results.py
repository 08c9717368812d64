from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.figures import Table, against_first
from benchmarks.results import NothingMeasuredError, Results

MACHINE = "Some processor, 2 cores"
DAY = "2026-11-27"
FASTER = Table("Whole process, s", against_first({"ours": [1.0, 2.0, 3.0], "theirs": [2.0, 6.0, 6.0]}), "ours = 1")
MARKS = ("<!-- figures: `python -m benchmarks --document` writes them -->", "<!-- figures end -->")
DOCUMENT = "\n".join(("# Benchmarks", "", MARKS[0], "old", MARKS[1], "", "End", ""))


def written(folder: Path, results: Results, order: list[str], before: str = DOCUMENT) -> str:
    document = folder / "benchmarks.md"
    document.write_text(before, encoding="utf-8")
    results.write_into(document, order)
    return document.read_text(encoding="utf-8")


def test_the_document_shows_the_medians_between_its_marks_and_keeps_the_rest(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.json", MACHINE)
    results.keep("time", [FASTER], measured_on=DAY, is_quick=False)

    document = written(tmp_path, results, ["time"])

    assert "| ours | 2.00 | 1.00 to 3.00 | 1.00 | 3 |" in document
    assert "|  | theirs | 6.00 | 2.00 to 6.00 | 2.00 | 3 |" in document
    assert MACHINE in document
    assert "old" not in document
    assert document.startswith("# Benchmarks")
    assert document.endswith("\nEnd\n")


def test_a_later_run_of_one_section_keeps_the_figures_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    Results(path, MACHINE).keep("memory", [FASTER], measured_on=DAY, is_quick=False)
    later = Results(path, MACHINE)
    later.keep("time", [FASTER], measured_on="2026-11-28", is_quick=False)

    document = written(tmp_path, Results(path, MACHINE), ["time", "memory"])

    assert document.index("(`time`, 2026-11-28)") < document.index("(`memory`, 2026-11-27)")


def test_figures_of_another_machine_and_quick_ones_are_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    Results(path, "Another processor").keep("memory", [FASTER], measured_on=DAY, is_quick=False)
    results = Results(path, MACHINE)
    results.keep("time", [FASTER], measured_on=DAY, is_quick=True)

    with pytest.raises(NothingMeasuredError):
        written(tmp_path, results, ["time", "memory"])


def test_what_another_checkout_of_the_machine_measured_stays_until_it_is_measured_again(tmp_path: Path) -> None:
    order = ["time", "memory-10m", "quota"]
    elsewhere = Results(tmp_path / "elsewhere.json", MACHINE)
    for section in order:
        elsewhere.keep(section, [FASTER, FASTER], measured_on=DAY, is_quick=False)
    before = written(tmp_path, elsewhere, order)
    here = Results(tmp_path / "here.json", MACHINE)
    here.keep("memory-10m", [FASTER, FASTER], measured_on="2026-11-28", is_quick=False)

    assert written(tmp_path, here, order, before) == before.replace(
        f"(`memory-10m`, {DAY})", "(`memory-10m`, 2026-11-28)"
    )


def test_what_another_machine_measured_goes_from_the_document(tmp_path: Path) -> None:
    elsewhere = Results(tmp_path / "elsewhere.json", "Another processor")
    elsewhere.keep("memory", [FASTER], measured_on=DAY, is_quick=False)
    before = written(tmp_path, elsewhere, ["memory"])
    here = Results(tmp_path / "here.json", MACHINE)
    here.keep("time", [FASTER], measured_on=DAY, is_quick=False)

    document = written(tmp_path, here, ["time", "memory"], before)

    assert "(`time`, " in document
    assert "(`memory`, " not in document
