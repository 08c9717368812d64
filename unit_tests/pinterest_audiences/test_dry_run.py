from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.vocabulary import Operation
from pinterest_audiences.airbyte_messages import RecordEncoder, StreamDescription, complete_line
from pinterest_audiences.dry_run import DryRun
from pinterest_audiences.json_values import json_types
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.source import RowBatch
from unit_tests.support.raises import raises
from unit_tests.support.rig import new_sync

COLUMNS = ("id", "email", "gaid", "op", "deleted")
TOMBSTONES = (None, "_ab_cdc_deleted_at", "_AB_CDC_DELETED_AT")
OP = {"column": "op", "add_values": ["insert", "1"], "remove_values": ["delete", "0"]}
ZERO = "00000000-0000-0000-0000-000000000000"


def row(number: int, email: Any, op: Any = None, deleted: Any = None, gaid: Any = None) -> tuple[Any, ...]:
    return (number, email, gaid, op, deleted)


# No identifier comes twice, so that "at most" is exactly how many.
ROWS = [
    row(1, "a@example.com"),
    row(2, " B@Example.com ", "insert", gaid="38400000-8cf0-11bd-b23e-10b96e40000d"),
    row(3, "c@example.com", gaid=ZERO),
    row(4, "no address"),
    row(5, None),
    row(6, "d@example.com", "delete"),
    row(7, "e@example.com", "DELETE", deleted=""),
    row(8, "f@example.com", deleted="2026-11-22"),
    row(9, "g@example.com", "insert", deleted="2026-11-22"),
    row(10, None, "delete"),
    row(11, "", deleted="2026-11-22"),
    row(12, "h@example.com", "unheard of"),
    row(13, "i@example.com", Decimal("1.0")),
    row(14, "j@example.com", Decimal(0)),
    row(15, b"\x00", 1),
    row(16, Decimal(7)),
    row(17, ["k@example.com", "no address"], True),
    row(18, "l@example.com", deleted=False),
]


def described(columns: Sequence[str], rows: Sequence[Any] = (), **more: Any) -> StreamDescription:
    return StreamDescription("people", json_types(columns, rows), **more)


