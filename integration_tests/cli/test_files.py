"""The same people out of files of each format, from each place, through the real connector, into the sandbox."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import PROGRAM, Result, Run
from integration_tests.s3_server import ACCESS_KEY, REGION, SECRET_KEY, S3Server
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import Selection
from unit_tests.support.raises import raises
from unit_tests.support.workbooks import xlsx

COUNT = 300
EMAILS = [f"person{number}@example.com" for number in range(COUNT)]
MEMBERS = {hashlib.sha256(email.encode()).hexdigest() for email in EMAILS}
OBJECTS = [{"id": number, "email": email, "more": {"n": [1]}} for number, email in enumerate(EMAILS)]
TABLE = pa.table({"id": range(COUNT), "email": EMAILS})


def csv(emails: list[str] = EMAILS) -> bytes:
    return "".join(["email,id\n", *(f"{email},{number}\n" for number, email in enumerate(emails))]).encode()


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    content = io.BytesIO()
    write(content)
    return content.getvalue()


def zipped(names: dict[str, bytes]) -> bytes:
    def write(content: io.BytesIO) -> None:
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, member in names.items():
                archive.writestr(name, member)

    return written(write)


def arrow_stream(content: io.BytesIO) -> None:
    with pa.ipc.new_stream(content, TABLE.schema) as writer:
        writer.write_table(TABLE)


BINARY = TABLE.set_column(1, "email", TABLE["email"].cast(pa.binary()))
LINES = "".join(json.dumps(each) + "\n" for each in OBJECTS).encode()
SHEET = [["All of them"], [None], ["Email", "Id"], *([email, number] for number, email in enumerate(EMAILS))]
FILES = {
    "people.csv.gz": gzip.compress(csv()),
    "people.zip": zipped({"__MACOSX/._people.csv": b"x", "a.csv": csv(EMAILS[:100]), "b.csv": csv(EMAILS[100:])}),
    "people.ndjson.gz": gzip.compress(LINES),
    "people.json": json.dumps({"data": OBJECTS, "next": None}, indent=1).encode(),
    "people.xlsx": xlsx({"People": SHEET}),
    "binary.pq": written(lambda content: pq.write_table(BINARY, content, row_group_size=70)),
    "people.arrows": written(arrow_stream),
}


def sync(run: Run, config: Path, *arguments: object, environment: dict[str, str] | None = None) -> Result:
    return run(*arguments, "--audience", "VIPs", "--config", config, "--json", environment=environment)


def report_of(result: Result) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    report: dict[str, object] = json.loads(result.stdout)["audiences"][0]
    return report


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_any_format_is_the_audience(
    name: str, run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    result = sync(run, sandbox_config, "--from", name)
    assert report_of(result)["entered"] == COUNT
    assert sandbox.members("VIPs") == MEMBERS
    assert "WARN" not in result.stderr or name == "people.xlsx"  # whose title is no row


def test_a_partitioned_folder_is_the_audience(
    run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    for number, country in enumerate(("DE", "FR", "US")):
        folder = tmp_path / "exports" / f"country={country}"
        folder.mkdir(parents=True)
        (folder / "part-0.csv").write_bytes(csv(EMAILS[number::3]))
    (tmp_path / "exports" / "_SUCCESS").touch()
    assert report_of(sync(run, sandbox_config, "--from", "exports"))["entered"] == COUNT
    assert sandbox.members("VIPs") == MEMBERS
    query = "SELECT email FROM exports WHERE country IN ('DE', 'FR')"
    result = run("--from", "exports", "--query", query, "--audience", "Two", "--config", sandbox_config, "--json")
    assert report_of(result)["entered"] == COUNT / 3 * 2


@pytest.mark.parametrize(("name", "chosen"), [("people.csv.gz", "csv"), ("people.ndjson.gz", "jsonl")])
def test_standard_input_is_the_audience(
    name: str, chosen: str, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    with (tmp_path / name).open("rb") as content:
        result = subprocess.run(
            [*PROGRAM, "sync", "--from", "-", "--format", chosen, "--audience", "VIPs", "--config", sandbox_config],
            stdin=content, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert sandbox.members("VIPs") == MEMBERS


@pytest.mark.parametrize("name", ["people.csv.gz", "people.json"])
def test_a_file_that_was_cut_off_fails(
    name: str, run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(FILES[name][:-20])
    result = sync(run, sandbox_config, "--from", name, "--replace")
    assert result.returncode == 1
    assert json.loads(result.stdout)["error_code"] in {Code.SOURCE_CUT_OFF, Code.SOURCE_STOPPED}


@pytest.fixture(scope="module")
def storage() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def environment(storage: S3Server) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": storage.url,
    }


@pytest.fixture
def bucket(storage: S3Server) -> str:
    bucket = storage.new_bucket()
    objects = {
        "exports/country=DE/a.csv": csv(EMAILS[:100]),
        "exports/country=FR/b.csv": csv(EMAILS[100:200]),
        "exports/country=FR/c.csv.gz": gzip.compress(csv(EMAILS[200:])),
        "exports/_SUCCESS": b"",
        "exports/": b"",
        "binary.pq": FILES["binary.pq"],
        "hidden/_a.csv": csv(),
        "table/_delta_log/00000000000000000009.json": b"{}",
        "table/a.parquet": FILES["binary.pq"],
    }
    for name, content in objects.items():
        storage.client.put_object(Bucket=bucket, Key=name, Body=content)
    return bucket


def test_a_folder_of_a_bucket_is_the_audience(
    bucket: str, environment: dict[str, str], run: Run, sandbox: RunningSandbox, sandbox_config: Path
) -> None:
    result = sync(run, sandbox_config, "--from", f"s3://{bucket}/exports", environment=environment)
    assert report_of(result)["entered"] == COUNT
    assert sandbox.members("VIPs") == MEMBERS


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        ("exports/country=DE/a.csv", 100),
        ("exports/", COUNT),
        ("exports/country=*", COUNT),
        ("exports/*/*.csv", 200),
        ("exports/**/*.csv*", COUNT),
        ("ex*/country=FR/c*", 100),
        ("binary.pq", COUNT),
    ],
)
def test_objects_are_found_by_key_folder_and_pattern(
    key: str, rows: int, bucket: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with closing(open_source(f"s3://{bucket}/{key}")) as source:
        stream = source.open_rows(Selection(table=source.only_table), 5_000)
        assert sum(len(batch.rows) for batch in stream.batches) == rows
        assert ("country" in stream.columns) == (key not in {"exports/country=DE/a.csv", "binary.pq"})


def test_a_bucket_that_does_not_answer_as_hoped_is_an_error_in_words(
    storage: S3Server, bucket: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for key, said in {
        "none.csv": "There is no file",
        "none/*.csv": "No file matches",
        "hidden/": "has no files",
        "table": "is a Delta table",
    }.items():
        with raises(Code.SOURCE_NOT_OPENED, match=said):
            open_source(f"s3://{bucket}/{key}")
    with raises(Code.SOURCE_NOT_OPENED, match="There is no file"):
        open_source("s3://no-such-bucket/a.csv")
    for address in ("s3://", "s3://key:secret@bucket/a.csv"):
        with raises(Code.SOURCE_ADDRESS_WRONG, match="needs a bucket's name and a path"):
            open_source(address)
    storage.require_permission()
    try:
        with raises(Code.SOURCE_NOT_OPENED, match="refuses access") as error:
            open_source(f"s3://{bucket}/binary.pq")
    finally:
        storage.let_everybody_in()
    assert SECRET_KEY not in str(error.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with raises(Code.SOURCE_UNREACHABLE, match="doesn't answer as it should"):
        open_source(f"s3://{bucket}/binary.pq")


PEOPLE_WITH_FAULTS = """id,email,gaid
1,ada@example.com,
2,nonsense,
3,,
4,grace@example.com,bad
5,jane(work)@example.com,
"""


@pytest.mark.parametrize("mode", [(), ("--dry-run",)])
def test_rejected_rows_are_written_with_their_lines_and_without_their_values(
    mode: tuple[str, ...], run: Run, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE_WITH_FAULTS)
    (tmp_path / "rejected.jsonl").write_text('{"file": "from an earlier run"}\n')
    result = sync(run, sandbox_config, "--from", "people.csv", "--rejected", "rejected.jsonl", *mode)
    assert result.returncode == 0, result.stderr
    written_file = tmp_path / "rejected.jsonl"
    rows = [json.loads(line) for line in written_file.read_text().splitlines()]
    assert [(row["line"], row["row_used"], row["column"], row["reason"]) for row in rows] == [
        (3, False, "email", "invalid_email"),
        (4, False, None, "no_identity"),
        (5, True, "gaid", "invalid_advertising_id"),
        (6, False, "email", "email_not_bare"),
    ]
    assert {row["file"] for row in rows} == {str(tmp_path / "people.csv")}
    assert "not an e-mail address" in rows[0]["message"]
    assert not {"nonsense", "jane(work)@example.com", "bad"} & set(written_file.read_text().replace('"', " ").split())
    assert written_file.stat().st_mode & 0o777 == 0o600
    assert "4 lines written to rejected.jsonl" in result.stderr


@pytest.mark.parametrize("mode", [(), ("--dry-run", "--offline")])
def test_what_is_no_warning_is_left_out_where_quiet_is_wanted(
    mode: tuple[str, ...], run: Run, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_bytes("id;email\n1;ada@example.com\n2;nonsense\n".encode("utf-16"))
    result = sync(run, sandbox_config, "--from", "people.csv", "--rejected", "rejected.jsonl", "--quiet", *mode)
    assert (result.returncode, result.stderr) == (0, "")


def test_rejected_rows_of_a_table_are_told_by_their_key_and_values_are_written_if_wanted(
    run: Run, sandbox_config: Path, people: Path, tmp_path: Path
) -> None:
    query = "SELECT id, CASE WHEN id % 50 = 7 THEN 'nobody ' || id ELSE email END AS email FROM people ORDER BY id"
    arguments = ("--from", people, "--query", query, "--primary-key", "id", "--rejected", "r.csv", "--rejected-values")
    assert report_of(sync(run, sandbox_config, *arguments))["entered"] == 100
    said = "false,email,invalid_email,The value is not an e-mail address; correct it in the table."
    assert (tmp_path / "r.csv").read_text().splitlines() == [
        "file,line,primary_key,row_used,column,reason,message,value",
        f',8,"{{""id"": 7}}",{said},nobody 7',
        f',58,"{{""id"": 57}}",{said},nobody 57',
    ]


def test_lines_that_are_no_rows_are_rejected_too(run: Run, sandbox_config: Path, tmp_path: Path) -> None:
    (tmp_path / "people.jsonl").write_text('{"email":"a@example.com"}\nbroken\n{"email":"b@example.com"}\n')
    report_of(sync(run, sandbox_config, "--from", "people.jsonl", "--rejected", "r.jsonl"))
    (row,) = [json.loads(line) for line in (tmp_path / "r.jsonl").read_text().splitlines()]
    assert (row["line"], row["reason"], row["message"]) == (2, "unreadable_row", "the line is not JSON")


def test_a_file_of_rejected_rows_that_cannot_be_written_is_said_before_anything_is_sent(
    run: Run, sandbox: RunningSandbox, sandbox_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "people.csv").write_text(PEOPLE_WITH_FAULTS)
    result = sync(run, sandbox_config, "--from", "people.csv", "--rejected", "nowhere/r.jsonl")
    assert result.returncode == 2
    assert json.loads(result.stdout)["error_code"] == Code.REJECTED_NOT_KEPT


def test_without_the_option_no_row_is_announced(run: Run, sandbox_config: Path, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    spy = tmp_path / "spy"
    spy.write_text(f'#!/bin/sh\nenv > "{seen}"\nexec "{sys.executable}" -m destination_pinterest "$@"\n')
    spy.chmod(0o755)
    (tmp_path / "people.csv").write_text(PEOPLE_WITH_FAULTS)
    report_of(sync(run, sandbox_config, "--from", "people.csv", "--destination", spy))
    assert "DESTINATION_PINTEREST_REJECTED" not in seen.read_text()
    report_of(sync(run, sandbox_config, "--from", "people.csv", "--destination", spy, "--rejected", "r.jsonl"))
    assert "DESTINATION_PINTEREST_REJECTED=reasons" in seen.read_text()
