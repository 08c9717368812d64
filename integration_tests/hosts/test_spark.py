"""DataFrames of a real Spark, through the real connector process, into the sandbox."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from integration_tests.airbyte_messages import address, config, digests
from integration_tests.connector_process import WATCHDOG_S
from integration_tests.hosts.environments import SPARK, needs_spark
from integration_tests.hosts.spark_chaos import Story
from integration_tests.hosts.spark_process import CLUSTER, SparkDriver
from integration_tests.sandbox_process import RunningSandbox

pytestmark = needs_spark
ROWS = 20_000
# Of each ten rows, one has no address and one gives none that is one; each person comes twice, in another spelling.
PEOPLE = f"""SELECT id, CASE id % 10 WHEN 3 THEN 'no address' WHEN 4 THEN NULL
    ELSE concat(CASE WHEN id < {ROWS // 2} THEN 'Person.' ELSE ' person.' END, id % {ROWS // 2}, '@Example.com') END
    AS email FROM range({ROWS})"""
MEMBERS = digests(*(address(number) for number in range(ROWS // 2) if number % 10 not in {3, 4}))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory, coverage_of_processes: Mapping[str, str]) -> Iterator[SparkDriver]:
    driver = SparkDriver(tmp_path_factory.mktemp("spark") / "driver", measured=coverage_of_processes)
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


def test_a_dataframe_is_appended_and_what_is_not_used_is_counted(driver: SparkDriver, sandbox: RunningSandbox) -> None:
    """The config is a dict here, so that no file has its secrets; the last test looks for them."""
    result = driver.take(do="sync", sql=PEOPLE, audience="VIP", config=config(sandbox.api_base_url))["result"]

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


def test_what_the_connector_fails_by_is_raised_with_its_code(
    driver: SparkDriver, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    wrong = {"auth_method": "access_token", "access_token": "pina_wrong"}
    settings = written(tmp_path, config(sandbox.api_base_url, credentials=wrong))

    answer = driver.take(do="sync", sql=PEOPLE, audience="VIP", config=settings)

    assert answer["error"].startswith(f"{Code.ACCESS_TOKEN_REFUSED}: ")
    assert "ConfigurationError" in answer["kinds"]


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


def test_a_column_may_have_any_name_but_not_one_that_spark_can_t_tell_from_another(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    """What Spark says when it is asked for the impossible is no reason to wait and to ask again."""
    column = "the.e`mail: %s"
    sql = f"SELECT email AS `{column.replace('`', '``')}` FROM ({people(0, 100)})"
    identities = {"identity_columns": [{"column": column, "identifier": "EMAIL"}]}
    usual = {"do": "sync", "audience": "VIP", "config": settings_file}
    assert driver.take(**usual, sql=sql, settings=identities)["result"]["fed"] == 100
    mirror = {"mode": "mirror", "sent": f"{tmp_path}/sent"}
    assert driver.take(**usual, **mirror, sql=sql, settings=identities)["result"]["joined"] == 100
    assert sandbox.members_of("VIP") == members(0, 100)

    twice = driver.take(**usual, sql="SELECT 'a@example.com' AS email, 'b@example.com' AS Email")
    nowhere = driver.take(**usual, sql=people(0, 100), mode="mirror", sent="nowhere://lake/vip")

    for answer, condition in ((twice, "AMBIGUOUS_REFERENCE"), (nowhere, "UnsupportedFileSystemException")):
        assert answer["error"].startswith(f"{Code.SPARK_REFUSED}: ")
        assert condition in answer["error"]
        assert "ConfigurationError" in answer["kinds"]


def people(first: int, last: int) -> str:
    return f"SELECT 'Person.' || id || '@Example.com' AS email FROM range({first}, {last})"


def members(first: int, last: int) -> set[str]:
    return digests(*(address(number) for number in range(first, last)))


def sent_identifiers(sandbox: RunningSandbox) -> set[str]:
    """Whom the requests named since they were last forgotten."""
    bodies = [json.loads(seen["body"]) for seen in sandbox.seen() if seen["identifiers"]]
    return {each for body in bodies for each in body["records"].split(",")}


def test_a_mirror_sends_whom_the_last_sync_did_not_and_takes_out_who_left(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    arguments = {"do": "sync", "audience": "VIP", "mode": "mirror", "config": settings_file, "sent": f"{tmp_path}/sent"}
    first = driver.take(**arguments, sql=people(0, 2_000))["result"]
    assert (first["joined"], first["left"], first["rows"]) == (2_000, 0, 2_000)
    assert sandbox.members_of("VIP") == members(0, 2_000)

    sandbox.forget_requests()
    second = driver.take(**arguments, sql=people(100, 2_050))["result"]

    assert (second["joined"], second["left"]) == (50, 100)
    assert sent_identifiers(sandbox) == members(0, 100) | members(2_000, 2_050)
    assert sandbox.members_of("VIP") == members(100, 2_050)

    sandbox.forget_requests()
    third = driver.take(**arguments, sql=people(100, 2_050))["result"]
    assert (third["joined"], third["left"], third["report"]) == (0, 0, None)
    assert sent_identifiers(sandbox) == set()

    fourth = driver.take(**arguments, sql=people(101, 2_051), compact_after_runs=2)["result"]
    assert (fourth["joined"], fourth["left"]) == (1, 1)
    assert sandbox.members_of("VIP") == members(101, 2_051)
    kept = driver.take(do="read", sql=f"SELECT * FROM parquet.`{tmp_path}/sent`")["rows"]
    # The third one had nothing to send. What is left are the members of then and the last difference.
    runs = Counter(row["run"] for row in kept if row["kind"])
    assert runs == {3: 1_950, 4: 2}
    assert "@" not in json.dumps(kept)
    assert {row["kind"] for row in kept} == {"", "EMAIL/sha256"}


def test_a_mirror_takes_out_nobody_if_too_many_would_leave_or_the_table_is_empty(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    """What was last sent is a table of the catalog here, and is compacted, though no row of it can be deleted."""
    kept = {"sent": "vip_sent", "staging": f"{tmp_path}/staging"}
    arguments = {"do": "sync", "audience": "VIP", "mode": "mirror", "config": settings_file, **kept}
    driver.take(**arguments, sql=people(0, 1_000))

    refused = driver.take(**arguments, sql=people(600, 1_000), compact_after_runs=1)
    empty = driver.take(**arguments, sql=people(0, 0))
    replaced = driver.take(do="sync", sql=people(0, 0), audience="VIP", mode="replace", config=settings_file)
    others = driver.take(
        do="sync",
        sql=people(0, 0),
        audience="Nobody",
        mode="mirror",
        config=settings_file,
        sent=f"{tmp_path}/nobody",
    )

    assert refused["error"].startswith(f"{Code.REMOVAL_ABOVE_LIMIT}: ")
    assert "600 of 1,000 identifiers would leave" in refused["error"]
    assert empty["result"]["warnings"][0].startswith(
        "The DataFrame has no usable rows, so the audience keeps its 1,000"
    )
    marks = [each["result"]["empty_table"] for each in (empty, replaced, others)]
    assert marks == ["kept", "kept", "nobody_yet"]
    assert sandbox.members_of("VIP") == members(0, 1_000)
    runs = driver.take(do="read", sql="SELECT run, count(*) AS rows FROM vip_sent WHERE kind <> '' GROUP BY run")[
        "rows"
    ]
    assert {row["run"]: row["rows"] for row in runs} == {1: 1_000, 2: 1_000}
    (tmp_path / "staging" / "lease.json").write_text('{"owner": "another", "host": "elsewhere", "pid": 1}')
    busy = driver.take(**arguments, sql=people(0, 1_000))
    assert busy["error"].startswith(f"{Code.SPARK_SENT_BUSY}: ")
    (tmp_path / "staging" / "lease.json").unlink()
    foreign = driver.take(**{**arguments, "audience": "Others"}, sql=people(0, 1_000))
    assert foreign["error"].startswith(f'{Code.SPARK_SENT_FOREIGN}: What was last sent is of the audience "VIP"')


def test_a_mirror_begins_anew_where_the_audience_and_its_list_are_gone(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    arguments = {"do": "sync", "audience": "VIP", "mode": "mirror", "config": settings_file, "sent": f"{tmp_path}/sent"}
    driver.take(**arguments, sql=people(0, 500))
    sandbox.reset()

    result = driver.take(**arguments, sql=people(100, 600))["result"]

    assert (result["joined"], result["left"]) == (500, 0)
    assert "is no longer made of the list that was last sent to" in result["warnings"][0]
    assert sandbox.members_of("VIP") == members(100, 600)


def test_killed_executors_and_a_killed_driver_leave_the_audience_as_it_should_be(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    """An executor before the difference is computed, the driver between two slices; the table changes meanwhile."""
    arguments = {
        "do": "sync",
        "audience": "VIP",
        "mode": "mirror",
        "config": settings_file,
        "sent": f"{tmp_path}/sent",
        "slice_rows": 500,
    }
    sandbox.fault({"kind": "latency", "seconds": 0.7}, endpoint="customer_lists/update")
    on_cluster = SparkDriver(tmp_path / "on_cluster", CLUSTER)
    on_cluster.begin(**arguments, sql=people(0, 2_000))
    wait_until((tmp_path / "sent.staging" / "keys").exists)
    wait_until(on_cluster.kill_executor)
    # The first file says that the run has begun, the next one has an accepted slice.
    wait_until(lambda: len(list((tmp_path / "sent").glob("*.parquet"))) > 1)
    on_cluster.kill()
    sandbox.clear_faults()
    sandbox.forget_requests()

    result = driver.take(**arguments, sql=people(500, 2_100))["result"]

    assert 0 < result["finished_before"] < 2_000
    assert (result["joined"], result["left"]) == (100, 500)
    assert sandbox.members_of("VIP") == members(500, 2_100)
    assert len(members(500, 2_000) - sent_identifiers(sandbox)) > 300


def test_batches_of_a_stream_are_synced_one_after_the_other(
    driver: SparkDriver, sandbox: RunningSandbox, settings_file: str, tmp_path: Path
) -> None:
    """A batch that holds a few rows, all wrong, is an increment and no reason to stop the stream."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "2.json").write_text('{"email": "no address"}')
    for number in range(2):
        lines = [json.dumps({"email": address(each)}) for each in range(number * 100, number * 100 + 150)]
        (source / f"{number}.json").write_text("\n".join(lines))

    results = driver.take(do="stream", source=os.fspath(source), audience="VIP", config=settings_file)["results"]

    assert sorted(result["rows"] for result in results) == [1, 150, 150]
    assert [result["rejected"] for result in results if result["rejected"]] == [{"invalid_email": 1}]
    assert sandbox.members_of("VIP") == members(0, 250)


@pytest.mark.parametrize("mode", ["mirror", "replace", "stream-mirror"])
def test_a_driver_that_is_killed_while_pinterest_stumbles_leaves_what_the_next_one_heals(
    driver: SparkDriver, sandbox: RunningSandbox, tmp_path: Path, mode: str
) -> None:
    """`python -m integration_tests.hosts.spark_chaos SEEDS` has more of these stories."""
    Story(7, tmp_path, sandbox, mode).run(kills=1, survivor=driver)


def wait_until(holds: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 2 * WATCHDOG_S
    while not holds():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def test_executors_without_the_package_are_told_how_to_get_it(
    driver: SparkDriver, tmp_path: Path, settings_file: str
) -> None:
    plain = tmp_path / "plain"
    spark_alone = next((SPARK / "lib").glob("python3*/site-packages"))
    plain.write_text(f'#!/bin/sh\nPYTHONPATH="{spark_alone}" exec {sys.base_prefix}/bin/python3 "$@"\n')
    plain.chmod(0o755)

    answer = driver.take(
        do="sync",
        sql="SELECT 'a@example.com' AS email",
        audience="VIP",
        config=settings_file,
        python=os.fspath(plain),
    )

    assert answer["error"].startswith(f"{Code.SPARK_PACKAGE_MISSING}: ")
    assert "ConfigurationError" in answer["kinds"]


def test_nothing_that_was_written_or_printed_holds_an_address_or_a_secret(driver: SparkDriver) -> None:
    """Spark's log of events has the plans and the properties of all jobs."""
    assert "identities: email as EMAIL" in driver.printed
    assert "person." not in driver.printed.lower()
    assert "pina_" not in driver.printed
    written_files = [path for path in driver.folder.rglob("*") if path.is_file()]
    assert any("events" in path.parts for path in written_files)
    assert not [path for path in written_files if b"pina_" in path.read_bytes()]
