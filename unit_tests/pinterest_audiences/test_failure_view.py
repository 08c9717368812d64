from __future__ import annotations

import io

import pytest

from pinterest_audiences.failure_view import write_failure

TEXT = "vip: PIN-GUARD-001: " + "More people would leave than may leave at once. " * 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_a_failure_is_one_line() -> None:
    output = io.StringIO()
    write_failure(TEXT, output)
    assert output.getvalue() == f"pinterest-audiences: {TEXT}\n"


def test_on_a_terminal_it_is_red_and_no_word_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output = Terminal()
    write_failure(TEXT, output)
    assert "\x1b[1;31m" in output.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    write_failure(TEXT, plain)
    assert "31m" not in plain.getvalue()
    words = plain.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").split()
    assert words == f"pinterest-audiences: {TEXT}".split()


def test_what_looks_like_markup_is_text() -> None:
    output = Terminal()
    write_failure("There is no table [red].", output)
    assert "[red]" in output.getvalue()
