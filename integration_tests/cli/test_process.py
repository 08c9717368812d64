"""The command line against a stand-in connector: what it sends, and what it does when the connector misbehaves."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import PROGRAM, Run, StandIn

Make = Callable[[str], StandIn]


@pytest.fixture
def arguments(people: Path, config_path: Path) -> list[str]:
    return ["--from", f"duckdb:///{people}", "--table", "people", "--audience", "VIPs", "--config", str(config_path)]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def started(arguments: list[str], connector: StandIn, folder: Path) -> subprocess.Popen[str]:
    """Starts a sync in a process group of its own, and waits until its connector runs."""
    process = subprocess.Popen(
        [*PROGRAM, "sync", *arguments, "--destination", str(connector.executable)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 30
    while not (connector.folder / "pid").exists() or not (connector.folder / "pid").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
    return process


def test_the_connector_is_given_records_a_final_state_and_complete(
    run: Run, arguments: list[str], stand_in: Make
) -> None:
    connector = stand_in("good")
    result = run(*arguments, "--destination", connector.executable)
    assert result.returncode == 0, result.stderr
    assert connector.kinds() == ["RECORD"] * 100 + ["STATE", "TRACE"]
    assert connector.received()[0]["record"]["data"] == {"id": 0, "email": "p0@example.com"}
    (stream,) = connector.content("catalog.json")["streams"]
    assert stream["stream"]["name"] == "people"
    assert list(stream["stream"]["json_schema"]["properties"]) == ["id", "email"]


def test_the_connector_s_config_is_the_file_with_the_command_line_s_settings(
    run: Run, arguments: list[str], stand_in: Make, config_path: Path
) -> None:
    connector = stand_in("good")
    run(*arguments, "--identity", "email=EMAIL", "--destination", connector.executable)
    assert connector.content("config.json") == {
        **json.loads(config_path.read_text()),
        "audience_name": "VIPs",
        "identity_columns": [{"column": "email", "identifier": "EMAIL", "format": "auto"}],
    }


def test_a_command_line_that_is_killed_leaves_no_secret_behind(
    arguments: list[str], stand_in: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    connector = stand_in("stall")
    process = started(arguments, connector, tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    os.kill(int((connector.folder / "pid").read_text()), signal.SIGKILL)
    process.communicate()
    assert list(temporary.iterdir()) == []


def test_a_rotated_token_is_in_the_config_file_and_nothing_else_has_changed(
    run: Run, arguments: list[str], stand_in: Make, config_path: Path
) -> None:
    before = json.loads(config_path.read_text())
    result = run(*arguments, "--destination", stand_in("rotate").executable)
    assert result.returncode == 0, result.stderr
    assert json.loads(config_path.read_text()) == {
        **before,
        "credentials": {**before["credentials"], "refresh_token": "pinr_new"},
    }
    assert "pinr" not in result.stderr + result.stdout


def test_what_the_connector_refuses_is_the_last_line(run: Run, arguments: list[str], stand_in: Make) -> None:
    result = run(*arguments, "--destination", stand_in("refuse").executable)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "pinterest-audiences: PIN-CLI-020: The token is expired."


def test_the_reason_of_a_failure_comes_before_what_was_done_until_then_and_again_in_the_last_line(
    arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    command = [*PROGRAM, "sync", *arguments, "--destination", str(stand_in("unfinished").executable)]
    done = subprocess.run(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    shown = done.stdout[done.stdout.index("pinterest-audiences: ") :].splitlines()
    reason = "pinterest-audiences: PIN-CLI-020: Pinterest is not there. Try again when it is."
    assert done.returncode == 1
    assert shown[:2] == [reason, 'Audience "VIPs" from people']
    assert shown[2].split() == ["Rows", "entered", "100"]
    assert shown[-2].startswith("Sync failed in ")
    assert shown[-1] == reason


def test_a_failure_before_the_first_row_is_its_reason_and_nothing_else(
    run: Run, arguments: list[str], stand_in: Make
) -> None:
    result = run(*arguments, "--quiet", "--destination", stand_in("unbegun").executable)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "pinterest-audiences: PIN-CLI-020: Pinterest is not there. Try again when it is.\n"
    programs = run(*arguments, "--json", "--destination", stand_in("unbegun").executable)
    assert json.loads(programs.stdout)["error"].startswith("PIN-CLI-020: Pinterest is not there. ")
    assert json.loads(programs.stdout)["audiences"][0]["entered"] == 0


def test_a_dry_run_of_columns_that_identify_nobody_says_how_to_name_one(run: Run, arguments: list[str]) -> None:
    result = run(*arguments, "--columns", "id", "--dry-run", "--offline")
    assert result.returncode == 2
    assert f"{Code.NO_IDENTITY_COLUMN_RECOGNISED}: No column of the stream" in result.stderr
    assert result.stderr.endswith(
        "its columns are id. Name an identity column by --identity COLUMN=EMAIL, or in a project file by "
        "`identities`.\n"
    )


def test_a_connector_that_dies_without_a_word_fails_the_sync(run: Run, arguments: list[str], stand_in: Make) -> None:
    result = run(*arguments, "--json", "--destination", stand_in("die").executable)
    assert result.returncode == 1
    assert "error: Killed from inside." in result.stderr
    last_line = result.stderr.splitlines()[-1]
    assert "exit code 9 without saying why" in last_line
    told = json.loads(result.stdout)
    assert (told["status"], told["error_code"], told["failure_kind"]) == (
        "failed",
        Code.CONNECTOR_SILENT,
        "system_error",
    )
    assert last_line == f"pinterest-audiences: {told['error']}"


def test_a_connector_that_does_not_confirm_has_not_synced(run: Run, arguments: list[str], stand_in: Make) -> None:
    result = run(*arguments, "--destination", stand_in("forgetful").executable)
    assert result.returncode == 1
    assert f"{Code.ROWS_UNCONFIRMED}: The connector ended without confirming the last rows" in result.stderr


def test_a_connector_that_drops_the_states_numbers_has_synced(run: Run, arguments: list[str], stand_in: Make) -> None:
    incremental = [*arguments, "--cursor", "id", "--batch-rows", "40"]
    result = run(*incremental, "--destination", stand_in("numberless").executable)
    assert result.returncode == 0, result.stderr


def test_a_connector_that_talks_more_than_a_pipe_holds_blocks_nobody(
    run: Run, arguments: list[str], stand_in: Make
) -> None:
    result = run(*arguments, "--quiet", "--batch-rows", "7", "--destination", stand_in("chatty").executable)
    assert result.returncode == 0, result.stderr
    assert result.stderr == "warn: It was a fine day.\n"


def test_there_is_no_such_connector(run: Run, arguments: list[str]) -> None:
    result = run(*arguments, "--destination", "/nowhere/destination")
    assert result.returncode == 2
    assert f"{Code.CONNECTOR_NOT_FOUND}: There is no program '/nowhere/destination'" in result.stderr


def test_a_connector_that_may_not_be_run_is_told(run: Run, arguments: list[str], tmp_path: Path) -> None:
    forbidden = tmp_path / "forbidden"
    forbidden.write_text("#!/bin/sh\n")
    result = run(*arguments, "--destination", str(forbidden))
    assert result.returncode == 1
    assert f"{Code.CONNECTOR_NOT_STARTED}: The connector '{forbidden}' can't be started: " in result.stderr


def test_a_message_that_the_command_line_fails_on_is_no_success(run: Run, arguments: list[str], tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.write_text(
        "#!/bin/sh\ncat >/dev/null\n"
        """echo '{"type":"LOG","log":{"level":"INFO","message":"pinterest_sync_report: {"}}'\n"""
    )
    strange.chmod(0o700)
    result = run(*arguments, "--destination", str(strange))
    assert result.returncode == 1
    assert f"{Code.ANSWER_NOT_TAKEN}: The command line failed on a message" in result.stderr


def test_an_identity_that_the_table_has_not_is_refused_before_the_connector_starts(
    run: Run, arguments: list[str], stand_in: Make
) -> None:
    connector = stand_in("good")
    result = run(*arguments, "--identity", "emial=EMAIL", "--destination", connector.executable)
    assert result.returncode == 2
    assert "did you mean 'email'" in result.stderr
    assert not (connector.folder / "pid").exists()


def test_a_source_that_stops_in_the_middle_is_not_complete(
    run: Run, people: Path, config_path: Path, stand_in: Make
) -> None:
    connector = stand_in("good")
    query = "SELECT id, CASE WHEN id < 90 THEN 1 ELSE email::INT END AS x FROM people ORDER BY id"
    selected = ["--from", people, "--query", query, "--audience", "VIPs", "--config", config_path]
    result = run(*selected, "--destination", connector.executable)
    assert result.returncode == 1
    assert "ConversionException" in result.stderr
    assert "example.com" not in result.stderr
    assert not (connector.folder / "stdin").exists() or "TRACE" not in connector.kinds()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_sync_that_is_stopped_ends_the_connector_s_input_without_complete(
    number: int, code: int, people: Path, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    with duckdb.connect(str(people)) as database:
        database.execute("INSERT INTO people SELECT i, 'p' || i || '@example.com' FROM range(100, 100_000) r(i)")
    connector = stand_in("slow")
    process = started(arguments, connector, tmp_path)
    time.sleep(0.5)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert f"{Code.STOPPED_BY_USER}: Stopped after" in errors
    assert not is_running(int((connector.folder / "pid").read_text()))
    lines = (connector.folder / "stdin").read_bytes()
    assert lines.endswith(b"\n")
    assert set(connector.kinds()) == {"RECORD"}


@pytest.mark.parametrize(("mode", "seconds"), [("stall", 12), ("stubborn", 22)])
def test_a_connector_that_stands_still_is_ended(
    mode: str, seconds: int, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    connector = stand_in(mode)
    process = started(arguments, connector, tmp_path)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=seconds)
    assert process.returncode == 130
    assert not is_running(int((connector.folder / "pid").read_text()))


def test_asking_to_stop_again_cuts_the_wait_short(arguments: list[str], stand_in: Make, tmp_path: Path) -> None:
    connector = stand_in("stubborn")
    process = started(arguments, connector, tmp_path)
    began = time.monotonic()
    for _ in range(3):
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130
    assert time.monotonic() - began < 8
    assert not is_running(int((connector.folder / "pid").read_text()))


def cursors(connector: StandIn) -> list[str]:
    return [m["state"]["stream"]["stream_state"]["cursor"] for m in connector.received() if m["type"] == "STATE"]


def test_the_next_run_goes_on_where_the_last_one_ended(
    run: Run, people: Path, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    connector = stand_in("good")
    incremental = [*arguments, "--cursor", "id", "--state", "state.json", "--batch-rows", "40"]
    assert run(*incremental, "--destination", connector.executable).returncode == 0
    assert cursors(connector) == ["39", "79", "99"]
    with duckdb.connect(str(people)) as database:
        database.execute("INSERT INTO people VALUES (99, 'tie@example.com'), (100, 'new@example.com')")
    assert run(*incremental, "--destination", connector.executable).returncode == 0
    sent = [m["record"]["data"]["email"] for m in connector.received() if m["type"] == "RECORD"]
    assert sorted(sent) == ["new@example.com", "p99@example.com", "tie@example.com"]
    assert connector.kinds()[-1] == "TRACE"


def test_a_connector_that_dies_in_the_middle_loses_no_row(
    run: Run, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    incremental = [*arguments, "--cursor", "id", "--state", "state.json", "--batch-rows", "10"]
    dying, good = stand_in("die"), stand_in("good")
    assert run(*incremental, "--destination", dying.executable).returncode == 1
    kept = int(json.loads((tmp_path / "state.json").read_text())["state"]["cursor"])
    assert kept == 19  # the states after rows 10 and 20 came back, the one after row 30 did not
    assert run(*incremental, "--destination", good.executable).returncode == 0
    ids = [m["record"]["data"]["id"] for m in good.received() if m["type"] == "RECORD"]
    assert ids == list(range(kept, 100))


def test_a_state_that_never_came_back_is_not_kept(
    run: Run, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    result = run(
        *arguments, "--cursor", "id", "--state", "state.json", "--destination", stand_in("forgetful").executable
    )
    assert result.returncode == 1
    assert not (tmp_path / "state.json").exists()


def test_a_state_of_another_audience_is_refused(run: Run, arguments: list[str], stand_in: Make) -> None:
    incremental = [*arguments, "--cursor", "id", "--state", "state.json", "--destination", stand_in("good").executable]
    assert run(*incremental).returncode == 0
    incremental[incremental.index("VIPs")] = "Others"
    result = run(*incremental)
    assert result.returncode == 2
    assert "belongs to a sync of another audience ('VIPs')" in result.stderr


def test_a_dry_run_offline_starts_no_connector_and_writes_no_file(
    run: Run, arguments: list[str], stand_in: Make, tmp_path: Path
) -> None:
    connector = stand_in("good")
    before = sorted(tmp_path.rglob("*"))
    options = ["--dry-run", "--offline", "--cursor", "id", "--json", "--destination", connector.executable]
    result = run(*arguments, *options)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["usable"] == 100
    assert json.loads(result.stdout)["pinterest"] is None
    assert sorted(tmp_path.rglob("*")) == before


def test_on_a_terminal_there_is_a_bar_and_a_table(arguments: list[str], stand_in: Make, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    command = [*PROGRAM, "sync", *arguments, "--destination", str(stand_in("good").executable)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "150"}
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                some = os.read(ours, 65536)
            except OSError:
                break
            if not some:
                break
            shown += some
    os.close(ours)
    assert process.returncode == 0, shown.decode()
    assert b"100/100 read" in shown
    assert b"It was a fine day." in shown
