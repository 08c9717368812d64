from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.history.records import Observation, RunRecord
from pinterest_audiences.history.store import History
from unit_tests.support.raises import raises

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunRecord(
    run_id="r1",
    project="shop",
    name="vip",
    audience="VIP customers",
    ad_account_id="549755885175",
    profile="main",
    command="run",
    started_at=NOON,
    finished_at=NOON + timedelta(seconds=90, microseconds=7),
    exit_code=0,
    failure_kind=None,
    failure_code=None,
    failure_text=None,
    version="0.1.0",
    figures={
        "audience_id": "25",
        "audience_status": "READY",
        "audience_size": 1200,
        "match_estimate": {"share": 0.4},
        "entered": 3,
        "notes": ["é"],
    },
)
FAILED = replace(
    RUN,
    exit_code=1,
    failure_kind="transient_error",
    failure_code="PIN-NET-001",
    failure_text="PIN-NET-001: No.",
    figures={},
)
SEEN = Observation("549755885175", "25", "VIP customers", NOON, 1000, "READY", "observe")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "state" / "history.sqlite3")


def later(record: RunRecord, **by: float) -> RunRecord:
    return replace(
        record, started_at=record.started_at + timedelta(**by), finished_at=record.finished_at + timedelta(**by)
    )


def test_a_run_comes_back_as_it_was_kept(history: History) -> None:
    history.record_run(RUN)
    assert history.runs() == [RUN]


def test_a_moment_of_another_zone_comes_back_as_the_same_moment(history: History) -> None:
    tokyo = timezone(timedelta(hours=9))
    history.record_run(replace(RUN, started_at=NOON.astimezone(tokyo)))
    assert history.runs()[0].started_at == NOON


def test_a_moment_without_a_zone_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="zone"):
        history.record_run(replace(RUN, started_at=datetime(2026, 11, 27)))  # noqa: DTZ001 - on purpose


def test_a_history_that_does_not_exist_is_empty_and_stays_so(history: History) -> None:
    assert history.runs() == []
    assert history.observations() == []
    assert not history.path.exists()


def test_runs_come_latest_first_and_can_be_chosen(history: History) -> None:
    other = replace(later(RUN, hours=1), name="churned", project=None)
    history.record_runs([RUN, later(FAILED, hours=2), other])

    assert [run.finished_at for run in history.runs()] == sorted(
        (run.finished_at for run in history.runs()), reverse=True
    )
    assert history.runs("churned") == [other]
    assert history.runs(since=NOON + timedelta(minutes=30), limit=1) == [later(FAILED, hours=2)]
    assert history.runs(project="shop", failed=False) == [RUN]


def test_the_last_success_is_not_a_later_failure(history: History) -> None:
    second = replace(later(RUN, hours=1), run_id="r2")
    history.record_runs([RUN, second, replace(later(FAILED, hours=2), run_id="r3")])
    assert history.last_success("vip") == second
    assert history.last_success("churned") is None


def test_a_run_that_a_wrong_clock_has_dated_does_not_hide_those_after_it(history: History) -> None:
    ahead = replace(later(RUN, days=900), run_id="ahead")
    history.record_run(ahead)
    history.record_run(replace(FAILED, run_id="now"))
    assert [each.run_id for each in history.last_run("vip")] == ["now"]
    assert [each.run_id for each in history.latest_runs()] == ["now"]
    assert history.last_success("vip") == ahead
    assert history.last_success("vip", until=NOON + timedelta(days=1)) is None


def test_a_run_succeeded_only_if_it_did_in_all_ad_accounts(history: History) -> None:
    elsewhere = replace(FAILED, run_id="r2", ad_account_id="8")
    history.record_runs([RUN, later(replace(RUN, run_id="r2"), hours=1), later(elsewhere, hours=1)])
    assert history.last_success("vip", project="shop") == RUN
    assert [each.ad_account_id for each in history.last_run("vip")] == ["549755885175", "8"]


def test_a_retry_is_no_run(history: History) -> None:
    history.record_runs([RUN, replace(later(FAILED, hours=1), run_id="r2", command="retry")])
    assert history.last_run("vip") == [RUN]
    assert history.last_success("vip") == RUN


