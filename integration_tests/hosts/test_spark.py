"""DataFrames of a real Spark, through the real connector process, into the sandbox."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from integration_tests.airbyte_messages import address, config, digests
from integration_tests.hosts.environments import SPARK, needs_spark
from integration_tests.hosts.spark_process import SparkDriver
from integration_tests.sandbox_process import RunningSandbox

pytestmark = needs_spark
ROWS = 20_000
# Of each ten rows, one has no address and one gives none that is one; each person comes twice, in another spelling.
PEOPLE = f"""SELECT id, CASE id % 10 WHEN 3 THEN 'no address' WHEN 4 THEN NULL
    ELSE concat(CASE WHEN id < {ROWS // 2} THEN 'Person.' ELSE ' person.' END, id % {ROWS // 2}, '@Example.com') END
    AS email FROM range({ROWS})"""
MEMBERS = digests(*(address(number) for number in range(ROWS // 2) if number % 10 not in {3, 4}))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkDriver]:
    driver = SparkDriver(tmp_path_factory.mktemp("spark") / "driver")
    yield driver
    driver.stop()


@pytest.fixture
def settings_file(sandbox: RunningSandbox, tmp_path: Path) -> str:
    return written(tmp_path, config(sandbox.api_base_url))


def written(folder: Path, settings: dict[str, Any]) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(settings))
    path.chmod(0o600)
    return os.fspath(path)


def test_a_dataframe_is_appended_and_what_is_not_used_is_counted(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str
) -> None:
    result = driver.take(do="sync", sql=PEOPLE, audience="VIP", config=settings_file)["result"]

    assert sandbox.members_of("VIP") == MEMBERS
    assert {key: result[key] for key in ("rows", "fed", "duplicates", "rejected", "warnings")} == {
        "rows": ROWS,
        "fed": len(MEMBERS),
        "duplicates": len(MEMBERS),
        "rejected": {"no_identity": ROWS // 10, "invalid_email": ROWS // 10},
        "warnings": [],
    }
    assert result["report"]["audiences"][0]["synced"] == len(MEMBERS)


def test_a_dataframe_replaces_an_audience_unless_too_many_would_leave(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str
) -> None:
    """The guard, and the proof that the table is whole, are the connector's own."""
    arguments = {"do": "sync", "audience": "VIP", "mode": "replace", "config": settings_file}
    driver.take(**arguments, sql=PEOPLE)

    answer = driver.take(**arguments, sql=f"SELECT * FROM ({PEOPLE}) WHERE id < 100")

    assert answer["error"].startswith(f"{Code.REMOVAL_ABOVE_LIMIT}: ")
    assert "ConfigurationError" in answer["kinds"]
    assert sandbox.members_of("VIP") == MEMBERS

    half = digests(*(address(number) for number in range(6_000) if number % 10 not in {3, 4}))
    driver.take(**arguments, sql=f"SELECT * FROM ({PEOPLE}) WHERE id < 6000")
    assert sandbox.members_of("VIP") == half


def test_rows_that_the_connector_never_sees_count_for_its_limit_of_rejected_rows(
    driver: SparkDriver, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    sql = f"SELECT CASE WHEN id % 2 = 0 THEN email ELSE 'no address' END AS email FROM ({PEOPLE})"
    settings = written(tmp_path, config(sandbox.api_base_url, max_rejected_percent=20))
    driver.take(do="sync", sql=PEOPLE, audience="VIP", config=settings)

    answer = driver.take(do="sync", sql=sql, audience="VIP", mode="replace", config=settings)

    assert answer["error"].startswith(f"{Code.TOO_MANY_ROWS_REJECTED}: 10,000 of the 18,000 rows")
    assert sandbox.members_of("VIP") == MEMBERS


def test_a_failure_of_spark_is_told_without_its_text_and_replaces_nothing(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str
) -> None:
    """Spark's own message quotes the value that it could not convert."""
    arguments = {"do": "sync", "audience": "VIP", "mode": "replace", "config": settings_file}
    driver.take(**arguments, sql=PEOPLE)
    sql = "SELECT IF(CAST('ada@example.com' || id AS INT) > 1, 'a@example.com', '') AS email FROM range(10)"

    answer = driver.take(**arguments, sql=sql)

    assert answer["error"].startswith(f"{Code.SPARK_FAILED}: ")
    assert "CAST_INVALID_INPUT" in answer["error"]
    assert "TransientError" in answer["kinds"]
    assert "ada@" not in answer["shown"]
    assert sandbox.members_of("VIP") == MEMBERS


def test_executors_without_the_package_are_told_how_to_get_it(tmp_path: Path, settings_file: str) -> None:
    plain = tmp_path / "plain"
    spark_alone = next((SPARK / "lib").glob("python3*/site-packages"))
    plain.write_text(f'#!/bin/sh\nPYTHONPATH="{spark_alone}" exec {sys.base_prefix}/bin/python3 "$@"\n')
    plain.chmod(0o755)
    driver = SparkDriver(tmp_path / "driver", PYSPARK_PYTHON=os.fspath(plain))
    try:
        answer = driver.take(do="sync", sql="SELECT 'a@example.com' AS email", audience="VIP", config=settings_file)
    finally:
        driver.stop()

    assert answer["error"].startswith(f"{Code.SPARK_PACKAGE_MISSING}: ")
    assert "ConfigurationError" in answer["kinds"]


def test_nothing_that_was_printed_holds_an_address_or_a_secret(driver: SparkDriver) -> None:
    assert "identities: email as EMAIL" in driver.printed
    assert "person." not in driver.printed.lower()
    assert "pina_" not in driver.printed
