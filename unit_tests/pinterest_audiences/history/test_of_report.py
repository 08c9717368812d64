from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import Failure
from pinterest_audiences.history.of_report import RunIdentity, new_run_id, records_of
from pinterest_audiences.history.records import RunRecord

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunIdentity("vip", "VIP", "1", "sync", NOON, "r1")
LOST = Failure.because(Code.PINTEREST_UNREACHABLE, "No answer.")


def audience(name: str, code: Code | None = None, **figures: Any) -> dict[str, Any]:
    failure = None if code is None else {"error": f"{code}: No.", "error_code": str(code)}
    return {"audience": name, "ad_account_id": "2", "failure": failure, **figures}


def made(report: dict[str, Any] | None, failure: Failure | None = None, exit_code: int = 0) -> list[RunRecord]:
    return records_of(RUN, report, failure, exit_code=exit_code, finished_at=NOON + timedelta(minutes=1))


def outcomes(records: list[RunRecord]) -> list[tuple[str, int, str | None]]:
    return [(each.audience, each.exit_code, each.failure_code) for each in records]


def test_each_audience_of_the_report_has_its_record() -> None:
    records = made({"audiences": [audience("VIP", entered=3), audience("Churned", entered=4)]})
    assert outcomes(records) == [("VIP", 0, None), ("Churned", 0, None)]
    assert {(each.name, each.run_id, each.ad_account_id) for each in records} == {("vip", "r1", "2")}
    assert records[1].figures["entered"] == 4


def test_a_run_that_failed_before_its_report_has_a_record_too() -> None:
    records = made(None, LOST, exit_code=1)
    assert outcomes(records) == [("VIP", 1, "PIN-NET-001")]
    assert (records[0].ad_account_id, records[0].failure_kind, records[0].figures) == ("1", "transient_error", {})


def test_audiences_that_failed_alone_leave_the_others_successful() -> None:
    failure = Failure.because(Code.AUDIENCES_FAILED, "Several.")
    records = made({"audiences": [audience("A", Code.REMOVAL_ABOVE_LIMIT), audience("B")]}, failure, exit_code=1)
    assert outcomes(records) == [("A", 1, str(Code.REMOVAL_ABOVE_LIMIT)), ("B", 0, None)]
    assert records[0].failure_kind == "config_error"


def test_one_audience_that_failed_for_its_own_reason_leaves_the_others_successful() -> None:
    failure = Failure.because(Code.REMOVAL_ABOVE_LIMIT, "Too many.")
    records = made({"audiences": [audience("A", Code.REMOVAL_ABOVE_LIMIT), audience("B")]}, failure, exit_code=1)
    assert [each.exit_code for each in records] == [1, 0]


def test_a_failure_of_the_whole_run_is_that_of_every_audience() -> None:
    records = made({"audiences": [audience("A", Code.REMOVAL_ABOVE_LIMIT), audience("B")]}, LOST, exit_code=1)
    assert [each.failure_code for each in records] == [str(Code.REMOVAL_ABOVE_LIMIT), LOST.code]


def test_a_code_of_another_connector_is_kept() -> None:
    report = {"audiences": [{"audience": "A", "failure": {"error": "No.", "error_code": "E1"}}]}
    assert made(report, LOST, exit_code=1)[0].failure_code == "E1"


def test_run_ids_differ_and_begin_with_the_moment() -> None:
    first, second = new_run_id(NOON), new_run_id(NOON)
    assert first != second
    assert first.startswith("20261127T120000Z-")
