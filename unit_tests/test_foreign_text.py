"""Text of others is shown without what a terminal obeys, what can't be seen, and what nobody reads to its end."""

from __future__ import annotations

import json
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.foreign_text import (
    NAME_CHARS,
    SENTENCE_CHARS,
    cleaned,
    masked,
    shown,
    shown_json,
    shown_lines,
    shown_name,
    undisguised,
)

HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def hidden_in(text: str) -> list[str]:
    return [character for character in text if unicodedata.category(character) in HIDDEN_CATEGORIES]


def test_no_character_of_a_hidden_category_is_shown() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    assert hidden_in(cleaned(everything)) == []
    assert hidden_in(shown_json(everything)) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x9b5mblink", "blink"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;https://evil.example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bcreset", "reset"),
        ("one\r\ntwo\tthree\u2028four\x85five\vsix", "one two three four five six"),
        ("VIP\u202egpj.exe", "VIPgpj.exe"),
        ("a\u2066b\u2069c\u200ed\u061ce", "abcde"),
        ("pi\u200bn\u2060a\ufeff_\xadx", "pina_x"),
        ("tag\U000e0041s \u3164\u115ffiller", "tags filler"),
        ("half \ud800 pair", "half  pair"),
        ("nul\x00 bell\x07 delete\x7f", "nul bell delete"),
        ("Müller & Söhne, 東京, عملاء, ❤\ufe0f", "Müller & Söhne, 東京, عملاء, ❤\ufe0f"),
        ("  indented", "  indented"),
    ],
)
def test_what_a_terminal_obeys_and_what_cannot_be_seen_is_left_out(text: str, said: str) -> None:
    assert cleaned(text) == said
    assert cleaned(said) == said


def test_an_unfinished_sequence_hides_nothing_that_is_said_behind_it() -> None:
    assert shown('The audience "\x1b]0;x" was not replaced. Do \x07 this.') == (
        'The audience "0;x" was not replaced. Do  this.'
    )


def test_a_long_name_is_cut_behind_its_beginning() -> None:
    assert shown_name("x" * NAME_CHARS) == "x" * NAME_CHARS
    assert shown_name("x" * (NAME_CHARS + 1)) == "x" * (NAME_CHARS - 1) + "…"
    assert len(shown_name("x\u200b" * 10_000_000)) <= NAME_CHARS


@pytest.mark.parametrize("name", ["n" * 50_000, "long name " * 5_000, 'quotes"in"it ' * 5_000, "\u200b" * 50_000])
@pytest.mark.parametrize("quoting", ['The audience "{}" is gone.', "The column {} is gone."])
def test_no_name_buries_what_happened_and_what_to_do(name: str, quoting: str) -> None:
    said = shown(f"PIN-AUD-001: {quoting.format(name)} Create it again.")
    assert said.startswith("PIN-AUD-001: The ")
    assert said.endswith(" Create it again.")
    assert len(said) <= SENTENCE_CHARS


def test_a_quoted_name_is_cut_in_its_sentence() -> None:
    name = "a name with blanks " * 20
    assert shown(f'The audience "{name}" is gone.') == f'The audience "{name[: NAME_CHARS - 1]}…" is gone.'


def test_a_sentence_of_ordinary_text_stays_as_it_is() -> None:
    sentence = 'The stream "users" has the columns "a", "b" and c (see /data/config.json): ' + "set mode to it. " * 100
    assert shown(sentence) == sentence


def test_each_line_of_several_is_cleaned() -> None:
    assert shown_lines('File "a\x1b[1m.py"\n  line 2\u202e') == 'File "a.py"\n  line 2'


@pytest.mark.parametrize(
    "written",
    [
        "pi\u200bna_secret",
        "\uff50\uff49\uff4e\uff41_secret",
        "pina%5Fsecret",
        "pina%255Fsecret",
        "pina\\u005fsecret",
        "pina\\x5fsecret",
        "pina\\u{5f}secret",
        "pina&#95;secret",
        "p\u034fina\ufe0f_secret",
        "\x1b[1mpina\x1b[0m_secret",
    ],
)
def test_a_secret_is_found_however_it_is_written(written: str) -> None:
    assert undisguised(written) == "pina_secret"
    said = shown(f"refused: {written}!", lambda text: text.replace("pina_secret", "****"))
    assert said == "refused: ****!"


def test_text_without_a_secret_is_not_rewritten() -> None:
    said = "½ of 100%25 \uff21 &amp; \\u0041"
    assert masked(said, lambda text: text.replace("pina_secret", "****")) == said


@pytest.mark.parametrize(
    "text", ["\\" * 200_000, "&" * 200_000, "%" * 200_000, "\x1b]" * 100_000, '"' * 200_001, "\ufdfa" * 200_000]
)
def test_a_long_text_costs_no_time(text: str) -> None:
    began = time.process_time()
    shown(text, lambda each: each.replace("pina_secret", "****"))
    shown_name(text)
    assert time.process_time() - began < 2


@given(st.text())
def test_json_that_is_shown_has_the_same_values(text: str) -> None:
    encoded = shown_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(encoded) == {text: [text]}
    assert hidden_in(encoded) == []
