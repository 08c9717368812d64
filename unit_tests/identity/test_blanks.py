from __future__ import annotations

import sys
import unicodedata

from destination_pinterest.identity.blanks import INVISIBLE, WHITE_SPACE, strip_blanks


def test_white_space_is_what_python_calls_so() -> None:
    assert {chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()} == set(WHITE_SPACE)


def test_invisible_characters_are_format_characters_of_unicode() -> None:
    assert {unicodedata.category(character) for character in INVISIBLE} == {"Cf"}


def test_blanks_are_stripped_at_the_ends_and_nowhere_else() -> None:
    blanks = WHITE_SPACE + INVISIBLE
    assert strip_blanks(f"{blanks}a{blanks}b{blanks}") == f"a{blanks}b"


def test_a_text_of_blanks_alone_strips_to_nothing() -> None:
    assert strip_blanks(INVISIBLE + WHITE_SPACE) == ""
