"""The figures of each section's last run, in .bench/results.json, and the one table of docs/benchmarks.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.figures import Table

_FORMAT: Final = 2
_BEGIN: Final = "<!-- figures: `python -m benchmarks --document` writes them -->"
_END: Final = "<!-- figures end -->"
# A section's name, in the title that the first row of each of its tables has.
_TITLED: Final = re.compile(r"\| \*\*.*?\*\* \(`([a-z0-9-]+)`, ")


class NothingMeasuredError(Exception):
    """There are no figures that a document could show."""


class Results:
    """What was measured on one machine. Sections that another machine or Python measured are forgotten."""

    def __init__(self, path: Path, machine: str) -> None:
        self._path = path
        self._machine = machine
        self._sections = _read(path, machine)

    def keep(self, section: str, tables: Sequence[Table], *, measured_on: str, is_quick: bool) -> None:
        """Replaces what was measured of the section before, and writes all of them to the disk."""
        self._sections[section] = {
            "measured_on": measured_on,
            "quick": is_quick,
            "tables": [table.as_json() for table in tables],
        }
        report = {"format": _FORMAT, "machine": self._machine, "sections": self._sections}
        self._path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    def write_into(self, document: Path, order: Sequence[str]) -> None:
        """Puts the table between the marks of the document.

        Sections that this checkout has not measured stay as the document has them, if they are of the same machine.

        Raises: NothingMeasuredError if no section was measured in full.
        """
        full = {name: self._sections[name] for name in order if name in self._sections}
        full = {name: section for name, section in full.items() if not section["quick"]}
        if not full:
            raise NothingMeasuredError("no section was measured in full; run `make bench` first")
        before, _, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
        table, _, after = rest.partition(_END)
        rows = self._rows_of(table) | {name: list(_rows(name, section)) for name, section in full.items()}
        shown = "\n".join(
            [_BEGIN, "", *_head(self._machine), *(row for name in order for row in rows.get(name, [])), "", _END]
        )
        document.write_text(before + shown + after, encoding="utf-8")

    def _rows_of(self, table: str) -> dict[str, list[str]]:
        """The rows of a written table by their sections; none if another machine measured them."""
        rows: dict[str, list[str]] = {}
        if not table.strip().startswith(f"{self._machine}. "):
            return rows
        section: list[str] | None = None
        for row in table.splitlines():
            if titled := _TITLED.match(row):
                section = rows.setdefault(titled[1], [])
            if section is not None and row:
                section.append(row)
        return rows


def _read(path: Path, machine: str) -> dict[str, Any]:
    if not path.is_file():
        return {}
    kept = json.loads(path.read_bytes())
    is_continued = kept.get("format") == _FORMAT and kept["machine"] == machine
    return dict(kept["sections"]) if is_continued else {}


def _head(machine: str) -> Iterator[str]:
    yield f"{machine}. A figure is the median of its rounds, beside the least and the most; a ratio is the"
    yield "median of the ratios within each round."
    yield ""
    yield "| What | Of | Median | Least to most | Ratio | Rounds |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"


def _rows(name: str, section: Mapping[str, Any]) -> Iterator[str]:
    for table in section["tables"]:
        titles = _title(name, section["measured_on"], table), *[""] * (len(table["rows"]) - 1)
        yield from map(_row, titles, table["rows"])


def _title(section: str, measured_on: str, table: Mapping[str, Any]) -> str:
    parts = (f"**{table['title']}** (`{section}`, {measured_on}).", f"Ratio: {table['ratio']}.", table["goal"])
    return " ".join(filter(None, parts))


def _row(title: str, row: Mapping[str, Any]) -> str:
    spread = f"{row['min']:,.2f} to {row['max']:,.2f}"
    return f"| {title} | {row['name']} | {row['median']:,.2f} | {spread} | {row['ratio']:,.2f} | {len(row['values'])} |"
