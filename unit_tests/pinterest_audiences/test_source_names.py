from __future__ import annotations

from destination_pinterest.error_codes import Code
from pinterest_audiences.sources.names import check_columns
from unit_tests.support.raises import raises


def test_names_that_are_data_are_not_suggested() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN) as caught:
        check_columns(["mail"], ["ada@example.com", "name"], "the query")
    assert "ada" not in caught.value.message
    assert "name" in caught.value.message


def test_names_that_are_data_are_not_said_to_be_there_twice() -> None:
    with raises(Code.TABLE_OR_COLUMN_UNKNOWN) as caught:
        check_columns([], ["ada@example.com", "ada@example.com"], "the query")
    assert "ada" not in caught.value.message
