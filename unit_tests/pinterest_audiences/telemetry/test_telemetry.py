from __future__ import annotations

import re
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from pinterest_audiences.telemetry.metrics import METRICS, SIZE, Sample
from pinterest_audiences.telemetry.telemetry import Telemetry
from pinterest_audiences.telemetry.textfile import write_textfile

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunRecord(
    "r1", "shop", "vip", "VIP", "1", None, "run", NOON, NOON + timedelta(seconds=90), 0, None, None, None, "1",
    {
        "entered": 100, "synced": 98, "not_synced": {"invalid_email": 2}, "identifiers_added": 98, "requests": 1,
        "audience_id": "25", "audience_status": "READY", "audience_size": 60, "match_estimate": {"share": 0.61},
    },
)  # fmt: skip
METRICS_OF_SUCCESS = "pinterest_audiences_run_last_success_timestamp_seconds{"
LINE = re.compile(r'[a-z_]+\{([a-z_]+="(\\["\\n]|[^"\\\n])*",?)*\} -?[0-9.e+]+')


def telemetry(folder: Path, history: History | None, said: list[str] | None = None) -> Telemetry:
    environment = {"PINTEREST_AUDIENCES_METRICS_FILE": str(folder / "pinterest.prom")}
    return Telemetry(environment, history, (said if said is not None else []).append)


def test_the_file_has_every_metric_of_a_run_in_prometheus_form(tmp_path: Path) -> None:
    telemetry(tmp_path, None).ran([RUN], [SignIn("main", NOON)])

    lines = (tmp_path / "pinterest.prom").read_text().splitlines()
    values = [line for line in lines if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in values)
    assert {line.split()[2] for line in lines if line.startswith("# TYPE")} == {metric.name for metric in METRICS}
    labels = 'project="shop",name="vip",audience="VIP",ad_account_id="1"'
    assert f'pinterest_audiences_run_rows{{{labels},outcome="not_synced"}} 2' in values
    assert stat.S_IMODE((tmp_path / "pinterest.prom").stat().st_mode) == 0o644


def test_the_file_is_whole_after_each_run_whichever_wrote_it_last(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    failed = replace(RUN, finished_at=RUN.finished_at + timedelta(hours=1), exit_code=1, figures={})
    other = replace(RUN, name="b", audience="B", finished_at=NOON + timedelta(hours=2))
    for record in (RUN, failed, other):
        history.record_run(record)
        telemetry(tmp_path, history).ran([record])

    text = (tmp_path / "pinterest.prom").read_text()
    labels = 'project="shop",name="vip",audience="VIP",ad_account_id="1"'
    assert f"pinterest_audiences_run_success{{{labels}}} 0.0" in text
    assert f"pinterest_audiences_run_last_success_timestamp_seconds{{{labels}}} {RUN.finished_at.timestamp()}" in text
    assert 'name="b"' in text


def test_what_has_not_run_for_a_month_is_no_longer_in_the_file(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    old = NOON - timedelta(days=31)
    history.record_runs([replace(RUN, name="old", audience="Old", started_at=old, finished_at=old), RUN])
    telemetry(tmp_path, history).ran([RUN])
    assert 'name="old"' not in (tmp_path / "pinterest.prom").read_text()


def test_a_success_that_a_wrong_clock_has_dated_is_not_in_the_file_and_takes_nothing_out(tmp_path: Path) -> None:
    history = History(tmp_path / "history.sqlite3")
    ahead = NOON + timedelta(days=900)
    history.record_runs([replace(RUN, name="ahead", started_at=ahead, finished_at=ahead), RUN])
    telemetry(tmp_path, history).ran([RUN])
    text = (tmp_path / "pinterest.prom").read_text()
    successes = [line for line in text.splitlines() if line.startswith(METRICS_OF_SUCCESS)]
    assert ['name="vip"' in line for line in successes] == [True]


def test_a_name_can_not_break_the_file(tmp_path: Path) -> None:
    write_textfile(tmp_path / "x.prom", [Sample(SIZE, (("audience", 'a"b\\c\nd\x1b[31m'),), 3)])
    assert (tmp_path / "x.prom").read_text().splitlines()[-1] == 'pinterest_audience_size{audience="a\\"b\\\\c d"} 3'


def test_a_file_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    telemetry(tmp_path / "missing", None, said).observed([Observation("1", "2", "A", NOON, 1, "READY", "observe")])
    assert "was not written (No such file or directory)" in said[0]


def test_without_variables_nothing_is_written_or_imported(tmp_path: Path) -> None:
    said: list[str] = []
    Telemetry({}, None, said.append).ran([RUN])
    assert said == []


def test_a_variable_that_can_not_be_followed_is_said() -> None:
    said: list[str] = []
    Telemetry({"OTEL_TRACES_EXPORTER": "zipkin"}, None, said.append).ran([RUN])
    assert "OTEL_TRACES_EXPORTER" in said[0]


def test_names_that_look_alike_once_written_are_one_series(tmp_path: Path) -> None:
    samples = [
        Sample(SIZE, (("audience", name),), size) for name, size in [("VIP", 3), ("VIP\u200b", 4), ("V\ud800IP", 5)]
    ]
    write_textfile(tmp_path / "x.prom", samples)
    assert (tmp_path / "x.prom").read_text().splitlines()[2:] == ['pinterest_audience_size{audience="VIP"} 5']


def test_a_person_s_address_in_a_name_does_not_leave(tmp_path: Path) -> None:
    telemetry(tmp_path, None).ran([replace(RUN, audience="Friends of ada@example.com", name="ada@example.com")])
    assert "ada@example.com" not in (tmp_path / "pinterest.prom").read_text()
