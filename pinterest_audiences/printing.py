"""Prints results to standard output: as JSON, as tables on a terminal, as aligned text elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from destination_pinterest.foreign_text import shown, shown_json, shown_name
from pinterest_audiences.audiences_view import audience_lines, closing_sentence, free_list_lines, left_over_ids
from pinterest_audiences.failures import Failure
from pinterest_audiences.report_view import Line, aligned, report_lines, summary

# What a cell says of an outcome.
_STYLES: Final = {
    "done": "green",
    "ready": "green",
    "failed": "red",
    "refused": "red",
    "wait": "yellow",
    "late": "yellow",
}


class Printer:
    """Prints results.

    Args:
        output: where they go.
        as_json: one JSON object and nothing else.
    """

    def __init__(self, output: TextIO | None = None, *, as_json: bool = False) -> None:
        self._output = output or sys.stdout
        self._as_json = as_json

    @property
    def as_json(self) -> bool:
        """Whether results are for programs."""
        return self._as_json

    def report(self, report: Mapping[str, Any]) -> None:
        """Prints the report of a sync."""
        if self._as_json:
            self._print_json(report)
            return
        several = len({audience.get("ad_account_id") for audience in report["audiences"]}) > 1
        for audience in report["audiences"]:
            streams = ", ".join(audience["streams"])
            where = f" in the ad account {audience.get('ad_account_id')}" if several else ""
            self.table(f'Audience "{audience["audience"]}"{where} from {streams}', list(report_lines(audience)))
        self._print(shown(summary(report)))

    def failed_report(self, report: Mapping[str, Any] | None, failure: Failure) -> None:
        """Prints why a sync failed, then what it did before, and the reason again: no table must hide it."""
        write_failure(failure.text)
        failed = {"schema_version": 1, "audiences": [], **(report or {}), **failure.as_json()}
        if self._as_json:
            self.report(failed)
        elif any(audience["entered"] for audience in failed["audiences"]):
            self.report(failed)
            write_failure(failure.one_line)

    def listing(self, listing: Mapping[str, Any]) -> None:
        """Prints the audiences of the ad accounts; as JSON also the reason of a failure."""
        if self._as_json:
            self._print_json(listing)
            return
        for account in (listing, *listing.get("further_ad_accounts", ())):
            self._account(account)

    def _account(self, listing: Mapping[str, Any]) -> None:
        free = listing["customer_lists_without_audience"]
        left_over = left_over_ids(free)
        for audience in listing["audiences"]:
            lines = audience_lines(audience, left_over.get(audience["name"], ()))
            self.table(f'Audience "{audience["name"] or audience["audience_id"]}"', list(lines))
        if free:
            self.table("Customer lists without an audience", list(free_list_lines(free)))
        self._print(shown(closing_sentence(listing)))

    def failure(self, failure: Failure) -> None:
        """Prints why a command failed before it had a result: for programs on standard output, for people beside it."""
        if self._as_json:
            self._print_json({"schema_version": 1, **failure.as_json()})
        write_failure(failure.text)

    def counts(self, title: str, lines: list[Line], content: Mapping[str, Any]) -> None:
        """Prints any other result: the lines for people, the content for programs."""
        if self._as_json:
            self._print_json(content)
        else:
            self.table(title, lines)

    def result(self, content: Mapping[str, Any]) -> None:
        """Prints a result for programs."""
        self._print_json(content)

    def sentence(self, text: str) -> None:
        """Prints a sentence for people."""
        self._print(shown(text))

    def rows(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Prints a line for each thing, under headings; a column that is empty throughout is left out."""
        cells = [[shown_name(cell) for cell in row] for row in rows]
        used = [number for number in range(len(headings)) if any(row[number] for row in cells)]
        if not self._output.isatty():
            lines = [[headings[number] for number in used], *([row[number] for number in used] for row in cells)]
            widths = [max(len(line[place]) for line in lines) for place in range(len(used))]
            for line in lines:
                self._print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
            return
        from rich.console import Console  # noqa: PLC0415 - only terminals need it
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, header_style="bold")
        for number in used:
            table.add_column(headings[number], overflow="fold")
        for row in cells:
            table.add_row(*(Text(row[number], style=_STYLES.get(row[number], "")) for number in used))
        Console(file=self._output).print(table)

    def table(self, title: str, lines: list[Line]) -> None:
        """Prints names and values under a title. What others named is shown cleaned and cut."""
        title, lines = shown(title), [(shown_name(name), shown(value)) for name, value in lines]
        if not self._output.isatty():
            self._print(f"{title}\n{aligned(lines)}")
            return
        from rich.console import Console  # noqa: PLC0415 - only terminals need it
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        console = Console(file=self._output)
        table = Table(title=Text(title), title_justify="left", show_header=False)
        table.add_column(overflow="fold", max_width=console.width // 2)
        table.add_column()
        for name, value in lines:
            table.add_row(Text(name), Text(value))
        console.print(table)

    def _print_json(self, content: Mapping[str, Any]) -> None:
        """Prints for programs: names are as they are, with escapes for what a terminal would obey."""
        self._print(shown_json(json.dumps(content, ensure_ascii=False)))

    def _print(self, text: str) -> None:
        self._output.write(text + "\n")
        self._output.flush()


def write_failure(text: str) -> None:
    """Says on standard error why something failed."""
    sys.stderr.write(f"pinterest-audiences: {text}\n")
    sys.stderr.flush()
