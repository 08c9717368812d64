from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from pinterest_audiences.displays import display_for
from pinterest_audiences.progress import PLAIN_LINE_EVERY_S, PlainDisplay, QuietDisplay, wait_text
from pinterest_audiences.progress_bar import BarDisplay

PROGRESS = {"entered": 900, "synced": 800, "not_synced": 5, "requests": 3, "waited_s": 1.5}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_plain_line_comes_every_few_seconds_and_not_for_every_line_of_progress() -> None:
    output, clock = io.StringIO(), Clock()
    with PlainDisplay(output, clock) as display:
        display.begin(1000)
        display.read(600)
        display.read(300)
        display.progressed(PROGRESS)
        clock.now = PLAIN_LINE_EVERY_S
        display.progressed(PROGRESS)
        display.progressed(PROGRESS)
    assert output.getvalue().splitlines() == [
        "Reading the source (1,000 rows) and sending to Pinterest.",
        "900 of 1,000 rows read, 800 synced, 5 not synced, 3 requests, waited 1.5 s for quota",
    ]


def test_where_no_total_is_known_none_is_shown() -> None:
    output, clock = io.StringIO(), Clock()
    display = PlainDisplay(output, clock)
    display.begin(None)
    clock.now = PLAIN_LINE_EVERY_S
    display.progressed({})
    assert output.getvalue().splitlines() == [
        "Reading the source and sending to Pinterest.",
        "0 rows read, 0 synced, 0 not synced, 0 requests",
    ]


def test_one_row_is_spoken_of_as_one() -> None:
    output = io.StringIO()
    PlainDisplay(output, Clock()).begin(1)
    assert output.getvalue() == "Reading the source (1 row) and sending to Pinterest.\n"


def test_a_wait_is_said_once_and_stands_in_the_lines_until_it_ends() -> None:
    output, clock = io.StringIO(), Clock()
    display = PlainDisplay(output, clock)
    display.waiting(1_700_000_000.0)
    display.waiting(1_700_000_000.0)
    clock.now = PLAIN_LINE_EVERY_S
    display.progressed(PROGRESS)
    display.waiting(0.0)
    clock.now *= 2
    display.progressed(PROGRESS)
    waiting = wait_text(1_700_000_000.0)
    lines = output.getvalue().splitlines()
    assert lines[0] == waiting.replace("waiting", "Waiting") + "."
    assert lines[1].endswith("; " + waiting)
    assert "waiting" not in lines[2]
    assert len(lines) == 3


def test_a_wait_until_today_names_the_time_and_one_until_another_day_the_day() -> None:
    now = datetime.now().astimezone().replace(hour=12)
    assert re.search(r"until \d\d:\d\d:\d\d$", wait_text(now.timestamp()))
    assert re.search(r"until \d{4}-\d\d-\d\d \d\d:", wait_text((now + timedelta(days=2)).timestamp()))


def test_quiet_shows_warnings_and_errors_only() -> None:
    output = io.StringIO()
    with QuietDisplay(output) as display:
        display.begin(10)
        display.read(1)
        display.progressed(PROGRESS)
        display.waiting(5.0)
        display.log("INFO", "Hello.")
        display.log("WARN", "Careful.")
    assert output.getvalue() == "warn: Careful.\n"


def shown_by_the_bar(total: int | None, **counts: Any) -> str:
    output = io.StringIO()
    with BarDisplay(Console(file=output, force_terminal=True, width=160), "Syncing") as display:
        display.read(1)
        display.begin(total)
        display.read(899)
        display.progressed({**PROGRESS, **counts})
        display.waiting(1_700_000_000.0)
        display.log("WARN", "Careful [bold] of brackets.")
    return output.getvalue()


def test_the_bar_shows_rows_read_and_synced_and_what_it_waits_for() -> None:
    shown = shown_by_the_bar(1000)
    assert "900/1,000 read, 800 synced" in shown
    assert wait_text(1_700_000_000.0) in shown
    assert "warn: Careful [bold] of brackets." in shown


def test_the_bar_works_without_a_total() -> None:
    assert "900 read, 800 synced" in shown_by_the_bar(None)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("output", "quiet", "kind"),
    [(Terminal(), False, BarDisplay), (io.StringIO(), False, PlainDisplay), (Terminal(), True, QuietDisplay)],
)
def test_a_terminal_gets_a_bar_and_anything_else_lines(output: io.StringIO, quiet: bool, kind: type) -> None:
    assert type(display_for(output, quiet=quiet)) is kind
