from __future__ import annotations

import pytest

from pinterest_audiences.sources.places.patterns import is_pattern, matches, name_of


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*.csv", "a.csv"), ("a/*.csv", "a/b.csv"), ("**/*.csv", "a.csv"), ("**/*.csv", "a/b/c.csv"),
        ("a/**", "a/b/c"), ("a/**/c", "a/c"), ("a?[0-9].csv", "ab7.csv"),
    ],
)  # fmt: skip
def test_names_match(pattern: str, name: str) -> None:
    assert matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"), [("*.csv", "a/b.csv"), ("a/*", "a"), ("*.csv", "a.CSV"), ("a/**/c", "a/b"), ("a", "ab")]
)
def test_names_do_not_match(pattern: str, name: str) -> None:
    assert not matches(pattern, name)


def test_a_table_is_named_after_the_last_part_that_is_no_pattern() -> None:
    assert name_of(["/", "srv", "exports", "*.csv"]) == "exports"
    assert name_of(["bucket", "*", "people.csv"]) == "people.csv"
    assert name_of(["*"]) == "files"


def test_characters_that_stand_for_others_make_a_pattern() -> None:
    assert [is_pattern(text) for text in ("a*", "a?", "[a]", "a.csv")] == [True, True, True, False]