def named(tombstone: str | None) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns, and the rows, where deletions are marked in this column or in none."""
    if tombstone is None:
        return COLUMNS[:-1], [each[:-1] for each in ROWS]
    return (*COLUMNS[:-1], tombstone), ROWS


@pytest.fixture
def config(raw_config: dict[str, Any]) -> Callable[..., Config]:
    return lambda **settings: read_config({**raw_config, "audience_name": "VIPs", **settings})


@pytest.fixture
def synced(
    pinterest: Any, messages: Any, outbox: Any, raw_config: dict[str, Any], clock: Any
) -> Callable[..., dict[str, Any]]:
    """Syncs rows as the command line gives them to the connector; what the report says of the audience."""
    pinterest.add_audience("VIPs", pinterest.add_list("VIPs"))

    def sync(stream: StreamDescription, columns: Sequence[str], rows: Any, **settings: Any) -> dict[str, Any]:
        raw = {**raw_config, "audience_name": "VIPs", **settings}
        lines = RecordEncoder(stream.name, columns, clock.now).lines(rows) + complete_line(stream.name, clock.now())
        sync = new_sync(
            raw,
            parse_catalog(json.dumps(stream.catalog()).encode()),
            MessageLines(lines.splitlines()),
            messages,
            pinterest,
            system=clock.system,
        )
        assert list(sync.run()) == []
        (report,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)][-1:]
        audience: dict[str, Any] = json.loads(report.removeprefix(REPORT_PREFIX))["audiences"][0]
        return audience

    return sync


def outcome_of(report: dict[str, Any]) -> dict[str, Any]:
    """What a sync has done."""
    return {
        "rows": (report["entered"], report["synced"]),
        "identifiers": (report["identifiers_added"], report["identifiers_removed"]),
        "not_synced": report["not_synced"],
        "refused": report["identifiers_refused"],
    }


def foretold(run: DryRun) -> dict[str, Any]:
    """What a dry run says that a sync will do."""
    counts = run.counts
    return {
        "rows": (counts.rows, counts.usable),
        "identifiers": (counts.identifiers[Operation.ADD], counts.identifiers[Operation.REMOVE]),
        "not_synced": dict(counts.not_synced),
        "refused": dict(counts.identifiers_refused),
    }


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("tombstone", TOMBSTONES)
@pytest.mark.parametrize("by_operation", [False, True])
@pytest.mark.parametrize(
    ("mode", "deletes"), [*product(["mirror", "additive", "remove"], ["remove"]), ("mirror", "keep")]
)
def test_a_dry_run_foretells_what_the_sync_does(
    config: Callable[..., Config],
    synced: Callable[..., dict[str, Any]],
    outbox: Any,
    mode: str,
    deletes: str,
    tombstone: str | None,
    *,
    by_operation: bool,
    replaces: bool,
) -> None:
    settings: dict[str, Any] = {"mode": mode, "deletes": deletes}
    if by_operation:
        settings["operation_column"] = OP
    columns, rows = named(tombstone)
    stream = described(columns, rows, replaces=replaces)
    run = DryRun(stream, columns, config(**settings))
    run.count(rows)
    assert foretold(run) == outcome_of(synced(stream, columns, rows, **settings))
    logged = {re.sub(r'the customer list "[^"]*"', "a new customer list", text) for text in outbox.log_texts}
    assert {text for _, text in run.plan_lines} <= logged


@pytest.mark.parametrize(
    "settings",
    [
        {"consent_column": {"column": "deleted"}},
        {"consent_column": {"column": "op", "permits": ["insert"]}, "deletes": "keep"},
        {"operation_column": OP, "used_for": "exclusion"},
    ],
)
def test_a_dry_run_foretells_what_consent_and_exclusion_do(
    config: Callable[..., Config], synced: Callable[..., dict[str, Any]], outbox: Any, settings: dict[str, Any]
) -> None:
    run = DryRun(described(COLUMNS, ROWS), COLUMNS, config(**settings))
    run.count(ROWS)
    said, done = foretold(run), outcome_of(synced(described(COLUMNS, ROWS), COLUMNS, ROWS, **settings))
    # Who was not in the audience needs no removal, which a dry run can't know.
    added, _ = done.pop("identifiers")
    assert said.pop("identifiers")[0] == added
    assert said == done
    assert {text for _, text in run.plan_lines} <= set(outbox.log_texts)


def test_a_dry_run_foretells_which_rows_name_no_audience_and_counts_a_row_in_each_that_it_names(
    config: Callable[..., Config], synced: Callable[..., dict[str, Any]], outbox: Any
) -> None:
    rows = [
        row(1, "a@example.com", "VIP"), row(2, "b@example.com", ["VIP", "Gold"]), row(3, "c@example.com"),
        row(4, "d@example.com", ["d@example.com", "Gold"]), row(5, "no address", "VIP"),
    ]  # fmt: skip
    settings = {"audience_column": "op", "audience_name": "{op}"}
    run = DryRun(described(COLUMNS, rows), COLUMNS, config(**settings))
    run.count(rows)
    synced(described(COLUMNS, rows), COLUMNS, rows, **settings)
    (text,) = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)]
    report = json.loads(text.removeprefix(REPORT_PREFIX))
    not_synced: Counter[str] = Counter()
    for audience in report["audiences"]:
        not_synced.update(audience["not_synced"])
    assert run.counts.not_synced == not_synced
    assert run.counts.usable == 3
    added = sum(audience["identifiers_added"] for audience in report["audiences"])
    assert run.counts.identifiers[Operation.ADD] == added == 4
    assert run.audiences == 2


@pytest.mark.parametrize("mode", ["removes_if_set", "adds_if_set"])
def test_a_dry_run_foretells_what_a_column_does_that_is_set_or_not(
    config: Callable[..., Config], synced: Callable[..., dict[str, Any]], mode: str
) -> None:
    settings = {"operation_column": {"mode": mode, "column": "deleted"}}
    run = DryRun(described(COLUMNS, ROWS), COLUMNS, config(**settings))
    run.count(ROWS)
    said = foretold(run)
    assert said == outcome_of(synced(described(COLUMNS, ROWS), COLUMNS, ROWS, **settings))
    assert said["identifiers"] == ((11, 2) if mode == "removes_if_set" else (2, 11))


def test_a_dry_run_says_of_the_first_rows_what_the_sync_says(
    config: Callable[..., Config], synced: Callable[..., dict[str, Any]], outbox: Any
) -> None:
    columns = ("email", "login", "_ab_cdc_deleted_at")
    rows = [("900150983cd24fb0d6963f7d28e17f72", "ada@example.com", None), (None, "grace@example.com", "false")]
    run = DryRun(described(columns, rows), columns, config())
    run.count(rows)
    with raises(Code.NO_ROW_USABLE):
        synced(described(columns, rows), columns, rows)
    warned = [text for level, text in run.plan_lines if level == "WARN"]
    assert set(warned) <= set(outbox.log_texts)
    for said in ("it may hold MD5 digests", "marks that may stand for none", "may hold identifiers: login"):
        assert any(said in text for text in warned)
    assert not any("@example.com" in text for text in outbox.log_texts)


@pytest.mark.parametrize("replaces", [False, True])
def test_a_dry_run_foretells_what_a_first_sync_with_a_membership_store_does(
    config: Callable[..., Config], synced: Callable[..., dict[str, Any]], tmp_path: Path, *, replaces: bool
) -> None:
    (tmp_path / "store").mkdir()
    store = {"store_type": "local", "path": str(tmp_path / "store"), "store_key": "a key that is only for tests"}
    settings: dict[str, Any] = {"membership_store": store, "operation_column": OP}
    columns, rows = named("_ab_cdc_deleted_at")
    stream = described(columns, rows, replaces=replaces, primary_key=() if replaces else ("id",))
    run = DryRun(stream, columns, config(**settings))
    run.count(rows)
    assert run.counts.deletions_by_key == (0 if replaces else 2)
    done = outcome_of(synced(stream, columns, rows, **settings))
    # Which keys the store knows, only the sync finds out.
    unknown = done["not_synced"].pop("unknown_key", 0)
    done["rows"] = (done["rows"][0], done["rows"][1] + unknown)
    assert unknown == run.counts.deletions_by_key
    assert foretold(run) == done


@pytest.mark.parametrize(
    ("columns", "settings", "code", "says"),
    [
        (("id", "email"), {"operation_column": OP}, Code.OPERATION_COLUMN_UNKNOWN, 'the operation column "op"'),
        (("id", "city"), {}, Code.NO_IDENTITY_COLUMN_RECOGNISED, "its columns are id, city"),
        (
            ("id",),
            {"identity_columns": [{"column": "mail", "identifier": "EMAIL"}]},
            Code.IDENTITY_COLUMNS_NOT_IN_STREAM,
            "mail",
        ),
    ],
)
def test_a_dry_run_refuses_what_the_sync_refuses_in_the_same_words(
    config: Callable[..., Config],
    synced: Callable[..., dict[str, Any]],
    columns: tuple[str, ...],
    settings: dict[str, Any],
    code: Code,
    says: str,
) -> None:
    with raises(code, match=says) as foretold_failure:
        DryRun(described(columns), columns, config(**settings))
    with raises(code) as failure_of_sync:
        synced(described(columns), columns, [], **settings)
    assert str(foretold_failure.value) == str(failure_of_sync.value)


@pytest.mark.parametrize(
    ("mode", "added", "removed", "not_synced"),
    [("mirror", 2, 1, {}), ("additive", 2, 0, {"deletion_kept": 1}), ("remove", 0, 2, {"deletion_kept": 1})],
)
def test_the_mode_decides_what_a_deleted_row_does(
    config: Callable[..., Config], mode: str, added: int, removed: int, not_synced: dict[str, int]
) -> None:
    columns = ("email", "_ab_cdc_deleted_at")
    run = DryRun(described(columns), columns, config(mode=mode))
    run.count([("a@example.com", None), ("b@example.com", None), ("c@example.com", "2026-11-22")])
    said = foretold(run)
    assert (said["identifiers"], said["not_synced"]) == ((added, removed), not_synced)


@pytest.mark.parametrize(
    ("settings", "replaces", "keeping", "says"),
    [
        ({}, False, "append", 'Stream "people" goes to the audience "VIPs"'),
        ({}, True, "swap", "is to be replaced: the rows go into a new customer list"),
        ({"mode": "additive"}, True, "append", "is not replaced but added to, since the setting What the table does"),
        ({"mode": "remove"}, True, "append", "removes members from the audience"),
    ],
)
def test_a_dry_run_says_how_the_audience_is_kept(
    config: Callable[..., Config], settings: dict[str, Any], replaces: bool, keeping: str, says: str
) -> None:
    run = DryRun(described(COLUMNS, replaces=replaces), COLUMNS, config(**settings))
    assert run.audience.keeping == keeping
    assert any(says in text for _, text in run.plan_lines)


def test_values_are_what_the_connector_reads_out_of_json(config: Callable[..., Config]) -> None:
    run = DryRun(described(("email", "op")), ("email", "op"), config(operation_column=OP))
    run.count([("a@example.com", Decimal("1.0")), ("b@example.com", Decimal(0)), (Decimal(5), 1), (b"\x01", 1)])
    said = foretold(run)
    assert (said["identifiers"], said["not_synced"]) == ((1, 1), {"not_text": 1, "invalid_email": 1})


def test_rejected_rows_are_written_with_their_places_and_protected_keys(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    rejected = RejectedFile.create(path, has_values=False)
    columns = ("email", "gaid")
    rows = [("a@example.com", ZERO), ("nonsense", None)]
    stream = StreamDescription("people", json_types(columns, rows), primary_key=("email",))
    config = read_config({"credentials": {"auth_method": "access_token", "access_token": "a"}, "ad_account_id": "1"})
    dry_run = DryRun(stream, columns, config, rejected)
    for batch in rejected.placed([RowBatch(rows, "people.csv", [2, 3])]):
        dry_run.count(batch.rows)
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(row["file"], row["line"], row["column"], row["reason"], row["row_used"]) for row in written] == [
        ("people.csv", 2, "gaid", "zero_maid", True),
        ("people.csv", 3, "email", "invalid_email", False),
    ]
    assert written[1]["primary_key"] == {"email": {"sha256": hashlib.sha256(b"nonsense").hexdigest()}}
    assert (dry_run.counts.rows, dry_run.counts.usable) == (2, 1)
