from __future__ import annotations

import argcomplete
from argcomplete.completers import SuppressCompleter

from pinterest_audiences.__main__ import parser


def completions(typed: str) -> list[str]:
    finder = argcomplete.CompletionFinder(parser(), default_completer=SuppressCompleter())
    _, prefix, _, words, _ = argcomplete.split_line(typed)
    found: list[str] = finder._get_completions(words, prefix, "", None)
    return [each.strip() for each in found]


def test_commands_and_options_are_completed() -> None:
    assert {"run", "retry"} <= set(completions("pinterest-audiences r"))
    assert completions("pinterest-audiences run --para") == ["--parallel"]
