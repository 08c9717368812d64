"""PyAirbyte as host: `destination.check()` and `destination.write(source)` as its users write them.

With a cache, PyAirbyte reads the source's rows into DuckDB first and sends them from there; with `cache=False`, the
source's own messages come as they are, log lines, statuses and configs among them.

Source: airbyte 0.71.3, airbyte/destinations/base.py (read and run 2026-11-22).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from integration_tests.airbyte_messages import OAUTH, address, config, digests
from integration_tests.hosts.environments import needs_pyairbyte
from integration_tests.hosts.pyairbyte_process import PyAirbyte
from integration_tests.sandbox_process import RunningSandbox

pytestmark = needs_pyairbyte
ROWS = 2_500
NEW_ROWS = 40
WRONG_TOKEN = {"auth_method": "access_token", "access_token": "pina_wrong"}
REFUSED = f"{Code.ACCESS_TOKEN_REFUSED}: Pinterest refuses the access token"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PyAirbyte]:
    host = PyAirbyte(tmp_path_factory.mktemp("host") / "own")
    yield host
    host.stop()


class Customers:
    """A table of customers: one gave no address, one gave none that is one, and one is there twice."""

    def __init__(self, path: Path, email_column: str = "email") -> None:
        self.path = path
        self._email_column = email_column
        self._moments = 0
        people = {number: address(number) for number in range(ROWS - 3)}
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(
                f"CREATE TABLE customers (id INTEGER PRIMARY KEY, {email_column} TEXT, updated_at INTEGER)"
            )
        self.change({**people, ROWS - 3: None, ROWS - 2: "no address", ROWS - 1: f" {address(1).upper()} "})
        self.members = digests(*people.values())

    def change(self, emails: Mapping[int, str | None]) -> None:
        """Writes customers by their ids, each a moment after the one before."""
        rows = [(number, email, self._moments + after) for after, (number, email) in enumerate(emails.items())]
        self._moments += len(rows)
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO customers VALUES (?, ?, ?)", rows)


@pytest.fixture
def customers(tmp_path: Path) -> Customers:
    return Customers(tmp_path / "customers.sqlite")


def write(sandbox: RunningSandbox, customers: Customers, keeper: str, **settings: Any) -> dict[str, Any]:
    """The step that writes the customers; `keeper` is "cache" or "state_cache"."""
    kept = str(customers.path.with_name("kept.duckdb"))
    return {
        "do": "write",
        "config": config(sandbox.api_base_url, **settings),
        "database": str(customers.path),
        keeper: kept,
    }


def sent_identifiers(sandbox: RunningSandbox) -> set[str]:
    """Whom the requests named since they were last forgotten."""
    bodies = [json.loads(seen["body"]) for seen in sandbox.seen() if seen["identifiers"]]
    return {each for body in bodies for each in body["records"].split(",")}


def test_check_succeeds_with_a_config_that_works(host: PyAirbyte, sandbox: RunningSandbox) -> None:
    assert host.take(do="check", config=config(sandbox.api_base_url)) == {"kept": []}
    assert sandbox.seen()


def test_a_check_that_fails_raises_an_error_that_says_why(host: PyAirbyte, sandbox: RunningSandbox) -> None:
    answer = host.take(do="check", config=config(sandbox.api_base_url, credentials=WRONG_TOKEN))

    assert answer["error"] == "AirbyteConnectorCheckFailedError"
    assert f"Failure Reason: '{REFUSED}" in answer["text"]


@pytest.mark.parametrize(("keeper", "sent_again"), [("cache", ROWS), ("state_cache", 0)])
def test_the_second_run_reads_the_new_rows_only(
    host: PyAirbyte, sandbox: RunningSandbox, customers: Customers, keeper: str, sent_again: int
) -> None:
    """From a cache, PyAirbyte sends all that it holds, at every run; without one, what the source says."""
    first = host.take(**write(sandbox, customers, keeper))

    assert first == {"records": ROWS, "kept": []}
    assert sandbox.members_of("customers") == customers.members

    sandbox.forget_requests()
    new = {ROWS + number: address(ROWS + number) for number in range(NEW_ROWS)}
    customers.change(new)
    second = host.take(**write(sandbox, customers, keeper))

    assert second == {"records": sent_again + NEW_ROWS, "kept": []}
    assert f"Reading customers after {ROWS - 1}." in host.logged
    assert sent_identifiers(sandbox) == digests(*new.values()) | (customers.members if sent_again else set())
    assert sandbox.members_of("customers") == customers.members | digests(*new.values())
    assert "pinterest_sync_report" in host.logged
    assert "@example.com" not in (host.logged + host.printed).lower()


@pytest.mark.parametrize("keeper", ["cache", "state_cache"])
def test_a_column_with_upper_case_in_its_name_is_found_in_the_rows(
    host: PyAirbyte, sandbox: RunningSandbox, tmp_path: Path, keeper: str
) -> None:
    """PyAirbyte's cache writes all columns in lower case, and the catalog as the source names them."""
    customers = Customers(tmp_path / "customers.sqlite", email_column="Email")

    assert host.take(**write(sandbox, customers, keeper)) == {"records": ROWS, "kept": []}
    assert [audience["name"] for audience in sandbox.audiences()] == ["customers"]
    assert sandbox.members_of("customers") == customers.members


def test_a_write_that_fails_raises_says_why_in_the_terminal_and_loses_nothing(
    host: PyAirbyte, sandbox: RunningSandbox, customers: Customers
) -> None:
    """PyAirbyte's error itself names the exit code and the log file only."""
    printed_before = host.printed

    answer = host.take(**write(sandbox, customers, "state_cache", credentials=WRONG_TOKEN))

    assert answer["error"] == "AirbyteConnectorWriteError"
    assert "Exit Code: 1" in answer["text"]
    assert f"ERROR: {REFUSED}" in host.printed.removeprefix(printed_before)
    assert sandbox.audiences() == []
    assert host.take(**write(sandbox, customers, "state_cache"))["records"] == ROWS
    assert sandbox.members_of("customers") == customers.members


def test_a_renewed_sign_in_reaches_the_users_callback(
    host: PyAirbyte, sandbox: RunningSandbox, customers: Customers
) -> None:
    step = write(sandbox, customers, "state_cache", credentials=OAUTH)

    answer = host.take(**step)

    (kept,) = answer["kept"]
    assert {**kept, "credentials": OAUTH} == step["config"]
    assert kept["credentials"]["refresh_token"] != OAUTH["refresh_token"]
    assert host.take(**{**step, "config": kept}) == {"records": 0, "kept": []}
