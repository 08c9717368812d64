from __future__ import annotations

import io

from rich.console import Console

from pinterest_audiences.project.displays import BarsStage, LinesStage, stage_for


def test_lines_have_the_audiences_name_and_come_every_few_seconds() -> None:
    output, now = io.StringIO(), [0.0]
    with LinesStage(output, lambda: now[0]) as stage:
        display = stage.of("vip")
        display.begin(10)
        display.read(4)
        now[0] = 6.0
        display.read(4)
        display.read(2)
        stage.ended("vip", "done")
    assert output.getvalue().splitlines() == [
        "vip: 8 of 10 rows read, 0 synced, 0 not synced, 0 requests",
        "vip: done",
    ]


def test_warnings_are_kept_once_and_the_rest_is_not_shown() -> None:
    stage = stage_for(io.StringIO(), quiet=True)
    display = stage.of("vip")
    for level, text in (("INFO", "plan"), ("WARN", "careful"), ("WARN", "careful"), ("ERROR", "bad\x1b[2J")):
        display.log(level, text)
    assert display.warnings[0] == "careful"
    assert len(display.warnings) == 2
    assert "\x1b" not in display.warnings[1]


def test_a_terminal_has_a_bar_for_each_that_runs_and_a_line_for_each_that_has_ended() -> None:
    output = io.StringIO()
    stage = BarsStage(Console(file=output, force_terminal=True, width=100))
    with stage:
        first, second = stage.of("vip"), stage.of("buyers")
        first.begin(10)
        first.read(10)
        second.begin(None)
        second.waiting(2_000_000_000.0)
        stage.ended("vip", "done, 10 of 10 rows synced")
    shown = output.getvalue()
    assert "vip: done, 10 of 10 rows synced" in shown
    assert "buyers" in shown
