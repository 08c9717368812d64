from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.formats.json_table import JsonTable
from unit_tests.support.data_files import BytesFile, lines_of, refused_by, rows_of
from unit_tests.support.raises import raises


def table_of(content: bytes | str, wanted: str | None = None, *, has_lines: bool = False) -> JsonTable:
    content = content.encode() if isinstance(content, str) else content
    return JsonTable(BytesFile(content, "people.json", is_stream=True), wanted, has_lines=has_lines)


@pytest.mark.parametrize("has_lines", [False, True])
def test_an_object_a_line_is_a_row(has_lines: bool) -> None:
    table = table_of('{"email":"ada@example.com"}\r\n\n{"email":"bob@example.com","n":1}', has_lines=has_lines)
    assert table.columns == ("email", "n")
    assert rows_of(table) == [("ada@example.com", None), ("bob@example.com", 1)]
    assert lines_of(table) == [1, 3]
    assert table.row_count == 2


def test_a_key_that_comes_late_is_a_column_of_all_rows() -> None:
    lines = ['{"id":1}'] * 5_000 + ['{"id":2,"email":"late@example.com"}']
    table = table_of("\n".join(lines))
    assert table.columns == ("id", "email")
    assert rows_of(table, "email")[-1] == ("late@example.com",)


def test_only_the_wanted_columns_are_given_in_the_wanted_order() -> None:
    assert rows_of(table_of('{"a":1,"b":2,"c":3}\n'), "c", "a") == [(3, 1)]


def test_values_stay_what_they_are() -> None:
    table = table_of(
        '{"n":123456789012345678901234567890,"o":{"x":[1,{"y":null}]},"a":["a@example.com"],"t":true}\n', has_lines=True
    )
    assert rows_of(table) == [(123456789012345678901234567890, {"x": [1, {"y": None}]}, ["a@example.com"], True)]


def test_a_line_that_is_no_object_is_refused_with_its_number_and_the_others_are_read() -> None:
    table = table_of('{"email":"a@example.com"}\nsecret\n[1]\n{"email":"b@example.com"}\n')
    assert rows_of(table) == [("a@example.com",), ("b@example.com",)]
    assert [(each.line, each.reason) for each in refused_by(table)] == [
        (2, "the line is not JSON"),
        (3, "there is no object, but another value"),
    ]


def test_several_objects_on_a_line_are_several_rows() -> None:
    table = table_of('{"email":"a@example.com"}{"email":"b@example.com"} {"email":"c@example.com"}\n')
    assert rows_of(table) == [("a@example.com",), ("b@example.com",), ("c@example.com",)]
    assert lines_of(table) == [1, 1, 1]


def test_what_python_writes_and_json_does_not_know_is_read() -> None:
    (row,) = rows_of(table_of('{"email":"a@example.com","score":NaN,"half":"\\ud800"}\n'), "email")
    assert row == ("a@example.com",)


@pytest.mark.parametrize(
    ("content", "has_lines"),
    [
        ('{"email":"a@example.com","email":"b@example.com"}\n', True),
        ('{"email":"a@example.com","note":"\\":","email" \t:"b@example.com"}\n', True),
        ('{"email":"a@example.com","score":NaN,"email":"b@example.com"}\n', True),
        ('{"email":"a@example.com","email":"b@example.com"}{"email":"c@example.com"}\n', True),
        ('[{"email":"a@example.com","email":"b@example.com"}]', False),
        ('{"data":[{"email":"a@example.com","email":"b@example.com"}]}', False),
        ('{\n"email":"a@example.com",\n"email":"b@example.com"}\n', False),
    ],
)
def test_a_name_that_an_object_repeats_is_numbered_and_none_of_its_values_is_lost(
    content: str, has_lines: bool
) -> None:
    table = table_of(content, has_lines=has_lines)
    assert "email 2" in table.columns
    assert rows_of(table, "email", "email 2")[0] == ("a@example.com", "b@example.com")


def test_a_numbered_name_does_not_take_the_place_of_one_that_the_object_has() -> None:
    table = table_of('{"n":1,"n 2":2,"n":3,"n":4}\n', has_lines=True)
    assert sorted(rows_of(table)[0]) == [1, 2, 3, 4]


def test_a_line_that_is_nested_too_deeply_is_refused_with_its_number() -> None:
    table = table_of('{"email":"a@example.com"}\n' + '{"a":' * 100_000 + "\n", has_lines=True)
    assert rows_of(table) == [("a@example.com",)]
    assert [each.line for each in refused_by(table)] == [2]


