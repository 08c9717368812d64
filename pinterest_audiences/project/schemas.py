"""`pinterest-audiences schema`: the JSON Schemas of the project file, and of what commands print by --json."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from inspect import cleandoc
from typing import Any, Final

import msgspec

from pinterest_audiences.failures import EXIT_DONE
from pinterest_audiences.project.file import file_schema
from pinterest_audiences.project.outcome import RunOutcome
from pinterest_audiences.project.plan_command import ProjectPlan
from pinterest_audiences.project.status_command import ProjectStatus

SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "file": file_schema,
    "run": lambda: _schema_of(RunOutcome),
    "plan": lambda: _schema_of(ProjectPlan),
    "status": lambda: _schema_of(ProjectStatus),
}


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code."""
    sys.stdout.write(schema_text(arguments.what))
    return EXIT_DONE


def schema_text(what: str) -> str:
    """Returns a schema as a file has it."""
    return json.dumps(SCHEMAS[what](), indent=2, ensure_ascii=False) + "\n"


def _schema_of(kind: type) -> dict[str, Any]:
    schema = _described(msgspec.json.schema(kind))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _described(schema: Any) -> Any:
    """Takes the indentation out of descriptions, which Python itself does from 3.13 on."""
    if isinstance(schema, list):
        return [_described(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: cleandoc(part) if name == "description" and isinstance(part, str) else _described(part)
        for name, part in schema.items()
    }