def test_what_a_run_read_at_pinterest_is_an_observation_too(history: History) -> None:
    history.record_run(RUN)
    assert history.observations() == [
        Observation("549755885175", "25", "VIP customers", RUN.finished_at, 1200, "READY", "run", 0.4)
    ]


def test_a_failed_audience_was_not_looked_at(history: History) -> None:
    history.record_run(replace(FAILED, figures={"audience_id": "25", "audience_status": None, "audience_size": None}))
    assert history.observations() == []


def test_the_latest_observation_of_each_audience(history: History) -> None:
    newer, other = (
        replace(SEEN, seen_at=NOON + timedelta(days=1), size=None),
        replace(SEEN, audience_id="26", audience="B"),
    )
    history.record_observations([SEEN, newer, other])
    assert history.latest_observations() == [other, newer]
    assert history.observations(audience_id="25", limit=1) == [newer]


@pytest.mark.parametrize(
    "personal",
    ["ada@example.com", "a" * 64, "38400000-8cf0-11bd-b23e-10b96e40000d", "+49 151 23456789", "pina_0123456789"],
)
def test_nothing_that_may_identify_a_person_is_kept(history: History, personal: str) -> None:
    history.record_run(replace(FAILED, failure_text=f"No: {personal}.", figures={"notes": [f"row {personal} is odd"]}))
    with closing(sqlite3.connect(history.path)) as connection:
        kept = "\n".join(connection.iterdump())
    assert personal not in kept
    assert history.runs()[0].failure_text == "No: […]."
    assert history.runs()[0].figures == {"notes": ["row […] is odd"]}


def test_half_a_character_in_a_name_does_not_lose_the_run(history: History) -> None:
    history.record_run(replace(RUN, name="vip\udcff"))
    assert history.runs()[0].name == "vip?"


def test_file_and_folder_are_for_their_owner_alone(history: History) -> None:
    history.record_run(RUN)
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(history.path.parent.stat().st_mode) == 0o700


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.history.store import History
history, now = History(Path(sys.argv[1])), datetime.now(UTC)
for number in range(25):
    name = str(number)
    history.record_run(RunRecord(sys.argv[2], None, name, "a", "1", None, "sync", now, now, 0, None, None, None, "1"))
    history.runs(limit=5)
