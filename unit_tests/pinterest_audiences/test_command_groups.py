"""How `--help` lists the commands."""

from __future__ import annotations

import argparse
import os
import re

import pytest

from pinterest_audiences.__main__ import COMMANDS, parser


def _listed(text: str) -> list[str]:
    return re.findall(r"^  ([a-z]+) ", text.partition("Sign in:")[2], re.MULTILINE)


def test_every_command_is_listed_once_under_the_title_of_its_group() -> None:
    text = parser().format_help()
    with pytest.raises(SystemExit):
        parser().parse_args(["no such command"])
    commands = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert sorted(_listed(text)) == sorted(commands.choices)
    assert [line.rstrip(":") for line in text.splitlines() if line.rstrip(":") in COMMANDS] == list(COMMANDS)


def test_the_commands_of_a_project_come_in_the_order_in_which_a_newcomer_needs_them() -> None:
    listed = _listed(parser().format_help())
    assert [name for name in listed if name in {"init", "validate", "plan", "run", "status"}] == [
        *("init", "validate", "plan", "run", "status")
    ]


def test_a_long_sentence_goes_on_under_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = parser().format_help().partition("Sign in:")[2].splitlines()
    assert "            browser, and keep that as a" in lines
    assert all(len(line) <= int(os.environ["COLUMNS"]) for line in lines)
