"""`pinterest-audiences init`: writes a project file from a look at a database or files."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.foreign_text import shown_name
from destination_pinterest.identity.column_sample import SAMPLE_ROWS, ColumnSample
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.environment import expanded_address, has_placeholder
from pinterest_audiences.failures import EXIT_DONE, UsageError
from pinterest_audiences.preparation import opened_at
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.file import STATE_FOLDER
from pinterest_audiences.project.file_name import FILE_NAME
from pinterest_audiences.project.schemas import schema_text
from pinterest_audiences.project.state_folder import made
from pinterest_audiences.sign_in.profiles import list_profiles
from pinterest_audiences.sources.source import Selection, Source

_MOST_TABLES: Final = 500
_SCHEMA_FILE: Final = "audiences.schema.json"
_SOURCE_VARIABLE: Final = "AUDIENCES_SOURCE"
_PASSWORD: Final = re.compile(r"://[^/@]*:[^/@]+@")
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Proposal:
    """An audience to keep of a table.

    `is_guessed` says that its columns were recognised by their values alone, `is_empty` that it has no rows now.
    """

    name: str
    table: str
    audience: str
    identities: Sequence[IdentityColumn]
    mode: str = "replace"
    is_guessed: bool = False
    is_empty: bool = False

    def entry(self) -> dict[str, Any]:
        """Returns its entry in the file."""
        kinds = {each.column: _kind(each) for each in self.identities}
        return {"audience": self.audience, "table": self.table, "mode": self.mode, "identities": kinds}


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    path = Path(arguments.file).expanduser().resolve()
    if path.exists():
        raise _impossible(f"{path} exists. Name another by --file, or delete it.")
    if not path.parent.is_dir():
        raise _impossible(f"There is no folder {path.parent}. Create it.")
    can_ask = not arguments.yes and sys.stdin is not None and sys.stdin.isatty()
    with chdir(path.parent):
        with closing(opened_at(arguments.source)) as source:
            proposals = list(_proposals(source))
            label = source.label
        if not proposals:
            raise _impossible(f"{label} has no table with a column that identifies people. Write the file by hand.")
        if can_ask:
            proposals = list(asked(proposals, _ask))
        if not proposals:
            raise _impossible("No table was chosen. Run it again.")
        path.write_text(file_text(arguments, proposals), encoding="utf-8")
        made(Path(STATE_FOLDER))
        (Path(STATE_FOLDER) / _SCHEMA_FILE).write_text(schema_text("file"), encoding="utf-8")
    printer = Printer(sys.stdout, as_json=arguments.json)
    if arguments.json:
        names, empty = [each.name for each in proposals], [each.name for each in proposals if each.is_empty]
        written = {"schema_version": 1, "status": "written", "project": str(path), "audiences": names, "empty": empty}
        printer.result(written)
        return EXIT_DONE
    printer.rows(
        ("Audience", "Table", "Identified by", "Mode"),
        [(each.name, each.table, ", ".join(one.column for one in each.identities), each.mode) for each in proposals],
    )
    if _has_password(arguments.source):
        printer.line(f"The address has a password, so it is not in the file: set {_SOURCE_VARIABLE} to it.")
    for each in proposals:
        if each.is_guessed:
            columns = ", ".join(shown_name(one.column) for one in each.identities)
            printer.line(
                f"{each.name}: no column has a name of an identity, and the values of {columns} look like one. See "
                "that they are the customers' own."
            )
    for each in proposals:
        if each.is_empty:
            printer.line(f"{each.name}: the table has no rows now. Its audience is created with the first of them.")
    if not arguments.profile and not arguments.config and len(list_profiles(os.environ)) > 1:
        profiles = ", ".join(each.name for each in list_profiles(os.environ))
        printer.line(f"There are several profiles ({profiles}): name the one to use by `profile` in the file.")
    named = "" if path.name == FILE_NAME else f" --file {arguments.file}"
    printer.line(f"{path} is written. See what it would do: pinterest-audiences plan{named}")
    return EXIT_DONE


def _proposals(source: Source) -> Iterator[Proposal]:
    """Yields one for each table by whose columns people are recognised."""
    taken: set[str] = set()
    for table in source.table_names()[:_MOST_TABLES]:
        try:
            columns = source.columns(Selection(table=table))
        except ConnectorError:  # A view that is broken, or that may not be read.
            continue
        by_name = recognise_columns(columns)
        found = by_name or _by_values(source, Selection(table=table), columns)
        if not found:
            continue
        name = _NOT_IN_NAMES.sub("-", table).strip("-._")[:60] or "audience"
        number = 2
        while name in taken:
            name, number = f"{name.rpartition('-')[0] or name}-{number}", number + 1
        taken.add(name)
        selection = Selection(table=table)
        is_empty = not source.sample(selection, 1) and source.count(selection) == 0
        yield Proposal(name, table, table.rpartition(".")[2], found, is_guessed=not by_name, is_empty=is_empty)


def _by_values(source: Source, selection: Selection, columns: Sequence[str]) -> Sequence[IdentityColumn]:
    """Returns the columns of a table whose first rows hold identifiers, where a look at them costs nothing."""
    sample = ColumnSample(columns, ())
    sample.take(source.sample(selection, SAMPLE_ROWS))
    return [each.seems for each in sample.findings() if each.seems is not None]


def asked(proposals: Sequence[Proposal], ask: Callable[[str, str], str]) -> Iterator[Proposal]:
    """Yields what is wanted of the proposals; `ask` takes a question and the answer that silence stands for."""
    for each in proposals:
        columns = ", ".join(f"{shown_name(one.column)} ({one.identifier.value})" for one in each.identities)
        empty = ", but no rows now" if each.is_empty else ""
        if not _yes(ask(f"{shown_name(each.table)} has {columns}{empty}. Keep an audience of it?", "yes")):
            continue
        audience = ask("  Its name at Pinterest?", each.audience)
        leave = _yes(ask("  Are people who leave the table to leave the audience too?", "yes"))
        yield replace(each, audience=audience, mode="replace" if leave else "add")


def _ask(question: str, otherwise: str) -> str:
    sys.stderr.write(f"{question} [{otherwise}] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() or otherwise


def _yes(answer: str) -> bool:
    return answer.lower() in {"y", "yes"}


def file_text(arguments: argparse.Namespace, proposals: Sequence[Proposal]) -> str:
    """Returns the file."""
    source = f"${{{_SOURCE_VARIABLE}}}" if _has_password(arguments.source) else arguments.source
    sign_in = {key: getattr(arguments, key) for key in ("profile", "config") if getattr(arguments, key)}
    content = {**sign_in, "source": source, "audiences": {each.name: each.entry() for each in proposals}}
    written = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
    return (
        f"# yaml-language-server: $schema={STATE_FOLDER}/{_SCHEMA_FILE}\n"
        "# The audiences that `pinterest-audiences run` keeps. `plan` says what it would do, and changes nothing.\n"
        "# mode: replace makes an audience equal to the table; add never removes anybody for being absent.\n"
        f"{written}"
    )


def _has_password(address: str) -> bool:
    return not has_placeholder(address) and _PASSWORD.search(expanded_address(address, os.environ)) is not None


def _kind(identity: IdentityColumn) -> str:
    kind = identity.identifier.value
    return kind if identity.format.value == "auto" else f"{kind}:{identity.format.value}"


def _impossible(sentence: str) -> UsageError:
    return UsageError(Code.INIT_IMPOSSIBLE, sentence)
