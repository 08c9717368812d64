"""`pinterest-audiences compare`: shows audience by audience what an old flow had and a new one lacks."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.failure_view import write_failure
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure
from pinterest_audiences.moving.comparison import DEFAULT_TOLERANCE_PERCENT, Compared, compared, moment_text
from pinterest_audiences.moving.export import LeftOut, OldAudience
from pinterest_audiences.moving.sides import read_side
from pinterest_audiences.printing import Printer
from pinterest_audiences.report_view import Line


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "compare",
        help="show what an old flow had and the new one lacks",
        description="Compare two flows audience by audience: names, sizes, last update, identities. Each side is an "
        "exported dataflow, what `audiences --json` has printed, or a project file. Exit code 1 if the new one lacks "
        "something. Nothing is changed.",
    )
    parser.add_argument("old", metavar="OLD", help="the old flow's file")
    parser.add_argument("new", metavar="NEW", help="the new flow's file; - for standard input")
    parser.add_argument(
        "--tolerance",
        type=_percent,
        default=DEFAULT_TOLERANCE_PERCENT,
        metavar="PERCENT",
        help="how much smaller a size may be: Pinterest's sizes are estimates (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: UsageError."""
    old, new = (read_side(name, os.environ) for name in (arguments.old, arguments.new))
    results = compared(old.audiences, new.audiences, arguments.tolerance)
    failure = _failure(results, old.left_out)
    left_out = [*old.left_out, *new.left_out]
    counts: Counter[str] = Counter(each.verdict for each in results)
    if arguments.json:
        content = {
            "schema_version": 1,
            **({"status": "succeeded"} if failure is None else failure.as_json()),
            "counts": {verdict: counts[verdict] for verdict in ("same", "lacks", "missing", "added")},
            "audiences": [each.as_json() for each in results],
            "not_compared": [{"what": each.what, "count": each.count, "reason": each.reason} for each in left_out],
        }
        Printer(sys.stdout, as_json=True).counts("", [], content)
    else:
        _print(results, counts, left_out)
    if failure is None:
        return EXIT_DONE
    write_failure(failure.text)
    return EXIT_FAILED


def _percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError("must be from 0 to 100")
    return value


def _failure(results: Sequence[Compared], left_out: Sequence[LeftOut]) -> Failure | None:
    hidden = ", ".join(f"{each.what} ({each.count:,})" for each in left_out if each.may_hide)
    partly = f"Not all of the old flow was compared: {hidden}. Export what belongs to Pinterest, with its connection."
    missing = sum(each.verdict == "missing" for each in results)
    lacking = sum(each.verdict == "lacks" for each in results)
    if not missing and not lacking:
        return Failure.because(Code.COMPARED_PARTLY, partly) if hidden else None
    failure = Failure.because(
        Code.COMPARED_LACKS,
        f"The new flow lacks {missing:,} of the old one's audiences, and in {lacking:,} more something else. "
        "Keep the old flow enabled until that is mended or meant.",
    )
    return failure.followed_by(partly) if hidden else failure


def _print(results: Sequence[Compared], counts: Counter[str], left_out: Sequence[LeftOut]) -> None:
    printer = Printer(sys.stdout)
    for each in results:
        if each.verdict in {"missing", "lacks"}:
            where = "" if each.audience_id is None else f" ({each.audience_id})"
            printer.table(f'Audience "{each.name}"{where}', list(_lines(each)))
    unknown = Counter(fact for each in results for fact in each.unknown)
    printer.table("Compared", list(_summary(counts, unknown)))
    if left_out:
        printer.table("Not compared", [(each.what, f"{each.count:,}: {each.reason}") for each in left_out])


def _lines(each: Compared) -> Iterator[Line]:
    for lacking in each.lacks:
        yield "Lacks", lacking
    yield "Size", f"{_size(each.old)}, now {_size(each.new)}"
    yield "Last update", f"{_updated(each.old)}, now {_updated(each.new)}"


def _summary(counts: Counter[str], unknown: Counter[str]) -> Iterator[Line]:
    yield "Nothing lacking", f"{counts['same']:,}"
    yield "Something lacking", f"{counts['lacks']:,}"
    yield "Missing", f"{counts['missing']:,}"
    yield "Only in the new flow", f"{counts['added']:,}"
    for fact, count in unknown.items():
        yield f"Without a comparison of {fact}", f"{count:,}: one of the files does not say it"


def _size(audience: OldAudience | None) -> str:
    return "unknown" if audience is None or audience.size is None else f"{audience.size:,}"


def _updated(audience: OldAudience | None) -> str:
    return "unknown" if audience is None or audience.updated is None else moment_text(audience.updated)
