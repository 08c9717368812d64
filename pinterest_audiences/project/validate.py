"""`pinterest-audiences validate`: checks a project file, without a sign-in, a source or Pinterest."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pinterest_audiences.failures import EXIT_DONE
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.project import Audience, Project

HEADINGS: Final = ("Name", "Audience", "Rows", "Mode", "Every", "Tags", "Sign-in", "")
# Up to the last @: a password may have one in it.
_PASSWORD: Final = re.compile(r"^([a-zA-Z0-9+.-]+://[^:/?#@]*):.*@")


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: UsageError."""
    with opened_project(arguments) as project:
        printer = Printer(sys.stdout, as_json=arguments.json)
        if arguments.json:
            printer.result(_result(project))
            return EXIT_DONE
        printer.rows(HEADINGS, list(_rows(project)))
        for line in _relations(project.audiences):
            printer.line(line)
        count = len(project.audiences)
        printer.line(f"{project.path} can be used; it has {count:,} audience{'s' * (count != 1)}.")
        return EXIT_DONE


def _result(project: Project) -> dict[str, Any]:
    return {"schema_version": 1, "status": "valid", "project": str(project.path), "audiences": _told(project)}


def _told(project: Project) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "audience": each.audience,
            "source": _shown(each.source),
            "rows": _rows_of(each),
            "mode": each.entry.mode or "add",
            "profile": each.profile,
            "config": each.config,
            "ad_account_id": each.settings.get("ad_account_id"),
            "schedule": each.entry.schedule,
            "tags": list(each.entry.tags),
            "enabled": each.entry.enabled,
        }
        for each in project.audiences
    ]


def _rows(project: Project) -> Iterator[Sequence[str]]:
    for each in project.audiences:
        entry = each.entry
        mode, every, tags = entry.mode or "add", entry.schedule or "", ", ".join(entry.tags)
        off = "" if entry.enabled else "switched off"
        yield (each.name, each.audience, _rows_of(each), mode, every, tags, each.config or each.profile or "", off)


def _rows_of(audience: Audience) -> str:
    if audience.relation is not None:
        return f"model {audience.entry.model}"
    return audience.entry.table or ("a query" if audience.entry.query else "the source's only table")


def _relations(audiences: Sequence[Audience]) -> Iterator[str]:
    """A manifest names the relation, but not the connection that leads to it."""
    for each in audiences:
        if each.relation is not None:
            yield (
                f"{each.name}: dbt builds {each.relation.name}; it is read as the table {each.relation.table} of "
                f"{_shown(each.source)}."
            )


def _shown(source: str) -> str:
    """A source without a password that is written in its address."""
    return _PASSWORD.sub(r"\1:***@", source)
