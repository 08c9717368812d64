"""Keeps the tables of error codes in docs/operations.md equal to the codes of the connector and what is said of them.

They stand between two markers; the rest of the page is written by hand. With `--check` nothing is written: the
differences are shown and the exit status is 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from destination_pinterest.error_codes import AREAS, Code
from destination_pinterest.error_texts import TEXTS
from tools.generated_file import ROOT, keep

PAGE = ROOT / "docs" / "operations.md"
BEGIN = "<!-- Errors: written by `make spec` from destination_pinterest/error_texts.py -->\n"
END = "<!-- Errors end here -->\n"
KINDS = {"config_error": "config", "transient_error": "transient", "system_error": "system"}


def main() -> int:
    """Write or check the page; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of step")
    check = parser.parse_args().check
    wanted = with_tables(PAGE.read_text(encoding="utf-8"))
    return 0 if keep(PAGE, wanted, source="destination_pinterest/error_texts.py", check=check) else 1


def with_tables(page: str) -> str:
    """The page with today's tables in place of what stands between the markers.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("The page has lost the markers between which the tables of errors stand.")
    return before + begin + "".join(_table(area, title) for area, title in AREAS.items()) + "\n" + end + after


def _table(area: str, title: str) -> str:
    return "\n".join(
        [
            f"\n### {title}\n",
            "| Code | What happened | What to do | Kind | Waiting helps |",
            "| --- | --- | --- | --- | --- |",
            *_rows(area),
            "",
        ]
    )


def _rows(area: str) -> Iterator[str]:
    for code in sorted(Code):
        if code.area == area:
            waiting = "yes" if code.waiting_helps else "no"
            anchor = f'<a id="{code.anchor}"></a>{code}'
            text = TEXTS[code]
            yield f"| {anchor} | {text.summary} | {text.remedy} | {KINDS[code.failure_kind]} | {waiting} |"


if __name__ == "__main__":
    sys.exit(main())
