"""The commands in groups, as `--help` lists them: by what somebody wants to do, and within that in the usual order."""

from __future__ import annotations

import argparse
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final

_NAME_WIDTH: Final = 12
# The reader's terminal, but no lines that the eye can't follow.
_WIDEST: Final = 100


class CommandGroup:
    """What a module registers its commands with: as argparse's own object, but listed apart from other groups."""

    def __init__(self, title: str, commands: Any) -> None:
        self._title = title
        self._commands = commands
        self._helps: list[tuple[str, str]] = []

    def add_parser(self, name: str, *, help: str, **arguments: Any) -> argparse.ArgumentParser:  # noqa: A002 - argparse's
        """As argparse's."""
        self._helps.append((name, help))
        parser: argparse.ArgumentParser = self._commands.add_parser(name, **arguments)
        return parser

    def text(self, width: int) -> str:
        """The group's part of the list, in lines of at most so many columns."""
        lines = [f"{self._title}:"]
        for name, sentence in self._helps:
            first, *others = textwrap.wrap(sentence, width - _NAME_WIDTH) or [""]
            lines.append(f"  {name:<{_NAME_WIDTH - 2}}{first}")
            lines += [" " * _NAME_WIDTH + line for line in others]
        return "\n".join(lines)


def register(whole: argparse.ArgumentParser, groups: Mapping[str, Sequence[ModuleType]]) -> None:
    """Registers the commands of all modules, and ends the parser's help with the list of them."""
    commands = whole.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help="one of those below; COMMAND --help says more"
    )
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    texts = []
    for title, modules in groups.items():
        group = CommandGroup(title, commands)
        for module in modules:
            module.register(group)
        texts.append(group.text(width))
    whole.formatter_class = argparse.RawDescriptionHelpFormatter
    whole.epilog = "\n\n".join(texts)
