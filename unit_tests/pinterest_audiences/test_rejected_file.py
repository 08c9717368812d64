from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import REJECTED_VARIABLE
from pinterest_audiences.rejected_file import RejectedFile
from pinterest_audiences.sources.source import RefusedRow, RowBatch
from unit_tests.support.full_disk import room_for
from unit_tests.support.raises import raises

ROW = {
    "file": "people.csv", "line": 3, "primary_key": {"id": 7}, "row_used": False, "column": "email",
    "reason": "invalid_email", "message": "No address, sorry.", "value": 'zoë "z", \ud800',
}  # fmt: skip


def test_a_row_is_a_line_of_json_without_its_value(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    file = RejectedFile.create(path, has_values=False)
    file.add(ROW)
    assert [json.loads(line) for line in path.read_text().splitlines()] == [
        {field: content for field, content in ROW.items() if field != "value"}
    ]
    assert file.variables == {REJECTED_VARIABLE: "reasons"}
    assert file.summary() == f"Rejected rows and values: 1 line written to {path}."


def test_a_value_is_written_if_it_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    file = RejectedFile.create(path, has_values=True)
    file.add(ROW)
    assert json.loads(path.read_text())["value"] == 'zoë "z", ?'
    assert file.variables == {REJECTED_VARIABLE: "values"}


def test_a_name_that_ends_in_csv_gives_csv(tmp_path: Path) -> None:
    path = tmp_path / "rejected.CSV"
    file = RejectedFile.create(path, has_values=True)
    file.add(ROW)
    assert path.read_text().splitlines() == [
        "file,line,primary_key,row_used,column,reason,message,value",
        'people.csv,3,"{""id"": 7}",false,email,invalid_email,"No address, sorry.","zoë ""z"", ?"',
    ]


def test_an_earlier_file_is_replaced_by_one_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    path.write_text('{"file": null, "line": 1}\n')
    path.chmod(0o644)
    RejectedFile.create(path, has_values=False)
    assert path.read_text() == ""
    assert path.stat().st_mode & 0o777 == 0o600


def test_each_row_gets_its_place_and_what_is_in_no_row_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    file = RejectedFile.create(path, has_values=False)
    batches = [
        RowBatch([("a", 1), ("b", 2)], "x.csv", [2, 4], [RefusedRow(3, "it has too many cells")]),
        RowBatch([("c", 3)], "y.csv", [2]),
    ]
    assert [batch.rows for batch in file.placed(batches)] == [
        [("a", 1, ("x.csv", 2)), ("b", 2, ("x.csv", 4))],
        [("c", 3, ("y.csv", 2))],
    ]
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert (row["file"], row["line"], row["reason"], row["message"], row["row_used"]) == (
        "x.csv", 3, "unreadable_row", "it has too many cells", False,
    )  # fmt: skip


def test_rows_of_a_database_are_counted(tmp_path: Path) -> None:
    file = RejectedFile.create(tmp_path / "rejected.jsonl", has_values=False)
    batches = list(file.placed([RowBatch([("a",), ("b",)]), RowBatch([("c",)])]))
    assert [row[-1] for batch in batches for row in batch.rows] == [(None, 1), (None, 2), (None, 3)]


def test_a_file_that_cannot_be_created_is_said(tmp_path: Path) -> None:
    with raises(Code.REJECTED_NOT_KEPT, match="No such file or directory"):
        RejectedFile.create(tmp_path / "nowhere" / "rejected.jsonl", has_values=False)


def test_a_file_that_cannot_be_written_in_the_middle_is_said(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    file = RejectedFile.create(path, has_values=False)
    path.unlink()
    path.mkdir()
    with raises(Code.REJECTED_NOT_KEPT, match="Is a directory"):
        file.add(ROW)
    with pytest.raises(Exception, match=r"PIN-CLI-035"):
        list(file.placed([RowBatch([], "x.csv", [], [RefusedRow(3, "no row")])]))


def test_a_run_that_goes_on_adds_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    RejectedFile.create(path, has_values=False).add({**ROW, "line": 1})
    path.chmod(0o644)
    RejectedFile.continued(path, has_values=False).add({**ROW, "line": 2})
    assert [json.loads(line)["line"] for line in path.read_text().splitlines()] == [1, 2]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", ['{"file": "peop', '{"file": null, "message": "a"'])
def test_the_half_line_of_a_killed_run_is_dropped_before_more_is_added(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "rejected.jsonl"
    path.write_text('{"file": 0, "line": 1}\n' + torn)
    RejectedFile.continued(path, has_values=False).add({**ROW, "line": 2})
    assert [json.loads(line)["line"] for line in path.read_text().splitlines()] == [1, 2]


def test_a_half_line_of_csv_is_dropped_also_if_it_ends_within_quotes(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    header = "file,line,primary_key,row_used,column,reason,message\n"
    path.write_text(header + "a,1,,,,,\n" + 'b,2,"of two\nli')
    RejectedFile.continued(path, has_values=False)
    assert path.read_text() == header + "a,1,,,,,\n"


def test_a_run_that_goes_on_begins_a_file_where_there_is_none_or_an_empty_one(tmp_path: Path) -> None:
    for name in ("none.csv", "empty.csv"):
        path = tmp_path / name
        if name == "empty.csv":
            path.touch()
        RejectedFile.continued(path, has_values=False)
        assert path.read_text() == "file,line,primary_key,row_used,column,reason,message\n"


@pytest.mark.parametrize("name", ["shop.duckdb", "config.json", "people.csv", "rejected.jsonl", "rejected.csv"])
def test_a_file_of_something_else_is_never_written_over(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"credentials": {}}' if name.endswith("json") else "id,email\n1,a@example.com\n")
    before = path.read_bytes()
    for opened in (RejectedFile.create, RejectedFile.continued):
        with raises(Code.REJECTED_NOT_KEPT, match="something else than rejected rows"):
            opened(path, has_values=False)
    assert path.read_bytes() == before
    with raises(Code.REJECTED_NOT_KEPT, match="Is a directory"):
        RejectedFile(tmp_path, has_values=False).check()


def test_no_line_is_added_under_the_columns_of_another_run(tmp_path: Path) -> None:
    path = tmp_path / "rejected.csv"
    RejectedFile.create(path, has_values=False)
    with raises(Code.REJECTED_NOT_KEPT, match="other columns"):
        RejectedFile.continued(path, has_values=True)


def test_a_line_for_which_there_is_no_room_leaves_no_half(tmp_path: Path) -> None:
    path = tmp_path / "rejected.jsonl"
    file = RejectedFile.create(path, has_values=False)
    file.add(ROW)
    before = path.read_bytes()
    with room_for(len(before) + 20), raises(Code.REJECTED_NOT_KEPT, match=os.strerror(errno.EFBIG)):
        file.add(ROW)
    assert path.read_bytes() == before
