from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pinterest_audiences.printing import Printer
from pinterest_audiences.project import memory
from pinterest_audiences.project.outcome import AudienceOutcome, RunOutcome, as_json, exit_code_of, worst_kind
from pinterest_audiences.project.run_printing import print_run
from pinterest_audiences.project.run_view import closing_sentence, ended_text, explanations, run_rows
from pinterest_audiences.project.schemas import SCHEMAS, schema_text

REPORT: dict[str, Any] = {
    "schema_version": 1,
    "status": "succeeded",
    "audiences": [
        {
            "audience": "VIPs",
            "ad_account_id": "7",
            "entered": 10,
            "synced": 8,
            "not_synced": {"invalid_email": 2},
            "identifiers_added": 8,
            "identifiers_removed": 1,
            "audience_size": None,
            "repeats_rows": False,
        },
        {
            "audience": "VIPs",
            "ad_account_id": "8",
            "entered": 10,
            "synced": 8,
            "not_synced": {"invalid_email": 2},
            "identifiers_added": 8,
            "identifiers_removed": 0,
            "audience_size": 500,
            "repeats_rows": True,
        },
    ],
}
DONE = AudienceOutcome(
    name="vip",
    audience="VIPs",
    ad_account_id="7",
    profile="main",
    status="done",
    exit_code=0,
    failure_kind=None,
    error_code=None,
    error=None,
    started_at="2026-11-27T01:00:00Z",
    finished_at="2026-11-27T01:00:05Z",
    version="0.1.0",
    warnings=("careful",),
    report=REPORT,
    empty_table=None,
)
FAILED = replace(
    DONE,
    name="bad",
    status="failed",
    exit_code=1,
    failure_kind="transient_error",
    error_code="PIN-NET-001",
    error="PIN-NET-001: Pinterest can't be reached. Try later.",
    warnings=(),
    report=None,
)
NOT_RUN = replace(DONE, name="late", status="not_run", started_at=None, finished_at=None, report=None, warnings=())


def outcome(*audiences: AudienceOutcome) -> RunOutcome:
    kind = worst_kind([each.failure_kind for each in audiences])
    return RunOutcome(
        schema_version=1,
        command="run",
        project="/shop/audiences.yml",
        run_id="r1",
        status="failed" if kind else "done",
        exit_code=exit_code_of(kind),
        failure_kind=kind,
        started_at="2026-11-27T01:00:00Z",
        finished_at="2026-11-27T01:00:09Z",
        version="0.1.0",
        audiences=audiences,
    )


def test_an_empty_table_is_marked_whether_or_not_somebody_stays_for_it() -> None:
    kept = replace(FAILED, name="kept", failure_kind="config_error", error_code="PIN-CLI-180", empty_table="kept")
    found = outcome(replace(DONE, empty_table="nobody_yet"), kept)
    assert [row[1] for row in run_rows(found)] == [
        "done (empty table, nobody yet)",
        "failed (empty table, audience kept)",
    ]
    assert ended_text(found.audiences[0]) == "done (empty table, nobody yet)"
    jsonschema.Draft202012Validator(SCHEMAS["run"]()).validate(as_json(found))


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ([], 0),
        ([None], 0),
        (["transient_error"], 75),
        (["transient_error", "config_error"], 1),
        (["transient_error", "system_error"], 1),
    ],
)
def test_exit_codes_tell_wait_from_fix(kinds: list[str | None], code: int) -> None:
    assert exit_code_of(worst_kind(kinds)) == code


def test_json_is_what_its_schema_says() -> None:
    content = as_json(outcome(DONE, FAILED, NOT_RUN))
    jsonschema.Draft202012Validator(SCHEMAS["run"]()).validate(content)
    assert content["failure_kind"] == "transient_error"
    assert content["audiences"][1]["error_code"] == "PIN-NET-001"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMAS["run"]()).validate({**content, "exit_code": "none"})


@pytest.mark.parametrize("what", ["file", "run", "plan", "status"])
def test_the_published_schemas_are_those_of_the_program(what: str) -> None:
    name = "audiences" if what == "file" else what
    published = Path(__file__).parents[3] / "docs" / "schema" / f"{name}.schema.json"
    assert published.read_text() == schema_text(what)


def test_the_reason_comes_first_then_a_line_for_each_then_warnings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = io.StringIO()
    monkeypatch.setattr(sys, "stderr", both)
    print_run(outcome(DONE, FAILED, NOT_RUN), Printer(both, as_json=False))
    assert both.getvalue().splitlines() == [
        "pinterest-audiences: bad: PIN-NET-001: Pinterest can't be reached. Try later.",
        "Audience  Outcome  Rows  Synced  Not synced  Sent  Removed  Size",
        "vip       done     10    8       2           16    1        500",
        "bad       wait",
        "late      not run",
        "vip: invalid_email: 2  The value is not an e-mail address; correct it in the table.",
        "warning: vip: careful",
        closing_sentence(outcome(DONE, FAILED, NOT_RUN)),
    ]
    assert closing_sentence(outcome(DONE, FAILED, NOT_RUN)) == (
        "1 of 3 audiences done, 1 failed, 1 not run. What failed may succeed later: `pinterest-audiences run --failed`."
    )


def test_a_run_in_which_all_is_well_ends_in_one_sentence() -> None:
    assert closing_sentence(outcome(DONE)) == "1 of 1 audiences done."
    assert closing_sentence(outcome()) == "No audience has failed, so nothing was run."
    assert ended_text(DONE) == "done, 8 of 10 rows synced"
    assert ended_text(FAILED) == "wait (PIN-NET-001)"


def test_the_history_gets_a_record_for_each_audience_that_was_run() -> None:
    records = list(memory.records(outcome(DONE, FAILED, NOT_RUN)))
    assert [(each.name, each.ad_account_id, each.exit_code) for each in records] == [
        ("vip", "7", 0),
        ("vip", "8", 0),
        ("bad", "7", 1),
    ]
    assert {(each.run_id, each.project, each.command) for each in records} == {("r1", "/shop/audiences.yml", "run")}
    assert records[2].failure_code == "PIN-NET-001"


def test_identifiers_that_were_refused_in_rows_that_were_used_are_told_as_well() -> None:
    part = {**DONE.report["audiences"][0], "not_synced": {}, "identifiers_refused": {"invalid_email": 12}}  # type: ignore[index]
    (line,) = explanations(outcome(replace(DONE, report={"audiences": [part]})))
    assert line.startswith("vip: invalid_email: 12  The value is not an e-mail address")
    assert line.endswith("These rows have other identifiers, and are used.")
