from __future__ import annotations

import io
import json
from typing import Any

import pytest

from destination_pinterest.config import read_config
from pinterest_audiences.airbyte_messages import StreamDescription
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.dry_run_view import dry_run_lines, dry_run_result, standard_duration_s
from pinterest_audiences.json_values import json_types
from pinterest_audiences.printing import Printer
from pinterest_audiences.report_view import aligned

COLUMNS = ("id", "email", "gaid", "_ab_cdc_deleted_at")
ROWS = [
    (1, "a@example.com", None, None),
    (2, "b@example.com", "00000000-0000-0000-0000-000000000000", None),
    (3, "no address", None, None),
    (4, None, None, None),
    (5, "c@example.com", None, "2026-01-01"),
]
STORE = {"store_type": "local", "path": "/data", "store_key": "a key that is not used here"}


def found(
    rows: list[tuple[Any, ...]], *, replaces: bool = False, key: tuple[str, ...] = (), **settings: Any
) -> dict[str, Any]:
    credentials = {"auth_method": "access_token", "access_token": "x"}
    config = read_config({"credentials": credentials, "ad_account_id": "1", "audience_name": "VIPs", **settings})
    described = StreamDescription("people", json_types(COLUMNS, rows), primary_key=key, replaces=replaces)
    run = DryRun(described, COLUMNS, config)
    run.count(rows)
    return dry_run_result(run, 2)


def text_of(result: dict[str, Any]) -> str:
    return aligned(list(dry_run_lines(result, 2)))


def test_a_program_gets_the_plan_and_the_counts() -> None:
    assert found(ROWS) == {
        "schema_version": 1, "status": "dry_run", "audience": "VIPs", "keeping": "append", "replaces": False,
        "plan": [{
            "level": "INFO",
            "message": 'Stream "people" goes to the audience "VIPs"; identities: email as EMAIL (auto), gaid as GAID '
                       "(auto); deletions: _ab_cdc_deleted_at.",
        }],
        "identity_columns": [
            {"column": "email", "identifier": "EMAIL", "format": "auto", "country": ""},
            {"column": "gaid", "identifier": "GAID", "format": "auto", "country": ""},
        ],
        "rows": 5, "rows_unreadable": 0, "usable": 3,
        "not_usable": {"invalid_email": 1, "no_identity": 1}, "identifiers_to_add": 2,
        "identifiers_to_remove": 1, "deletions_by_key": 0, "identifiers_refused": {"zero_maid": 1}, "requests": 2,
        "requests_in_all": 9, "pinterest": None, "standard_duration_s": 0.4, "trial_days": 1,
        "trial_quota_of_a_day_suffices": True,
    }  # fmt: skip


def test_a_person_reads_the_plan_first_and_each_reason_with_what_to_do_and_no_value() -> None:
    result = found(ROWS, mode="additive")
    output = io.StringIO()
    Printer(output).counts("Dry run", list(dry_run_lines(result, 2)), result)
    lines = output.getvalue().splitlines()
    assert lines[1].split(maxsplit=1) == ["Plan", result["plan"][0]["message"]]
    text = output.getvalue()
    assert "not an e-mail address" in text
    assert "Deleted rows change nothing." in text
    assert "example.com" not in text
    assert lines[-1].strip() == (
        "Nothing was sent. Pinterest was not asked: token, ad account and Largest removal are not checked."
    )
    output = io.StringIO()
    Printer(output, as_json=True).counts("Dry run", [], result)
    assert json.loads(output.getvalue()) == result


def test_a_warning_of_the_plan_is_marked_as_one() -> None:
    text = text_of(found(ROWS, replaces=True, mode="additive"))
    assert 'warn: The audience "VIPs" is not replaced but added to' in text


@pytest.mark.parametrize(
    ("settings", "replaces", "leaving"),
    [
        ({}, False, None),
        ({}, True, "every member that is in none of these rows"),
        ({"membership_store": STORE}, True, "every member that the connector added"),
        ({"membership_store": STORE}, False, None),
        ({"mode": "additive"}, True, None),
        ({"mode": "remove"}, True, None),
    ],
)
def test_it_is_said_who_leaves_where_the_audience_is_replaced(
    settings: dict[str, Any], replaces: bool, leaving: str | None
) -> None:
    result = found(ROWS, replaces=replaces, **settings)
    assert result["replaces"] is (leaving is not None)
    said = [value for name, value in dry_run_lines(result, 2) if name == "Will leave"]
    assert len(said) == (leaving is not None)
    assert all(text.startswith(leaving or "") for text in said)


def test_deletions_whose_members_only_the_store_knows_are_told() -> None:
    deletion = (9, None, None, "2026-01-01")
    with_store = found([deletion], key=("id",), membership_store=STORE)
    assert (with_store["usable"], with_store["deletions_by_key"], with_store["not_usable"]) == (1, 1, {})
    assert "Deletions by key       1, whose members only the membership store knows" in text_of(with_store)
    without = found([deletion], key=("id",))
    assert (without["usable"], without["not_usable"]) == (0, {"no_identity_in_deletion": 1})
    assert "Deletions by key" not in text_of(without)


@pytest.mark.parametrize(("requests", "seconds"), [(0, 0), (7, 1), (400, 60), (800, 120), (407, 61)])
def test_standard_quota_is_400_a_minute_and_7_a_second(requests: int, seconds: float) -> None:
    assert standard_duration_s(requests) == seconds


@pytest.mark.parametrize(("identifiers", "days", "suffices"), [(598, 1, True), (599, 2, False)])
def test_trial_quota_is_300_a_day(identifiers: int, days: int, suffices: bool) -> None:
    result = found([(1, "a@example.com", None, None)] * identifiers)
    assert result["trial_days"] == days
    assert result["trial_quota_of_a_day_suffices"] is suffices
    assert ("fits into one day's 300 requests" in text_of(result)) is suffices
    assert ("2 days of 300 requests with --cursor" in text_of(result)) is not suffices


@pytest.mark.parametrize(
    ("requests", "said"), [(1, "about 1 s"), (1000, "about 2 minutes"), (72_000, "about 3.0 hours")]
)
def test_the_estimate_is_in_words(requests: int, said: str) -> None:
    assert said in text_of({**found(ROWS), "standard_duration_s": standard_duration_s(requests)})


def test_each_further_ad_account_costs_its_own_requests() -> None:
    once, twice = found(ROWS), found(ROWS, also_in_ad_accounts=["2"])
    assert (twice["requests"], twice["requests_in_all"]) == (2 * once["requests"], 2 * once["requests_in_all"])


def test_rows_that_name_no_ad_account_are_not_usable() -> None:
    result = found(ROWS, ad_account_column="id", also_in_ad_accounts=["2"])
    assert (result["usable"], result["requests"]) == (2, 1)
    assert result["not_usable"] == {"unknown_ad_account": 3}
