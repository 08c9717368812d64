from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pinterest_audiences.history.plot import plotted
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.view import as_json, audience_tables, run_lines, write_observations, write_runs

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunRecord(
    "r1", None, "vip", "VIP", "1", None, "sync", NOON, NOON + timedelta(seconds=90), 0, None, None, None, "1",
    {"entered": 1200, "synced": 1198, "not_synced": {"invalid_email": 2}},
)  # fmt: skip
LOST = replace(RUN, exit_code=1, failure_code="PIN-NET-001", failure_text="PIN-NET-001: No answer.", figures={})


def seen(*sizes: int | None) -> list[Observation]:
    """The latest first, a day apart."""
    return [
        Observation("1", "25", "VIP", NOON - timedelta(days=age), size, "READY", "observe", 0.5)
        for age, size in enumerate(sizes)
    ]


def points(*values: float) -> list[tuple[datetime, float]]:
    return [(NOON + timedelta(days=day), value) for day, value in enumerate(values)]


def test_a_plot_goes_from_the_smallest_to_the_largest() -> None:
    assert plotted(points(0, 1, 2, 3, 4, 5, 6, 7), "utf-8", width=8) == "▁▂▃▄▅▆▇█"


def test_days_without_a_value_are_blank() -> None:
    assert plotted([(NOON, 0), (NOON + timedelta(days=7), 7)], "utf-8", width=8) == "▁      █"


def test_equal_values_are_in_the_middle_and_one_is_enough() -> None:
    assert plotted(points(5, 5, 5), "utf-8", width=3) == "▄▄▄"
    assert plotted(points(5), "utf-8") == "▄"
    assert plotted([], "utf-8") == ""


def test_a_run_that_kept_an_audience_for_an_empty_table_says_so() -> None:
    ((_, text),) = run_lines([replace(RUN, figures={**RUN.figures, "empty_table": "kept"})])
    assert text.endswith("succeeded (empty table, audience kept)")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", None, "no such encoding"])
def test_a_terminal_without_bars_gets_signs(encoding: str | None) -> None:
    assert plotted(points(0, 7), encoding, width=2) == "_#"


def test_an_audience_has_its_size_match_rate_status_and_last_run() -> None:
    ((title, lines),) = audience_tables([RUN, LOST], seen(1210, None, 1000), "utf-8")
    shown = dict(lines)
    assert title == 'Audience "VIP" in the ad account 1'
    assert shown["Size"].startswith("1,000 to 1,210  ▁")
    assert shown["Match rate"].startswith("50.0%  ▄")
    assert shown["Status"] == "READY, 2026-11-27 12:00 UTC (seen 3 times since 2026-11-25 12:00 UTC)"
    assert shown["Last run"] == (
        "2026-11-27 12:01 UTC, sync took 90 seconds, succeeded: 1,200 rows entered, 1,198 synced, 2 not synced"
    )


def test_an_audience_that_was_never_seen_has_only_its_run() -> None:
    ((_, lines),) = audience_tables([LOST], [], "utf-8")
    assert [name for name, _ in lines] == ["Last run"]
    assert lines[0][1].endswith("failed: PIN-NET-001: No answer.")


def test_runs_are_lines() -> None:
    assert next(run_lines([LOST]))[0] == "2026-11-27 12:01 UTC"


def test_json_has_everything_and_moments_in_utc() -> None:
    content = as_json([RUN], seen(1))
    assert content["runs"][0]["figures"] == RUN.figures
    assert content["runs"][0]["started_at"] == "2026-11-27T12:00:00Z"
    assert content["observations"][0]["size"] == 1


def test_csv_has_a_header_and_a_line_for_each() -> None:
    observations, runs = io.StringIO(), io.StringIO()
    write_observations(observations, seen(1, None))
    write_runs(runs, [RUN, LOST])
    assert observations.getvalue().splitlines() == [
        "ad_account_id,audience_id,audience,seen_at,size,status,source,match_share",
        "1,25,VIP,2026-11-27T12:00:00Z,1,READY,observe,0.5",
        "1,25,VIP,2026-11-26T12:00:00Z,,READY,observe,0.5",
    ]
    header, first, second = runs.getvalue().splitlines()
    assert header.startswith("run_id,project,name,")
    assert first.endswith(",1200,1198,,,,,,,2")
    assert second.endswith(",,,,,,,,")
