from __future__ import annotations

from typing import Any

import msgspec
import pytest

from destination_pinterest.delivery.remembered_row import RememberedRow, RememberedRowMapper
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.placeholder import UNAVAILABLE_VALUE
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase
from unit_tests.membership.shop import person

A, B = person("a"), person("b")


def mapped(*values: Any) -> RememberedRow:
    """A row of as many address columns."""
    columns = [IdentityColumn(f"c{number}", Identifier.EMAIL) for number in range(len(values))]
    return RememberedRowMapper(columns, LetterCase.LOWER).map(values)


def test_each_identifier_comes_with_its_column_and_with_none_if_it_is_in_several() -> None:
    assert mapped("a@example.com") == RememberedRow((A,), ("c0",))
    row = mapped("a@example.com", ["b@example.com", "A@example.com"], None)
    assert (row.identifiers, row.columns, row.unchanged, row.rejections) == ((A, B), ("", "c1"), (), ())


@pytest.mark.parametrize("value", [msgspec.UNSET, UNAVAILABLE_VALUE, [UNAVAILABLE_VALUE, UNAVAILABLE_VALUE]])
def test_a_column_that_is_not_given_is_unchanged(value: Any) -> None:
    assert mapped(value) == RememberedRow((), (), ("c0",))
    assert mapped(value, "b@example.com", None) == RememberedRow((B,), ("c1",), ("c0",), empty=("c2",))


@pytest.mark.parametrize("value", ["REDACTED", "***", 7, {"a": 1}])
def test_a_value_that_can_not_be_read_is_refused_and_not_unchanged(value: Any) -> None:
    row = mapped(value, msgspec.UNSET)
    assert (row.identifiers, row.unchanged, row.empty) == ((), ("c1",), ("c0",))
    (rejection,) = row.rejections
    assert (rejection.column, rejection.reason) in {
        ("c0", RejectionReason.INVALID_EMAIL),
        ("c0", RejectionReason.NOT_TEXT),
    }


@pytest.mark.parametrize("value", [None, "", " ", []])
def test_a_blank_column_is_neither_unchanged_nor_refused(value: Any) -> None:
    assert mapped(value) == RememberedRow((), (), empty=("c0",))
    assert mapped(value, value) == RememberedRow((), (), empty=("c0", "c1"))


def test_no_identifier_is_shown() -> None:
    row = mapped("a@example.com")
    assert A not in repr(row)
    assert A not in str(row.__rich_repr__())
