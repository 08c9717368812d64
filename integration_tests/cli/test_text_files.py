"""Text files as people have them, through the real command and connector into the sandbox."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.sandbox_process import RunningSandbox
from destination_pinterest.error_codes import Code
from integration_tests.cli.programs import Result, Run

Sync = Callable[..., Result]


@pytest.fixture
def sync(run: Run, sandbox_config: Path, tmp_path: Path) -> Sync:
    """Writes a file and syncs it."""

    def syncs(content: str | bytes, *arguments: object, name: str = "people.csv") -> Result:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return run("--from", name, "--audience", "VIPs", "--config", sandbox_config, *arguments)

    return syncs


def digests(*people: str) -> set[str]:
    return {hashlib.sha256(f"{person}@example.com".encode()).hexdigest() for person in people}


def test_a_plain_file_is_synced_without_a_word_about_its_form(sync: Sync, sandbox: RunningSandbox) -> None:
    result = sync("email,name\na@example.com,A\nb@example.com,B\n", "--json", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")
    assert json.loads(result.stdout)["audiences"][0]["rows_unreadable"] == 0
    assert sandbox.members("VIPs") == digests("a", "b")


def test_what_can_not_be_read_is_counted_and_named_by_its_line(sync: Sync, sandbox: RunningSandbox) -> None:
    result = sync('email,name\na@example.com,A\nada@example.com,"Ada\nc@example.com,C\nd@example.com,D,x\n', "--quiet")
    assert result.returncode == 0
    assert "warn: 2 of 4 rows can't be read (line 3: a quotation mark on this line is not closed; " in result.stderr
    assert "line 5: it has more cells than there are columns)." in result.stderr
    assert "Rows unreadable      2" in result.stdout
    assert "ada@" not in result.stderr + result.stdout
    assert sandbox.members("VIPs") == digests("a", "c")


def test_a_replacement_by_a_file_with_unreadable_rows_takes_nobody_out(sync: Sync, sandbox: RunningSandbox) -> None:
    assert sync("email,name\na@example.com,A\nb@example.com,B\n", "--replace").returncode == 0
    result = sync('email,name\na@example.com,A\nb@example.com,"B\n', "--replace")
    assert result.returncode == 1
    assert f"{Code.ROWS_UNREADABLE}: 1 of 2 rows can't be read (line 3: " in result.stderr
    assert sandbox.members("VIPs") == digests("a", "b")


def test_a_list_of_identifiers_and_nothing_else_is_synced_and_its_reading_said(
    sync: Sync, sandbox: RunningSandbox
) -> None:
    result = sync("a@example.com\nb@example.com\n", name="list.txt")
    assert result.returncode == 0
    assert "The file has no line of column names. By their values, its columns are read as: email" in result.stderr
    assert sandbox.members("VIPs") == digests("a", "b")


def test_titles_footers_and_another_encoding_are_said(sync: Sync, sandbox: RunningSandbox) -> None:
    content = "Our people\n\nemail;name\na@example.com;Zoé\n\nMade by us\n"
    result = sync(content.encode("utf-16"))
    assert result.returncode == 0
    for said in ("read as UTF-16", "separated by ;", "warn: Line 1 is no row", "warn: Line 6 at the end"):
        assert said in result.stderr
    assert sandbox.members("VIPs") == digests("a")


def test_a_dry_run_says_the_same(sync: Sync) -> None:
    content = "email;name\na@example.com;A\nb@example.com;B;x\nc@example.com\n"
    result = sync(content, "--dry-run")
    assert result.returncode == 0
    assert result.stderr.count("separated by ;") == 1
    assert result.stderr.count("warn: 1 of 3 rows can't be read (line 3: ") == 1
    assert ["Rows", "unreadable", "1"] in [line.split() for line in result.stdout.splitlines()]
    assert json.loads(sync(content, "--dry-run", "--json").stdout)["rows_unreadable"] == 1


def test_options_overrule_what_is_found_out(sync: Sync, sandbox: RunningSandbox) -> None:
    result = sync("x\na@example.com:A\nb@example.com:B\n", "--delimiter", ":", "--skip-lines", "1", "--no-header")
    assert result.returncode == 0
    assert sandbox.members("VIPs") == digests("a", "b")


def test_a_query_reads_the_rows_of_the_file(sync: Sync, sandbox: RunningSandbox) -> None:
    query = "SELECT lower(mail) AS email FROM people WHERE city = 'Rome'"
    content = "mail,city\nA@EXAMPLE.COM,Rome\nb@example.com,Oslo\nc@example.com,Rome,x\n"
    result = sync(content, "--query", query)
    assert result.returncode == 0, result.stderr
    assert "1 of 2 rows can't be read (line 4: " in result.stderr
    assert sandbox.members("VIPs") == digests("a")


def test_a_cursor_of_a_file_is_kept_between_runs(sync: Sync, sandbox: RunningSandbox) -> None:
    cursor = ("--cursor", "day", "--state", "state.json", "--json")
    rows = "day,email\n2026-01-01,a@example.com\n2026-01-02,b@example.com\n"
    assert sync(rows, *cursor).returncode == 0
    result = sync(rows + "2026-01-03,c@example.com\n", *cursor)
    assert json.loads(result.stdout)["audiences"][0]["entered"] == 2
    assert sandbox.members("VIPs") == digests("a", "b", "c")
