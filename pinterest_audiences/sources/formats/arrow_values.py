"""Turns columns of Arrow into values of Python, and loses none: text in binary columns, UUIDs, times of any year.

A binary column may hold text (Hive, Impala and old Spark wrote it so), UUIDs in 16 bytes, or digests. Which of these a
column holds is decided on the first values that are in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.types as kinds

from destination_pinterest.identity.recognition import recognise_columns
from destination_pinterest.vocabulary import Identifier

_DIGEST_BYTES: Final = frozenset({16, 20, 32})
_UUID_BYTES: Final = 16
_ADVERTISING_IDS: Final = frozenset({Identifier.MAID, Identifier.GAID, Identifier.IDFA})
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
# Android and iOS make advertising IDs of this version. Of random digests, one in 64 has such bits.
_RANDOM_UUID: Final = 4


class ColumnValues:
    """Converts one column, batch by batch.

    Args:
        name: the column's name.
        kind: its type.
    """

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self._name = name
        self._plain = plain_type(kind)
        self._is_same = self._plain.equals(kind)
        self._is_binary = _is_binary(self._plain)
        self._is_text = kinds.is_string(self._plain) or kinds.is_large_string(self._plain)
        self._is_number = kinds.is_integer(self._plain) or kinds.is_floating(self._plain)
        self._of_bytes: Callable[[bytes], Any] | None = None

    def of(self, column: pa.Array) -> list[Any]:
        """Returns the values of a batch's column."""
        values = self._values(column)
        if not self._is_binary:
            return values
        if self._of_bytes is None:
            self._of_bytes = self._decided([value for value in values if value])
        if self._of_bytes is None:
            return values
        convert = self._of_bytes
        return [None if value is None else convert(value) for value in values]

    def _values(self, column: pa.Array) -> list[Any]:
        try:
            plain = column if self._is_same else column.cast(self._plain, safe=False)
            values: list[Any]
            if self._is_text or (self._is_number and not plain.null_count):
                values = plain.to_numpy(zero_copy_only=False).tolist()  # several times as fast
            else:
                values = plain.to_pylist(maps_as_pydicts="lossy")
        except (ValueError, OverflowError, pa.ArrowException):
            return [_value(scalar) for scalar in column]
        return values

    def _decided(self, values: Sequence[bytes]) -> Callable[[bytes], Any] | None:
        """Returns how the column's bytes are read; None if no value tells."""
        if not values:
            return None
        if all(_text(value) is not None for value in values):
            return _text_or_hex
        if self._holds_uuids([value for value in values if len(value) == _UUID_BYTES]):
            return _uuid_or_hex
        return _hex_or_text

    def _holds_uuids(self, values: Sequence[bytes]) -> bool:
        named = {identity.identifier for identity in recognise_columns([self._name])}
        if named:
            return bool(values) and named <= _ADVERTISING_IDS
        ids = [UUID(bytes=value) for value in values if any(value)]
        return bool(ids) and all(each.version == _RANDOM_UUID for each in ids)


def plain_type(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - one case a type
    """Returns the type whose values Python has: without dictionaries, nanoseconds and types of others' making."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind if kind.extension_name == "arrow.uuid" else plain_type(kind.storage_type)
    if kinds.is_dictionary(kind) or kinds.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if kinds.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if kinds.is_time64(kind):
        return pa.time64("us")
    if kinds.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    if kinds.is_struct(kind):
        return pa.struct([field.with_type(plain_type(field.type)) for field in kind])
    if kinds.is_map(kind):
        return pa.map_(plain_type(kind.key_type), plain_type(kind.item_type))
    if kinds.is_large_list(kind):
        return pa.large_list(plain_type(kind.value_type))
    if kinds.is_list(kind):
        return pa.list_(plain_type(kind.value_type))
    return kind


def _is_binary(kind: pa.DataType) -> bool:
    tests = (kinds.is_binary, kinds.is_large_binary, kinds.is_fixed_size_binary, kinds.is_binary_view)
    return any(test(kind) for test in tests)


def _value(scalar: pa.Scalar) -> Any:
    """Returns a value by itself: as Arrow writes it, if Python has none like it, such as a date in the year 300000."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, pa.ArrowException):
        pass
    if isinstance(scalar, pa.StringScalar):
        return scalar.as_buffer().to_pybytes().decode(errors="replace")
    if isinstance(scalar, pa.StructScalar):
        return {name: _value(each) for name, each in scalar.items()}
    if isinstance(scalar, pa.ListScalar):
        return [_value(each) for each in scalar.values]
    return scalar.cast(pa.string()).as_py()


def _text(value: bytes) -> str | None:
    """Returns the text that the bytes are; None if they are none."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    return None if _NOT_TEXT.search(text) else text


def _text_or_hex(value: bytes) -> str:
    text = _text(value)
    return value.hex() if text is None else text


def _hex_or_text(value: bytes) -> str:
    return value.hex() if len(value) in _DIGEST_BYTES else _text_or_hex(value)


def _uuid_or_hex(value: bytes) -> str:
    return str(UUID(bytes=value)) if len(value) == _UUID_BYTES else _hex_or_text(value)
