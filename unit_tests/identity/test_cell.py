from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.cell import MAX_CELL_CHARACTERS, take_apart

ADDRESSES = st.from_regex(r"[a-z][a-z0-9.+']{0,8}@[a-z]{1,8}\.(com|net)", fullmatch=True)
DIGESTS = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
VALUES = st.lists(ADDRESSES, min_size=2, max_size=5) | st.lists(DIGESTS, min_size=2, max_size=5)
SEPARATORS = [";", "; ", "|", " | ", ":::", " ::: ", "\n", "\r\n", ",", ", ", " ", "\t", " / "]


@pytest.mark.parametrize("separator", SEPARATORS)
@given(values=VALUES)
def test_values_between_signs_that_separate_come_apart(separator: str, values: list[str]) -> None:
    assert take_apart(separator.join(values)) == values


@given(VALUES)
def test_an_array_written_as_text_comes_apart(values: list[str]) -> None:
    assert take_apart(json.dumps(values)) == values
    assert take_apart("{" + ",".join(values) + "}") == values
    assert take_apart("{" + ",".join(f'"{value}"' for value in values) + "}") == values
    assert take_apart("[" + ", ".join(values) + "]") == values


@given(ADDRESSES | DIGESTS)
def test_a_bare_value_is_left_alone(value: str) -> None:
    assert take_apart(value) is None


@pytest.mark.parametrize(
    "around", ['"{}"', "'{}'", "'{}", "<{}>", "Ada <{}>", '"Lovelace, Ada" <{}>', "mailto:{}", " {} "]
)
@given(address=st.from_regex(r"[a-z]{1,8}@[a-z]{1,8}\.com", fullmatch=True))
def test_what_is_around_a_value_goes(around: str, address: str) -> None:
    assert take_apart(around.format(address)) == [address]


@pytest.mark.parametrize(
    "text",
    [
        *("ada lovelace@example.com", "ada,lovelace@example.com", "ada;lovelace@example.com", "ada@example,com"),
        *("ada @example.com", "ada@ example.com", "ada@example.co;uk", "grace@example.com <ada@example.com>"),
    ],
)
def test_a_sign_that_may_be_a_mistake_separates_nothing(text: str) -> None:
    assert take_apart(text) in (None, [text])


def test_a_very_long_text_is_left_alone() -> None:
    assert take_apart("a@b.com;" * MAX_CELL_CHARACTERS) is None


@pytest.mark.parametrize("sign", ["[", "{", '"', "'", "<", ";", ",", " ", ":::", "mailto:", "a@", "x <"])
def test_nesting_and_repeats_take_no_time(sign: str) -> None:
    take_apart(sign * (MAX_CELL_CHARACTERS // len(sign)))


@given(st.text(alphabet="a@.;,|:<>[]{}\"'` \n\\1x") | st.text(alphabet=st.characters()))
def test_no_text_makes_it_raise(text: str) -> None:
    take_apart(text)
