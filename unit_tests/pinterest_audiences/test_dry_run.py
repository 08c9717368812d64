from __future__ import annotations

import io
import json
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityColumnsError
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing import plan as routing
from destination_pinterest.vocabulary import Operation
from pinterest_audiences.dry_run import DryRun, dry_run_lines, dry_run_result, identities, standard_duration_s
from pinterest_audiences.printing import Printer
from pinterest_audiences.report_view import aligned
from unit_tests.support.raises import raises

COLUMNS = ("id", "email", "gaid", "_ab_cdc_deleted_at")
ZERO = "00000000-0000-0000-0000-000000000000"


def config(**settings: Any) -> Config:
    credentials = {"auth_method": "access_token", "access_token": "x"}
    return read_config({"credentials": credentials, "ad_account_id": "1", **settings})


def counted(rows: list[tuple[Any, ...]], **settings: Any) -> dict[str, Any]:
    run = DryRun(COLUMNS, config(**settings))
    run.count(rows)
    return dry_run_result(run, "VIPs", 2)


ROWS = [
    (1, "a@example.com", None, None),
    (2, " A@Example.com ", "38400000-8cf0-11bd-b23e-10b96e40000d", None),
    (3, "a@example.com", ZERO, None),
    (4, "no address", None, None),
    (5, None, None, None),
    (6, "b@example.com", None, "2026-01-01"),
    (7, b"\x00", None, None),
]


def test_rows_and_identifiers_are_counted_as_the_connector_would() -> None:
    result = counted(ROWS)
    assert result["rows"] == 7
    assert result["usable"] == 4
    assert result["not_usable"] == {"invalid_email": 2, "no_identity": 1}
    assert result["identifiers_to_add"] == 4
    assert result["identifiers_to_remove"] == 1
    assert result["identifiers_refused"] == {"zero_maid": 1}
    assert result["requests"] == 3


def test_deleted_rows_count_for_nothing_where_deletions_are_not_wanted() -> None:
    result = counted(ROWS, deletes="keep")
    assert result["not_usable"]["deletion_kept"] == 1
    assert result["identifiers_to_remove"] == 0


def test_an_operation_column_decides() -> None:
    setting = {"column": "id", "remove_values": ["1"], "add_values": ["2"]}
    result = counted(ROWS[:4], operation_column=setting)
    assert result["identifiers_to_remove"] == 1
    assert result["not_usable"] == {"unknown_operation": 2}


def test_declared_columns_count_instead_of_recognised_ones() -> None:
    result = counted(ROWS, identity_columns=[{"column": "gaid", "identifier": "GAID"}])
    assert [column["column"] for column in result["identity_columns"]] == ["gaid"]
    assert result["usable"] == 1


def test_a_table_without_identity_is_answered_with_its_columns() -> None:
    with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED, match=r"the columns are: id, city.*--identity"):
        DryRun(("id", "city"), config())


DECLARED = {"identity_columns": [{"column": "gaid", "identifier": "GAID"}, {"column": "mail", "identifier": "EMAIL"}]}


@pytest.mark.parametrize("settings", [{}, DECLARED])
@pytest.mark.parametrize(
    "columns",
    [COLUMNS, ("mail", "gaid"), ("Email", "E-Mail", "idfa", "email_sha256"), ("sales_rep_email", "hashed_email"), ()],
)
def test_a_dry_run_takes_the_columns_that_the_connector_takes(
    columns: tuple[str, ...], settings: dict[str, Any]
) -> None:
    plan = ConfiguredStream(StreamKey(None, "people"), columns or ("id",), "full_refresh", "append")
    try:
        expected = routing.plan_stream(plan, config(**settings)).identities
    except IdentityColumnsError:
        with raises(Code.NO_IDENTITY_COLUMN_RECOGNISED):
            identities(plan.columns, config(**settings))
    else:
        assert identities(plan.columns, config(**settings)) == expected


@pytest.mark.parametrize("columns", [("_AB_CDC_DELETED_AT", "x"), ("x", "_Ab_Cdc_Deleted_At")])
def test_a_dry_run_knows_deleted_rows_whatever_the_case_of_the_column(columns: tuple[str, str]) -> None:
    run = DryRun(("email", *columns), config())
    deleted = [None if column == "x" else "2026-01-01" for column in columns]
    run.count([("a@example.com", *deleted), ("b@example.com", None, None)])
    assert run.counts.identifiers == {Operation.ADD: 1, Operation.REMOVE: 1}


def test_any_of_several_deletion_columns_counts_in_a_dry_run() -> None:
    run = DryRun(("email", "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT"), config())
    run.count(
        [("a@example.com", "2026-01-01", None), ("b@example.com", None, "2026-01-01"), ("c@example.com", "", None)]
    )
    assert run.counts.identifiers == {Operation.ADD: 1, Operation.REMOVE: 2}


@pytest.mark.parametrize(("requests", "seconds"), [(0, 0), (7, 1), (400, 60), (800, 120), (407, 61)])
def test_standard_quota_is_400_a_minute_and_7_a_second(requests: int, seconds: float) -> None:
    assert standard_duration_s(requests) == seconds


@pytest.mark.parametrize(("identifiers", "days", "suffices"), [(600, 1, True), (601, 2, False)])
def test_trial_quota_is_300_a_day(identifiers: int, days: int, suffices: bool) -> None:
    result = counted([(1, "a@example.com", None, None)] * identifiers)
    assert result["trial_days"] == days
    assert result["trial_quota_of_a_day_suffices"] is suffices
    said = aligned(dry_run_lines(result, 2))
    assert ("fits into one day's 300 requests" in said) is suffices
    assert ("2 days of 300 requests with --cursor" in said) is not suffices


@pytest.mark.parametrize(
    ("requests", "said"), [(1, "about 1 s"), (1000, "about 2 minutes"), (72_000, "about 3.0 hours")]
)
def test_the_estimate_is_in_words(requests: int, said: str) -> None:
    result = {**counted(ROWS), "standard_duration_s": standard_duration_s(requests)}
    assert said in aligned(dry_run_lines(result, 2))


def test_each_reason_comes_with_what_to_do_and_no_value_is_shown() -> None:
    result = counted(ROWS, deletes="keep")
    output = io.StringIO()
    Printer(output).counts("Dry run", dry_run_lines(result, 2), result)
    text = output.getvalue()
    assert "not an e-mail address" in text
    assert "Deleted rows change nothing." in text
    assert "example.com" not in text
    assert "Nothing was sent." in text
    output = io.StringIO()
    Printer(output, as_json=True).counts("Dry run", [], result)
    assert json.loads(output.getvalue()) == result


@pytest.mark.parametrize("replaces", [True, False])
def test_a_dry_run_of_a_replacement_says_that_people_will_leave(*, replaces: bool) -> None:
    run = DryRun(COLUMNS, config())
    run.count(ROWS)
    result = dry_run_result(run, "VIPs", 2, replaces=replaces)
    assert result["replaces"] is replaces
    assert ("whoever is in the audience" in aligned(dry_run_lines(result, 2))) is replaces