def test_a_last_line_that_was_cut_off_is_no_short_success() -> None:
    with raises(Code.SOURCE_CUT_OFF):
        table_of('{"email":"a@example.com"}\n{"email":"b@exam')


@pytest.mark.parametrize(
    "content",
    [
        '[{"email":"a@example.com"},{"email":"b@example.com","n":1}]',
        '\n [\n{"email":"a@example.com"},\n{"email":"b@example.com","n":1}]\n',
        '{"data":[{"email":"a@example.com"},{"email":"b@example.com","n":1}],"paging":{"next":null},"ids":[1,2]}',
        '{"response":{"people":[{"email":"a@example.com"},{"email":"b@example.com","n":1}]}}',
        '{\n  "email": "a@example.com"\n}\n{\n  "email": "b@example.com",\n  "n": 1\n}\n',
    ],
)
def test_a_document_with_a_list_of_objects_or_several_objects_is_a_table(content: str) -> None:
    table = table_of(content)
    assert table.columns == ("email", "n")
    assert rows_of(table) == [("a@example.com", None), ("b@example.com", 1)]
    assert lines_of(table) == [1, 2]


def test_an_object_with_identities_is_a_row_though_it_has_a_list_of_objects() -> None:
    table = table_of('{"email":"a@example.com","orders":[{"id":1}]}')
    assert rows_of(table) == [("a@example.com", [{"id": 1}])]


def test_an_element_that_is_no_object_is_refused_with_its_number() -> None:
    table = table_of('[{"email":"a@example.com"},3]')
    assert rows_of(table) == [("a@example.com",)]
    assert [each.line for each in refused_by(table)] == [2]


def test_of_several_lists_one_must_be_named() -> None:
    content = '{"members":[{"email":"a@example.com"}],"owners":[{"email":"b@example.com"}]}'
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="members, owners"):
        table_of(content)
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="did you mean 'owners'"):
        table_of(content, "owner")
    assert rows_of(table_of(content, "owners")) == [("b@example.com",)]


def test_a_list_cannot_be_named_where_there_is_none() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN, match="no list 'members'"):
        table_of('[{"email":"a@example.com"}]', "members")


@pytest.mark.parametrize("content", ['[{"email":"a@example.com"},{"email":"b', '{"data":[{"email":"a@example.com"},{'])
def test_a_document_that_was_cut_off_is_no_short_success(content: str) -> None:
    with raises(Code.SOURCE_CUT_OFF):
        table_of(content)


@pytest.mark.parametrize(
    "content", ["secret@example.com", '["secret@example.com"]', '[{"a":1},{"a":secret}]', "[]", "7"]
)
def test_what_holds_no_objects_is_refused_without_being_quoted(content: str) -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="neither an object a line nor a list of objects") as error:
        table_of(content)
    assert "secret" not in str(error.value)


def test_an_empty_file_says_so() -> None:
    with raises(Code.SOURCE_NOT_OPENED, match="is empty"):
        table_of(" \n ")


def test_a_key_that_is_an_address_is_not_shown() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN) as error:
        table_of('{"secret@example.com":{"city":"Bonn"}}\n')
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
@pytest.mark.parametrize(
    "content",
    ['{"email":"ä@example.com"}\n{"email":"b@example.com"}\n', '[{"email":"ä@example.com"},{"email":"b@example.com"}]'],
)
def test_a_byte_order_mark_says_the_encoding(mark: bytes, content: str) -> None:
    encoding = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}.get(mark, "utf-8")
    assert rows_of(table_of(mark + content.encode(encoding))) == [("ä@example.com",), ("b@example.com",)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "Kunde", "x y"]), VALUES, min_size=1), min_size=1, max_size=8
)


@given(
    objects=OBJECTS,
    indent=st.sampled_from([None, 2]),
    is_ascii=st.booleans(),
    shape=st.sampled_from(["lines", "list", "member"]),
)
def test_any_objects_are_read_as_python_reads_them(
    objects: list[dict[str, Any]], indent: int | None, is_ascii: bool, shape: str
) -> None:
    content = {
        "lines": lambda: "".join(json.dumps(each, ensure_ascii=is_ascii) + "\n" for each in objects),
        "list": lambda: json.dumps(objects, ensure_ascii=is_ascii, indent=indent),
        "member": lambda: json.dumps({"n": 1, "rows": objects}, ensure_ascii=is_ascii, indent=indent),
    }[shape]()
    table = table_of(content, "rows" if shape == "member" else None, has_lines=shape == "lines")
    expected = [tuple(each.get(column) for column in table.columns) for each in objects]
    assert rows_of(table) == expected
