"""Tables in Parquet, Arrow and ORC files, with what is the same and what is different in the three."""

from __future__ import annotations

import io
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather, orc

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.formats.arrow_ipc import ArrowIpcFile
from pinterest_audiences.sources.formats.arrow_table import ArrowFile, ArrowTable
from pinterest_audiences.sources.formats.orc import OrcFile
from pinterest_audiences.sources.formats.parquet import ParquetFile
from unit_tests.support.data_files import BytesFile, lines_of, rows_of
from unit_tests.support.raises import raises

PEOPLE = pa.table({"id": [1, 2, 3], "email": ["a@example.com", None, "c@example.com"], "tags": [["x"], [], None]})
Write = Callable[[pa.Table], bytes]


def parquet(table: pa.Table, **options: object) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content, **options)
    return content.getvalue()


def old_feather(table: pa.Table) -> bytes:
    content = io.BytesIO()
    feather.write_feather(table, content, version=1)
    return content.getvalue()


def arrow_file(table: pa.Table) -> bytes:
    content = io.BytesIO()
    with pa.ipc.new_file(content, table.schema) as writer:
        writer.write_table(table)
    return content.getvalue()


def arrow_stream(table: pa.Table) -> bytes:
    content = io.BytesIO()
    with pa.ipc.new_stream(content, table.schema) as writer:
        writer.write_table(table)
    return content.getvalue()


def orc_file(table: pa.Table) -> bytes:
    content = io.BytesIO()
    orc.write_table(table, content)
    return content.getvalue()


Open = Callable[[DataFile], ArrowFile]
FORMATS = [(parquet, ParquetFile), (arrow_file, ArrowIpcFile), (arrow_stream, ArrowIpcFile), (orc_file, OrcFile)]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("write", "opened"), FORMATS)
def test_rows_are_read_as_often_as_wanted_with_their_numbers(write: Write, opened: Open, is_stream: bool) -> None:
    table = ArrowTable(opened(BytesFile(write(PEOPLE), is_stream=is_stream)))
    assert table.columns == ("id", "email", "tags")
    for _ in range(2):
        assert rows_of(table) == [(1, "a@example.com", ["x"]), (2, None, []), (3, "c@example.com", None)]
    assert lines_of(table) == [1, 2, 3]
    assert table.row_count in {3, None}


@pytest.mark.parametrize(("write", "opened"), FORMATS)
def test_only_the_wanted_columns_are_given_in_the_wanted_order(write: Write, opened: Open) -> None:
    assert rows_of(ArrowTable(opened(BytesFile(write(PEOPLE)))), "email", "id")[0] == ("a@example.com", 1)


@pytest.mark.parametrize(("write", "opened"), FORMATS[:3])
def test_repeated_names_are_all_read(write: Write, opened: Open) -> None:
    twice = pa.table([["a@example.com"], [7], ["b@example.com"]], names=["Email", "id", "Email"])
    table = ArrowTable(opened(BytesFile(write(twice))))
    assert table.columns == ("Email", "id", "Email 2")
    assert rows_of(table) == [("a@example.com", 7, "b@example.com")]
    assert rows_of(table, "Email 2") == [("b@example.com",)]


@pytest.mark.parametrize(("write", "opened"), FORMATS)
def test_an_empty_table_has_columns_and_no_rows(write: Write, opened: Open) -> None:
    table = ArrowTable(opened(BytesFile(write(PEOPLE.slice(0, 0)))))
    assert table.columns == ("id", "email", "tags")
    assert rows_of(table) == []


@pytest.mark.parametrize(("write", "opened"), FORMATS)
def test_a_file_that_was_cut_off_is_never_a_short_success(write: Write, opened: Open) -> None:
    whole = write(PEOPLE)
    for size in range(12, len(whole), max(1, len(whole) // 60)):
        with pytest.raises(Exception, match=r"PIN-CLI-0(32|05)"):
            rows_of(ArrowTable(opened(BytesFile(whole[:size]))))


@pytest.mark.parametrize("opened", [ParquetFile, ArrowIpcFile, OrcFile])
@pytest.mark.parametrize("content", [b"", b"x", b"secret@example.com\n" * 9])
def test_a_file_of_another_kind_is_refused_without_being_quoted(opened: Open, content: bytes) -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="is not a") as error:
        opened(BytesFile(content))
    assert "secret" not in str(error.value)


def test_a_name_that_is_an_address_is_not_shown() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN) as error:
        ArrowTable(ParquetFile(BytesFile(parquet(pa.table({"secret@example.com": [1]})))))
    assert "secret" not in str(error.value)


def test_an_encrypted_parquet_says_so() -> None:
    content = bytearray(parquet(PEOPLE))
    content[-4:] = b"PARE"
    with raises(Code.SOURCE_NOT_OPENED, match="is encrypted"):
        ParquetFile(BytesFile(bytes(content)))


def test_row_groups_without_rows_are_passed_over() -> None:
    content = io.BytesIO()
    with pq.ParquetWriter(content, PEOPLE.schema) as writer:
        for part in (PEOPLE.slice(0, 0), PEOPLE.slice(0, 1), PEOPLE.slice(0, 0), PEOPLE.slice(1)):
            writer.write_table(part)
    table = ArrowTable(ParquetFile(BytesFile(content.getvalue())))
    assert (len(rows_of(table)), lines_of(table), table.row_count) == (3, [1, 2, 3], 3)


def test_a_stream_without_its_end_was_cut_off_though_every_batch_is_whole() -> None:
    whole = arrow_stream(PEOPLE)
    assert whole.endswith(b"\xff\xff\xff\xff\x00\x00\x00\x00")
    with raises(Code.SOURCE_CUT_OFF):
        ArrowIpcFile(BytesFile(whole[:-8]))


def test_large_batches_are_given_in_parts() -> None:
    table = ArrowTable(ArrowIpcFile(BytesFile(arrow_file(PEOPLE))))
    assert [len(batch.rows) for batch in table.batches(("id",), 2)] == [2, 1]
