from __future__ import annotations

import json
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.__main__ import main, parser
from pinterest_audiences.connector_process import OWN_CONNECTOR
from pinterest_audiences.sync_request import SyncRequest, read_identity, read_request
from unit_tests.support.raises import raises

LEAST = ("sync", "--from", "x.csv", "--audience", "VIP & co", "--config", "a/config.json")


def request(*more: str) -> SyncRequest:
    return read_request(parser().parse_args([*LEAST, *more]))


def test_the_least_that_must_be_said_means_all_columns_of_our_own_connector() -> None:
    least = request()
    assert least.columns is None
    assert least.state is None
    assert least.destination == OWN_CONNECTOR
    assert least.overlay() == {"audience_name": "VIP & co"}
    assert least.named_columns() == ()


@pytest.mark.parametrize(
    ("settings", "audience"),
    [
        ({"audience_name": "{country} buyers", "audience_column": "country"}, "{country} buyers"),
        ({"audience_column": "segment"}, "{segment}"),
        ({"audience_name": "VIP"}, "VIP"),
    ],
)
def test_without_an_argument_the_config_names_the_audience(
    tmp_path: Path, settings: dict[str, str], audience: str
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"credentials": {}, **settings}))
    found = read_request(parser().parse_args(["sync", "--from", "x.csv", "--config", str(path)]))
    assert found.overlay() == {"audience_name": audience}


def test_an_audience_that_nobody_names_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"credentials": {}, "audience_name": " "}')
    with raises(Code.USAGE_WRONG, match="Nothing names the audience"):
        read_request(parser().parse_args(["sync", "--from", "x.csv", "--config", str(path)]))


def test_identities_become_settings_and_must_be_there() -> None:
    asked = request("--identity", "mail=email:sha256", "--identity", "a=b=GAID", "--primary-key", "id")
    assert asked.overlay()["identity_columns"] == [
        {"column": "mail", "identifier": "EMAIL", "format": "sha256"},
        {"column": "a=b", "identifier": "GAID", "format": "auto"},
    ]
    assert asked.named_columns() == ("mail", "a=b", "id")


@pytest.mark.parametrize("text", ["email", "=EMAIL", "email=", "email=FAX", "email=EMAIL:rot13"])
def test_an_identity_that_can_not_be_read_is_answered_with_the_form(text: str) -> None:
    with raises(Code.USAGE_WRONG, match=r"is not COLUMN=IDENTIFIER.*HASHED_PINNER_ID.*sha256"):
        read_identity(text)


def test_columns_are_joined_by_those_that_the_sync_needs() -> None:
    asked = request("--columns", "email, city", "--cursor", "updated_at", "--primary-key", "email")
    assert asked.columns == ("email", "city", "updated_at")


def test_the_state_lies_beside_the_config_and_is_another_for_another_audience() -> None:
    state = request("--cursor", "id").state
    assert state is not None
    assert state.parent == Path("a")
    assert state.name.startswith("vip-co-")
    other = read_request(parser().parse_args([*LEAST[:4], "VIP + co", *LEAST[5:], "--cursor", "id"]))
    assert other.state != state
    assert request("--cursor", "id", "--state", "s.json").state == Path("s.json")


def test_a_query_loses_its_semicolon() -> None:
    assert request("--query", " SELECT 1 ; ").query == "SELECT 1"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--state", "s.json"), "--state needs --cursor"),
        (("--replace", "--cursor", "id"), "--replace needs the whole table"),
        (("--batch-rows", "0"), "--batch-rows must be"),
        (("--query", " ; "), "--query is empty"),
        (("--columns", " , "), "--columns names no column"),
        (("--audience", " "), "--audience must not be blank"),
    ],
)
def test_arguments_that_make_no_sense_are_answered_in_a_sentence(more: tuple[str, ...], said: str) -> None:
    with raises(Code.USAGE_WRONG, match=said):
        request(*more)


@pytest.mark.parametrize("argv", [[], ["sync"], ["dance"], [*LEAST, "--table", "t", "--query", "q"]])
def test_wrong_usage_ends_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2
    assert "pinterest-audiences" in capsys.readouterr().err


def test_a_failure_is_one_line_on_standard_error_and_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(list(LEAST)) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pinterest-audiences: PIN-CLI-005: There is no file 'a/config.json'")
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (KeyboardInterrupt(), 130, f"{Code.STOPPED_BY_USER}: Stopped"),
        (ValueError("jane@example.com"), 1, f"{Code.CLI_CRASHED}: A fault of this program (ValueError in "),
    ],
)
def test_whatever_happens_there_is_no_traceback_and_nobody_s_data(
    raised: BaseException, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> SyncRequest:
        raise raised

    monkeypatch.setattr("pinterest_audiences.sync.read_request", fail)
    assert main(list(LEAST)) == code
    captured = capsys.readouterr().err
    assert said in captured
    assert "jane" not in captured
    assert "Traceback" not in captured


def test_a_failure_before_the_first_row_is_told_to_programs_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*LEAST, "--json"]) == 2
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert captured.err == f"pinterest-audiences: {told['error']}\n"
    assert (told["schema_version"], told["status"]) == (1, "failed")
    assert (told["error_code"], told["failure_kind"]) == (Code.SOURCE_NOT_OPENED, "config_error")


def test_options_that_do_not_fit_have_a_code_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["sync"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert end.value.code == 2
    assert said.startswith(f"pinterest-audiences: {Code.USAGE_WRONG}: the following arguments are required")


def test_what_is_said_about_files_is_taken_together() -> None:
    asked = request("--format", "xlsx", "--table", "People", "--skip-lines", "2")
    options = asked.file_options()
    assert (options.format, options.table, options.text.skip_lines) == ("xlsx", "People", 2)


def test_rejected_rows_go_to_a_file_without_their_values() -> None:
    asked = request("--rejected", "r.jsonl")
    assert (asked.rejected, asked.rejected_values) == (Path("r.jsonl"), False)
    assert request("--rejected", "r.jsonl", "--rejected-values").rejected_values


def test_rejected_rows_go_to_a_file_where_the_environment_is_all_the_config_there_is() -> None:
    arguments = ("sync", "--from", "x.csv", "--audience", "VIP", "--rejected", "r.jsonl")
    assert read_request(parser().parse_args(arguments)).rejected == Path("r.jsonl")


def test_values_of_rejected_rows_need_a_file() -> None:
    with raises(Code.USAGE_WRONG, match="--rejected-values needs --rejected FILE"):
        request("--rejected-values")


@pytest.mark.parametrize(
    ("source", "rejected"),
    [
        ("x.csv", "x.csv"),
        ("x.csv", "./a/../x.csv"),
        ("x.csv", "a/config.json"),
        ("x.csv", "state.json"),
        ("exports", "exports/rejected.csv"),
        (".", "rejected.csv"),
    ],
)
def test_rejected_rows_replace_no_file_of_the_sync_and_are_not_read_as_data(source: str, rejected: str) -> None:
    more = ("--rejected", rejected, "--cursor", "id", "--state", "state.json")
    with raises(Code.USAGE_WRONG, match="is the config, the state file, or among the files of --from"):
        request("--from", source, *more)
