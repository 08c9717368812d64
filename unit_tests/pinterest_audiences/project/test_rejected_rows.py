from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.project.rejected_rows import OnlyKeys, aside, keep, read_keys
from pinterest_audiences.sources.opening import open_source
from pinterest_audiences.sources.source import RowBatch, Selection, Source
from unit_tests.support.raises import raises


def lines(path: Path, *keys: dict[str, Any] | None) -> Path:
    path.write_text("".join(json.dumps({"primary_key": key, "reason": "invalid_email"}) + "\n" for key in keys))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    path = tmp_path / "people.csv"
    path.write_text("id,email\n1,a@example.com\n2,b@example.com\n3,c@example.com\n")
    opened = open_source(str(path))
    yield opened
    opened.close()


def read(source: OnlyKeys) -> Sequence[RowBatch]:
    return list(source.open_rows(Selection(table="people"), 2).batches)


def test_only_rows_of_the_keys_are_read_with_their_lines(source: Source, tmp_path: Path) -> None:
    digest = {"sha256": hashlib.sha256(b"c@example.com").hexdigest()}
    path = lines(tmp_path / "r.jsonl", {"id": "1", "email": "a@example.com"}, {"id": "3", "email": digest}, None)
    only = OnlyKeys(source, ("id", "email"), read_keys(path, ("id", "email")))
    found = [(row, line) for batch in read(only) for row, line in zip(batch.rows, batch.lines or (), strict=True)]
    assert [(tuple(row), line) for row, line in found] == [
        (("1", "a@example.com"), 2),
        (("3", "c@example.com"), 4),
    ]
    assert only.found == only.keys
    assert only.count(Selection(table="people")) == 2


def test_a_number_is_found_whatever_type_the_source_gives_it(tmp_path: Path) -> None:
    keys = read_keys(lines(tmp_path / "r.jsonl", {"id": 7}, {"id": 1.5}), ("id",))

    def is_found(value: object) -> bool:
        only = OnlyKeys(_One(value), ("id",), keys)  # type: ignore[arg-type] - a source of one row
        return bool([row for batch in only.open_rows(Selection(table="t"), 1).batches for row in batch.rows])

    assert is_found(7)
    assert is_found(Decimal("1.5"))
    assert not is_found(8)


class _One:
    def __init__(self, value: object) -> None:
        self.value = value

    def open_rows(self, _selection: Selection, _rows: int) -> Any:
        from pinterest_audiences.sources.source import RowStream  # noqa: PLC0415

        return RowStream(("id",), iter([RowBatch([(self.value,)])]))


def test_a_key_column_that_is_gone_is_told(source: Source, tmp_path: Path) -> None:
    keys = read_keys(lines(tmp_path / "r.jsonl", {"nr": 1}), ("nr",))
    with raises(Code.RETRY_IMPOSSIBLE, match="no column 'nr'"):
        read(OnlyKeys(source, ("nr",), keys))


@pytest.mark.parametrize("content", ["no json\n", "[]\n", '{"primary_key": {"other": 1}}\n'])
def test_a_file_that_tells_no_keys_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(content)
    with raises(Code.RETRY_IMPOSSIBLE):
        read_keys(path, ("id",))


def test_a_csv_file_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with raises(Code.RETRY_IMPOSSIBLE, match="is CSV"):
        read_keys(tmp_path / "r.csv", ("id",))
    with raises(Code.RETRY_IMPOSSIBLE, match="Run the audience first"):
        read_keys(tmp_path / "r.jsonl", ("id",))


def test_what_a_run_of_everything_rejects_takes_the_place_of_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text("old\n")
    aside(path).write_text("new\n")
    keep(path)
    assert path.read_text() == "new\n"
    assert not aside(path).exists()
    keep(path)
    assert path.read_text() == "new\n"
