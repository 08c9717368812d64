from __future__ import annotations

import json

from destination_pinterest.protocol.whole_rows import whole_rows


def test_rows_come_with_all_columns_in_order() -> None:
    lines = [json.dumps({"type": "RECORD", "record": {"data": data}}).encode() for data in ({"b": 1, "a": "x"}, {})]
    assert list(whole_rows(lines, ["a", "b"])) == [("x", 1), (None, None)]


def test_a_column_is_found_under_its_cached_name() -> None:
    line = json.dumps({"record": {"data": {"e_mail": "x"}}}).encode()
    assert list(whole_rows([line], ["E-Mail"])) == [("x",)]


def test_a_line_that_can_not_be_read_is_left_out() -> None:
    assert list(whole_rows([b"{", b"{}", b'{"record":{"data":{"a":1}}}'], ["a"])) == [(1,)]


def test_a_byte_order_mark_is_read_past() -> None:
    assert list(whole_rows([b'\xef\xbb\xbf{"record":{"data":{"a":1}}}'], ["a"])) == [(1,)]