"""


def test_several_processes_create_write_and_read_it_at_once(history: History) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(history.path), f"process {number}"], stderr=subprocess.PIPE)
        for number in range(3)
    ]
    assert [(writer.communicate(timeout=60)[1], writer.returncode) for writer in writers] == [(b"", 0)] * 3
    kept = {(run.run_id, run.name) for run in history.runs()}
    assert kept == {(f"process {process}", str(number)) for process in range(3) for number in range(25)}


def test_a_writer_in_the_middle_does_not_keep_others_from_reading(history: History) -> None:
    history.record_run(RUN)
    with closing(sqlite3.connect(history.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM runs")
        assert history.runs() == [RUN]


def test_a_history_that_stays_locked_is_said_to_be_busy(history: History) -> None:
    history.record_run(RUN)
    with closing(sqlite3.connect(history.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with raises(Code.HISTORY_BUSY):
            History(history.path, patience_s=0.05).record_run(RUN)
    assert history.runs() == [RUN]


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 20, b"x"])
def test_a_file_that_is_no_database_is_said_to_be_damaged_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(content)
    for use in (lambda: History(path).record_run(RUN), lambda: History(path).runs()):
        with raises(Code.HISTORY_BROKEN, match="Move it away"):
            use()
    assert path.read_bytes() == content


def test_a_damaged_page_is_said(history: History) -> None:
    history.record_runs([later(RUN, seconds=number) for number in range(200)])
    content = bytearray(history.path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    history.path.write_bytes(content)
    with raises(Code.HISTORY_BROKEN):
        history.runs()


def test_figures_that_are_no_json_are_said_to_be_damaged(history: History) -> None:
    history.record_run(RUN)
    with closing(sqlite3.connect(history.path)) as other, other:
        other.execute("UPDATE runs SET figures = '{'")
    with raises(Code.HISTORY_BROKEN):
        history.runs()


def test_a_database_of_something_else_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "customers.sqlite"
    with closing(sqlite3.connect(path)) as stranger, stranger:
        stranger.execute("CREATE TABLE customers (email TEXT)")
    before = path.read_bytes()
    for use in (lambda: History(path).record_run(RUN), lambda: History(path).runs()):
        with raises(Code.HISTORY_NOT_OURS, match="something else"):
            use()
    assert path.read_bytes() == before


def test_a_history_of_a_later_version_is_not_touched(history: History) -> None:
    history.record_run(RUN)
    with closing(sqlite3.connect(history.path)) as later_version, later_version:
        later_version.execute("PRAGMA user_version = 99")
    with raises(Code.HISTORY_LATER):
        history.record_run(RUN)
    with raises(Code.HISTORY_LATER):
        history.runs()


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with raises(Code.HISTORY_UNUSABLE, match="PINTEREST_AUDIENCES_HISTORY"):
        History(tmp_path / "file" / "history.sqlite3").record_run(RUN)


def test_a_full_disk_is_said(history: History) -> None:
    history.record_run(RUN)
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from destination_pinterest.errors import ConnectorError\n"
        "from pinterest_audiences.history.store import History\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "history = History(Path(sys.argv[1])); run = history.runs()[0]\n"
        "filled = replace(run, figures={'notes': ['x' * 200_000]})\n"
        "try: history.record_run(filled)\n"
        "except ConnectorError as error: print(error.code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(history.path)], capture_output=True, text=True, check=True, timeout=10
    )
    assert done.stdout.strip() == Code.HISTORY_UNUSABLE
    assert history.runs() == [RUN]


def test_old_runs_are_thinned_and_failures_apart_from_successes(history: History) -> None:
    minute = [later(RUN, days=-5, minutes=number) for number in range(50)]
    history.record_runs([*minute, later(FAILED, days=-5, minutes=20), later(RUN, days=-5, hours=2)])
    history.record_run(later(RUN, days=1))  # thins once a day, after the first records of that day

    kept = history.runs(since=NOON - timedelta(days=6))
    assert later(RUN, days=1) in kept
    assert minute[-1] in kept
    assert later(FAILED, days=-5, minutes=20) in kept
    assert len(kept) == 4


def test_runs_of_the_last_days_are_all_kept(history: History) -> None:
    history.record_runs([later(RUN, minutes=number) for number in range(100)])
    history.record_run(later(RUN, days=2))
    assert len(history.runs()) == 101


def test_one_observation_of_each_day_stays_for_good(history: History) -> None:
    old = [replace(SEEN, seen_at=NOON - timedelta(days=900, hours=-hours)) for hours in range(6)]
    history.record_observations([*old, SEEN])
    assert history.observations() == [SEEN, old[-1]]


def test_an_alert_is_remembered_until_it_is_over(history: History) -> None:
    assert history.alert_sent_at("vip", "failed") is None
    history.keep_alert("vip", "failed", NOON)
    assert history.alert_sent_at("vip", "failed") == NOON
    history.keep_alert("vip", "failed", None)
    assert history.alert_sent_at("vip", "failed") is None


PERSON = "ada@example.com"


def test_a_person_in_a_name_is_kept_nowhere_and_the_audience_is_found_all_the_same(history: History) -> None:
    record = replace(RUN, name=f"Friends of {PERSON}", audience=PERSON, failure_text=f"No {PERSON}.")
    assert PERSON not in repr(record)
    history.record_run(record)
    history.record_observations([Observation("7", "8", PERSON, RUN.finished_at, 5, "READY", "observe")])
    assert [run.run_id for run in history.runs(f"Friends of {PERSON}")] == [RUN.run_id]
    assert history.last_success(f"Friends of {PERSON}") is not None
    assert history.observations(audience=PERSON, ad_account_id="7") != []
    assert all(PERSON.encode() not in path.read_bytes() for path in history.path.parent.iterdir())


def test_a_retry_of_some_rows_is_no_success_of_the_whole(history: History) -> None:
    history.record_run(replace(RUN, command="retry"))
    assert history.last_success(RUN.name) is None


@pytest.mark.parametrize("host", ["localhost", "db", "db.example.com:5432", "[::1]"])
def test_a_login_in_an_address_is_not_kept(history: History, host: str) -> None:
    history.record_run(replace(FAILED, failure_text=f"postgresql://reader:hid(den,1@{host}/shop did not answer."))
    (kept,) = history.runs()
    assert "hid(den" not in (kept.failure_text or "")
    assert host in (kept.failure_text or "")
