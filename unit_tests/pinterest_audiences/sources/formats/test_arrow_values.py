from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from pinterest_audiences.sources.formats.arrow_values import ColumnValues

IDS = [UUID("38400000-8cf0-41bd-b23e-10b96e40000d"), UUID("6d92078a-8246-4ba4-ae5b-76104861e7dc")]
NO_ID = UUID(int=0)
MD5 = [hashlib.md5(text.encode()).digest() for text in ("a@example.com", "b@example.com")]
SHA256 = [hashlib.sha256(text.encode()).digest() for text in ("a@example.com", "b@example.com")]


def values(array: pa.Array, name: str = "x") -> list[Any]:
    return ColumnValues(name, array.type).of(array)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_text_in_a_binary_column_is_text(kind: pa.DataType) -> None:
    assert values(pa.array(["ada@example.com", None, "zoë@example.com"], pa.string()).cast(pa.binary()).cast(kind)) == [
        "ada@example.com", None, "zoë@example.com",
    ]  # fmt: skip


def test_text_of_a_digest_s_length_is_text() -> None:
    addresses = ["ab@example.com.eu"[:16], "twenty@example.com.x"]
    assert [len(address) for address in addresses] == [16, 20]
    assert values(pa.array([address.encode() for address in addresses])) == addresses


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(32)])
def test_digests_are_hexadecimal_digits(kind: pa.DataType) -> None:
    assert values(pa.array([*SHA256, None], kind)) == [*(digest.hex() for digest in SHA256), None]


def test_md5_digests_are_no_advertising_ids() -> None:
    assert values(pa.array(MD5, pa.binary(16))) == [digest.hex() for digest in MD5]


@pytest.mark.parametrize("kind", [pa.binary(), pa.binary(16)])
def test_advertising_ids_in_16_bytes_are_written_with_hyphens(kind: pa.DataType) -> None:
    assert values(pa.array([*(each.bytes for each in IDS), NO_ID.bytes], kind)) == [*map(str, IDS), str(NO_ID)]


def test_a_column_s_name_decides_what_16_bytes_are() -> None:
    no_random_id = UUID("38400000-8cf0-11bd-b23e-10b96e40000d")
    assert values(pa.array([no_random_id.bytes]), "idfa") == [str(no_random_id)]
    assert values(pa.array([IDS[0].bytes]), "email_md5") == [IDS[0].bytes.hex()]


def test_what_a_column_holds_is_decided_once() -> None:
    column = ColumnValues("x", pa.binary())
    assert column.of(pa.array([None], pa.binary())) == [None]
    assert column.of(pa.array(SHA256)) == [digest.hex() for digest in SHA256]
    assert column.of(pa.array([b"0123456789abcdef0123456789abcdef"])) == [b"0123456789abcdef0123456789abcdef".hex()]


def test_a_value_that_is_no_text_among_texts_is_hexadecimal_digits() -> None:
    column = ColumnValues("x", pa.binary())
    assert column.of(pa.array([b"ada@example.com"])) == ["ada@example.com"]
    assert column.of(pa.array([b"\xff\x00", b"b@example.com"])) == ["ff00", "b@example.com"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None]),
        (pa.array(["a", None], pa.string_view()), ["a", None]),
        (pa.array([1, None]), [1, None]),
        (pa.array([2**63], pa.uint64()), [2**63]),
        (pa.array([1.5, 2.0]), [1.5, 2.0]),
        (pa.array([Decimal("1.10")]), [Decimal("1.10")]),
        (pa.array([True, None]), [True, None]),
        (pa.array([1_000_000_001], pa.timestamp("ns", "UTC")), [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)]),
        (pa.array([1], pa.time64("ns")), [time(0)]),
        (pa.array([[1_000], None], pa.list_(pa.timestamp("ns"))), [[datetime(1970, 1, 1, 0, 0, 0, 1)], None]),  # noqa: DTZ001
        (pa.array([["a@example.com"], []]), [["a@example.com"], []]),
        (pa.array([{"a": 1, "b": ["x"]}]), [{"a": 1, "b": ["x"]}]),
        (pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())), [{"k": "v"}]),
        (pa.array([IDS[0].bytes], pa.uuid()), IDS[:1]),
    ],
)
def test_values_of_every_type_are_those_of_python(array: pa.Array, expected: list[Any]) -> None:
    assert values(array) == expected


def test_a_time_that_python_does_not_know_costs_no_other_value() -> None:
    found = values(pa.array([2**60, 0], pa.timestamp("us")))
    assert found == ["<value out of range: 1152921504606846976>", datetime(1970, 1, 1)]  # noqa: DTZ001
    (nested,) = values(pa.array([{"at": 2**60, "times": [2**60]}], pa.struct(
        [("at", pa.timestamp("us")), ("times", pa.list_(pa.timestamp("us")))]
    )))  # fmt: skip
    assert nested["at"] == nested["times"][0] == found[0]


def test_a_text_that_is_no_utf_8_costs_no_other_value() -> None:
    offsets, data = pa.py_buffer(b"\0\0\0\0\3\0\0\0\5\0\0\0"), pa.py_buffer(b"abc\xff\xfe")
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, data])
    assert values(broken) == ["abc", "\ufffd\ufffd"]
