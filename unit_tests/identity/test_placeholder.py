from __future__ import annotations

from collections.abc import Callable

import pytest

from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.placeholder import UNAVAILABLE_VALUE, is_placeholder
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, ValueFormat

SPELLINGS: list[Callable[[str], str]] = [
    lambda text: text,
    lambda text: f" {text} ",
    lambda _: "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==",
    lambda text: text.encode().hex(),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("identifier", Identifier)
def test_the_placeholder_is_never_an_identifier_whatever_the_column_has(
    identifier: Identifier, spelling: Callable[[str], str]
) -> None:
    value = spelling(UNAVAILABLE_VALUE)
    mapper = IdentityMapper([IdentityColumn("c", identifier)])
    for mapped in (mapper.map((value,)), mapper.map(([value],)), *mapper.map_column([value])[1]):
        assert mapped.identifiers == ()
        assert [rejection.reason for rejection in mapped.rejections] == [RejectionReason.VALUE_UNCHANGED]


@pytest.mark.parametrize("value_format", [ValueFormat.SHA256, ValueFormat.MD5, ValueFormat.PLAIN])
def test_the_placeholder_is_recognised_in_a_column_of_any_format(value_format: ValueFormat) -> None:
    mapped = IdentityMapper([IdentityColumn("c", Identifier.EMAIL, value_format)]).map((UNAVAILABLE_VALUE,))
    assert [rejection.reason for rejection in mapped.rejections] == [RejectionReason.VALUE_UNCHANGED]


@pytest.mark.parametrize("text", ["", "__debezium", UNAVAILABLE_VALUE.upper(), "unavailable"])
def test_other_texts_are_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)
