"""Rows that can't be synced are in the bucket before a state says that they are done with."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from integration_tests.airbyte_messages import address, digests, record, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from integration_tests.sandbox_process import RunningSandbox

CANARY = "Canary Kanarienvogel at example.com"
GOOD_CANARY = "canary.bird@example.com"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(server: S3Server) -> str:
    return server.new_bucket()


def storage(server: S3Server, bucket: str, **changes: Any) -> dict[str, Any]:
    return {"storage_type": "S3", **server.access(bucket, **changes)}


def customers(*columns: str, key: str | None = "id", **more: Any) -> dict[str, Any]:
    configured = {**stream("customers", "id", "email", *columns, **more), "sync_id": 17}
    return {**configured, "primary_key": [[key]] if key else []}


def said(outcome: Outcome) -> bytes:
    return b"".join(line.raw for line in outcome.lines) + outcome.stderr


def test_rejected_rows_are_in_the_bucket_by_the_time_their_state_comes_back(
    connector: Connectors, sandbox: RunningSandbox, server: S3Server, bucket: str
) -> None:
    sync = connector.write(customers(namespace="crm"), object_storage_config=storage(server, bucket))
    for number in range(10):
        sync.feed(record("customers", "crm", id=number, email=address(number) if number % 2 else "nobody"))
    outcome = sync.feed(state(1, "customers", "crm")).finish().succeeded()
    (stats,) = [each["destinationStats"] for each in outcome.states]
    assert stats == {"recordCount": 5.0, "rejectedRecordCount": 5.0}
    ((key, body),) = server.content(bucket).items()
    assert key.startswith("connections/pinterest/17/crm/customers/")
    assert key.endswith("_0.jsonl")
    rows = [json.loads(line) for line in body.splitlines()]
    assert [row["primary_key"] for row in rows] == [{"id": number} for number in range(0, 10, 2)]
    assert {(row["rejected_reason"], row["rejected_field"]) for row in rows} == {("invalid_email", "email")}
    assert f"Rejected rows: 5 written to s3://{bucket}/connections/pinterest/ in 1 file." in outcome.texts
    assert outcome.audience("customers")["not_synced"] == {"invalid_email": 5}
    assert sandbox.members_of("customers") == digests(*(address(number) for number in range(1, 10, 2)))


def test_without_a_bucket_rejected_rows_are_counted_only(connector: Connectors) -> None:
    settings = {"object_storage_config": {"storage_type": "None"}}
    outcome = connector.write(customers(), **settings).feed(
        record("customers", id=1, email="nobody"), state(1, "customers")
    ).finish().succeeded()  # fmt: skip
    assert outcome.states[0]["destinationStats"]["rejectedRecordCount"] == 1.0
    assert not any("Rejected rows:" in text for text in outcome.texts)


def test_nothing_that_identifies_a_person_and_no_secret_is_written_or_said(
    connector: Connectors, server: S3Server, bucket: str
) -> None:
    operation = {"mode": "column", "column": "op"}
    settings = {"object_storage_config": storage(server, bucket), "operation_column": operation}
    sync = connector.write(customers("op", key="email"), **settings)
    sync.feed(record("customers", id=1, email=CANARY), record("customers", id=2, email=GOOD_CANARY, op="unheard of"))
    outcome = sync.feed(state(1, "customers")).finish().succeeded()
    hashes = [hashlib.sha256(value.encode()).hexdigest() for value in (CANARY, GOOD_CANARY)]
    assert [row["primary_key"] for row in server.rows(bucket)] == [{"email": {"sha256": each}} for each in hashes]
    for where in (*server.content(bucket).values(), said(outcome), *_files_of(connector)):
        for canary in (CANARY, GOOD_CANARY, ACCESS_KEY, SECRET_KEY):
            assert canary.encode() not in where


def test_values_are_written_where_they_are_wanted_and_said_nowhere(
    connector: Connectors, server: S3Server, bucket: str
) -> None:
    settings = {"object_storage_config": storage(server, bucket, include_values=True)}
    sync = connector.write(customers(), **settings).feed(record("customers", id=1, email=CANARY))
    outcome = sync.feed(state(1, "customers")).finish().succeeded()
    (row,) = server.rows(bucket)
    assert row["rejected_value"] == CANARY
    assert CANARY.encode() not in said(outcome)


def test_a_bucket_that_goes_away_fails_the_sync_and_releases_nothing_after(
    connector: Connectors, server: S3Server, bucket: str
) -> None:
    sync = connector.write(customers(), object_storage_config=storage(server, bucket))
    sync.feed(record("customers", id=1, email=address(1)), state(1, "customers")).wait_for_state(1)
    server.delete_bucket(bucket)
    sync.feed(record("customers", id=2, email="nobody"), state(2, "customers"))
    outcome = sync.finish()
    assert outcome.error["failure_type"] == "config_error"
    assert f'The bucket "{bucket}" does not exist' in outcome.error["message"]
    assert outcome.state_ids == [1]


def test_after_a_kill_every_rejected_row_before_a_returned_state_is_there_and_a_second_run_brings_the_rest(
    connector: Connectors, server: S3Server, bucket: str
) -> None:
    settings = {"object_storage_config": storage(server, bucket), "max_rejected_percent": 100}
    count, step = 22_000, 1_000  # A file is full after 10,000 rows, so the third never is before the end.

    def feed_from(sync: Any, start: int) -> None:
        for begin in range(start, count, step):
            rows = [record("customers", id=number, email="nobody") for number in range(begin, begin + step)]
            usable = record("customers", id=count, email=address(1))
            sync.feed(usable, *rows, state(begin + step, "customers", cursor=begin + step))

    killed = connector.write(customers(), **settings)
    feed_from(killed, 0)
    killed.wait_for(lambda message: message["type"] == "STATE", times=3)
    killed.process.kill()
    outcome = killed.finish()
    assert outcome.exit_code == -signal.SIGKILL
    reached = outcome.states[-1]["stream"]["stream_state"]["cursor"]
    assert 3 * step <= reached < count
    assert set(range(reached)) <= {row["primary_key"]["id"] for row in server.rows(bucket)}

    again = connector.write(customers(), **settings)
    feed_from(again, reached)
    assert again.finish().succeeded().state_ids == list(range(reached + step, count + 1, step))
    ids = [row["primary_key"]["id"] for row in server.rows(bucket)]
    assert set(ids) == set(range(count))
    assert len(ids) >= count


def test_a_check_tries_the_bucket_and_leaves_nothing_in_it(
    connector: Connectors, sandbox: RunningSandbox, server: S3Server, bucket: str
) -> None:
    status = connector.check(object_storage_config=storage(server, bucket)).connection_status
    assert status["status"] == "SUCCEEDED"
    assert f"Rejected rows will be written to s3://{bucket}/connections/pinterest/." in status["message"]
    assert server.content(bucket) == {}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"s3_bucket_name": "no-such-bucket"}, 'The bucket "no-such-bucket" does not exist'),
        ({"s3_endpoint": "http://127.0.0.1:9"}, "could not be reached to put an object"),
    ],
)
def test_a_check_says_what_is_wrong_with_the_bucket(
    connector: Connectors, server: S3Server, bucket: str, changes: dict[str, Any], says: str
) -> None:
    outcome = connector.check(object_storage_config=storage(server, bucket, **changes))
    assert outcome.connection_status["status"] == "FAILED"
    assert says in outcome.connection_status["message"]
    assert SECRET_KEY.encode() not in said(outcome)


def _files_of(connector: Connectors) -> list[bytes]:
    return [path.read_bytes() for path in connector.own_files.rglob("*") if path.is_file()]
