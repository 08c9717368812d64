"""`pinterest-audiences migrate v4`: writes a config and a project file from an exported dataflow."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import EXIT_DONE, UsageError
from pinterest_audiences.moving.adobe_export import read_export
from pinterest_audiences.moving.documents import json_document, unreadable
from pinterest_audiences.moving.export import LeftOut, OldAudience
from pinterest_audiences.moving.listing import is_listing, listed_audiences
from pinterest_audiences.moving.project_text import (
    DEFAULT_SOURCE,
    Migration,
    config_text,
    migrated,
    project_text,
    with_ids,
)
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.file_name import FILE_NAME
from pinterest_audiences.project.project import read_project
from pinterest_audiences.report_view import Line
from pinterest_audiences.whole_files import OWNER_ONLY, write_whole

CONFIG_NAME: Final = "config.json"
_FOR_ALL: Final = 0o644
_SIGN_IN: Final = LeftOut("sign-in", 1, "Sign in anew by `pinterest-audiences login`; the old one stays with its app.")
_TOLD_NAMES: Final = 20


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "migrate",
        help="write a config and a project file from what another tool exported",
        description="Write a config and a project file from what another tool exported.",
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="WHAT")
    v4 = kinds.add_parser(
        "v4",
        help="a dataflow of Adobe's Pinterest destination",
        description="Read exported dataflows of Adobe's Pinterest destination, and write config.json and audiences.yml "
        "for the same audiences. What can't be carried over is counted and said. Nothing at Pinterest is changed.",
    )
    add = v4.add_argument
    add(
        "--from",
        dest="sources",
        action="append",
        required=True,
        metavar="FILE",
        help="the export as JSON; may be repeated where dataflow, target connection and mappings are separate files",
    )
    add("--out", default=".", metavar="FOLDER", help="where to write (default: this folder)")
    add("--ad-account", metavar="ID", help="the ad account of dataflows in which no advertiser ID is found")
    add(
        "--audiences",
        metavar="FILE",
        help="what `pinterest-audiences audiences --json` has printed: audiences whose ids are not in the export get "
        "them from there, by name",
    )
    add(
        "--source",
        default=DEFAULT_SOURCE,
        metavar="URL|FILE",
        help="where the rows will be, as `sync --from` takes it (default: the variable WAREHOUSE_URL)",
    )
    add("--profile", metavar="NAME", help="the profile to sign in with, as `login` has written it")
    add("--force", action="store_true", help="overwrite files that are there")
    add("--json", action="store_true", help="print one JSON object on standard output")
    v4.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: UsageError."""
    account = _ad_account(arguments.ad_account)
    export = read_export([json_document(name) for name in arguments.sources], account)
    named = " and ".join(arguments.sources)
    if not export.audiences:
        more = f" {export.left_out[0].reason}" if export.left_out else ""
        raise unreadable(f"{named} holds no dataflow with audiences.{more or ' Export the dataflow itself.'}")
    audiences = _with_listed_ids(export.audiences, arguments.audiences)
    accounts = [each.ad_account_id for each in audiences if each.ad_account_id is not None]
    if len(accounts) < len(audiences):
        raise UsageError(
            Code.MOVE_WITHOUT_ACCOUNT,
            f"{named} does not say to which ad account it leads. Name it by --ad-account, or add the target connection "
            "by another --from.",
        )
    migration = migrated(audiences, accounts)
    left_out = [*export.left_out, *migration.left_out, _SIGN_IN]
    if not migration.entries:
        raise unreadable(f"No audience of {named} can be carried over. {left_out[0].reason}")
    folder = Path(arguments.out).expanduser()
    written = _write(folder, migration, arguments, sum(each.count for each in left_out))
    _print(arguments, migration, written, left_out)
    return EXIT_DONE


def _ad_account(given: str | None) -> str | None:
    if given is not None and not re.fullmatch(r"[0-9]{1,18}", given):
        raise UsageError(Code.USAGE_WRONG, "--ad-account is the account's ID, up to 18 digits.")
    return given


def _with_listed_ids(audiences: Sequence[OldAudience], listing: str | None) -> list[OldAudience]:
    if listing is None:
        return list(audiences)
    document = json_document(listing)
    if not isinstance(document, dict) or not is_listing(document):
        raise unreadable(f"{listing} is not what `audiences --json` prints. Run that command and name its output.")
    ids: dict[tuple[str, str], list[str]] = {}
    for each in listed_audiences(document, listing):
        ids.setdefault((each.ad_account_id or "", each.name or ""), []).append(each.audience_id or "")
    return with_ids(audiences, ids)


def _write(folder: Path, migration: Migration, arguments: argparse.Namespace, left_out: int) -> list[Path]:
    """Writes both files, once the project file is known to be one that `plan` and `run` take."""
    project, config = folder / FILE_NAME, folder / CONFIG_NAME
    if not arguments.force and (there := [each for each in (project, config) if each.exists()]):
        raise UsageError(
            Code.MOVE_WOULD_OVERWRITE, f"{there[0]} is there already. Name another folder by --out, or add --force."
        )
    text = project_text(migration.entries, CONFIG_NAME, arguments.source, arguments.profile, left_out)
    with tempfile.TemporaryDirectory() as scratch:
        tried = Path(scratch) / FILE_NAME
        tried.write_text(text + "\n", encoding="utf-8")
        read_project(tried, os.environ)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(config, config_text(migration.entries).encode(), mode=OWNER_ONLY)
        write_whole(project, f"{text}\n".encode(), mode=_FOR_ALL)
    except OSError as error:
        raise UsageError(
            Code.MOVE_WOULD_OVERWRITE, f"{folder} can't be written to: {error.strerror}. Name another folder by --out."
        ) from None
    return [config, project]


def _print(
    arguments: argparse.Namespace, migration: Migration, written: Sequence[Path], left_out: Sequence[LeftOut]
) -> None:
    content = {
        "schema_version": 1,
        "status": "succeeded",
        "files": [str(path) for path in written],
        "audiences": [each.as_json() for each in migration.entries],
        "guessed": {
            "tables": len(migration.entries),
            "columns": sum(len(each.identities) for each in migration.entries),
        },
        "not_carried": [{"what": each.what, "count": each.count, "reason": each.reason} for each in left_out],
    }
    printer = Printer(sys.stdout, as_json=arguments.json)
    if arguments.json:
        printer.counts("", [], content)
        return
    printer.table("Carried over", _carried_lines(migration, written))
    printer.table("Not carried over", [(each.what, f"{each.count:,}: {each.reason}") for each in left_out])


def _carried_lines(migration: Migration, written: Sequence[Path]) -> list[Line]:
    by_id = [each for each in migration.entries if each.audience.audience_id is not None]
    by_name = [each for each in migration.entries if each.audience.audience_id is None]
    lines: list[Line] = [
        ("Written", ", ".join(map(str, written))),
        ("Audiences kept by id", f"{len(by_id):,}"),
        ("Audiences found by name", f"{len(by_name):,}"),
        ("Guessed", "every table and column; correct them in audiences.yml"),
        ("Next", "pinterest-audiences plan"),
    ]
    if by_name:
        names = ", ".join(each.name for each in by_name[:_TOLD_NAMES])
        more = f" and {len(by_name) - _TOLD_NAMES:,} more" if len(by_name) > _TOLD_NAMES else ""
        lines.insert(3, ("", f"{names}{more}; --audiences gives them their ids"))
    return lines
