"""Prints what became of a run: failures first, then a line for each audience, and warnings at the end."""

from __future__ import annotations

import sys

from destination_pinterest.foreign_text import shown
from pinterest_audiences.printing import Printer, write_failure
from pinterest_audiences.project.outcome import RunOutcome, as_json
from pinterest_audiences.project.run_view import HEADINGS, closing_sentence, run_rows


def print_run(outcome: RunOutcome, printer: Printer) -> None:
    """Prints it: to standard output the outcome, to standard error why something failed and what was warned of."""
    failed = [each for each in outcome.audiences if each.has_failed]
    for each in failed:
        write_failure(f"{each.name}: {shown(each.error or '')}")
    if printer.as_json:
        printer.result(as_json(outcome))
    else:
        printer.rows(HEADINGS, list(run_rows(outcome)))
    warned = [(each.name, warning) for each in outcome.audiences for warning in each.warnings]
    for name, warning in warned:
        sys.stderr.write(f"warning: {name}: {warning}\n")
    if not printer.as_json:
        printer.sentence(closing_sentence(outcome))
