"""`pinterest-audiences doctor`: what a bug report needs, without secrets and people."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from destination_pinterest.config.api_address import PINTEREST_API
from destination_pinterest.errors import ConnectorError
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.doctor.finding import Finding
from pinterest_audiences.doctor.machine import machine_findings
from pinterest_audiences.environment import API_BASE_URL
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.file_name import FILE_NAME, path_of
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.sign_in.asking import Asking
from pinterest_audiences.sign_in.expiry import expiry_sentence

_SOON_DAYS: Final = 14
_MARKS: Final = {"ok": "", "warning": "WARNING: ", "failed": "FAILED: ", "unknown": "unknown: "}


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "doctor",
        help="look at this machine, the way to Pinterest and the sign-in",
        description="Look at Python, disks, clock, proxy, DNS, TLS, profile, sign-in and quota. What is printed holds "
        "no secret and names no person, so it can go into a bug report. Without --config and --profile, it looks at "
        f"what the project file names ({FILE_NAME} in this folder), if there is one.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--file", metavar="FILE", help=f"the project file (default: {FILE_NAME} in this folder)")
    parser.add_argument("--offline", action="store_true", help="don't go to the network")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code: 1 if something that was found has failed."""
    interruption = Interruption()
    with interruption.listening():
        findings = [_at_home(one) for one in _findings(arguments, interruption)]
    failed = [one for one in findings if one.state == "failed"]
    content = {
        "schema_version": 1,
        "status": "failed" if failed else "succeeded",
        "findings": [asdict(one) for one in findings],
    }
    lines = [(one.name, _MARKS[one.state] + one.text) for one in findings]
    Printer(sys.stdout, as_json=arguments.json).counts("What was found", lines, content)
    if interruption.is_requested:
        return interruption.exit_code
    return EXIT_FAILED if failed else EXIT_DONE


def _findings(arguments: argparse.Namespace, interruption: Interruption) -> Iterator[Finding]:
    yield from machine_findings(os.environ)
    configs: list[ConfigFile] = []
    for found in _configs(arguments):
        if isinstance(found, Finding):
            yield found
        else:
            configs.append(found)
            yield from _settings(found)
    if arguments.offline:
        return
    from pinterest_audiences.doctor.way import way_findings  # noqa: PLC0415 - loads requests, which others don't need

    written = [config.content.get("api_base_url") for config in configs] or [None]
    for server in dict.fromkeys(each or os.environ.get(API_BASE_URL) or PINTEREST_API for each in written):
        yield from way_findings(str(server), os.environ, time.time)
    for config in configs:
        yield from _sign_in(config, interruption, others=len(configs) > 1)


def _configs(arguments: argparse.Namespace) -> Iterator[ConfigFile | Finding]:
    """Yields the settings that are meant: those that are named, those of the project file, or the default ones."""
    try:
        file = _project_file(arguments)
        if file is None:
            yield opened_config(arguments.config, arguments.profile, os.environ)
            return
    except ConnectorError as error:
        yield Finding("Settings", "failed", str(error))
        return
    from pinterest_audiences.project.sign_ins import configs_of_file  # noqa: PLC0415 - loads what others don't need

    yield Finding("Project", "ok", str(file))
    for found in configs_of_file(file, os.environ):
        yield Finding("Settings", "failed", found.text) if isinstance(found, Failure) else found


def _project_file(arguments: argparse.Namespace) -> Path | None:
    if arguments.config is not None or arguments.profile is not None:
        return None
    file = path_of(arguments.file or FILE_NAME)
    return file if arguments.file is not None or file.is_file() else None


def _settings(config: ConfigFile) -> Iterator[Finding]:
    where = f"{config.path}" if config.path is not None else "the environment"
    profile = "" if config.profile is None else f", with the profile {config.profile}"
    yield Finding("Settings", "ok", f"from {where}{profile}; ad account {config.content.get('ad_account_id')}")
    for warning in config.warnings:
        yield Finding("Settings", "warning", warning)


def _sign_in(config: ConfigFile, interruption: Interruption, *, others: bool) -> Iterator[Finding]:
    name = f"Sign-in ({config.sign_in_path.stem})" if others and config.sign_in_path is not None else "Sign-in"
    asking = Asking(interruption, config.keep_credentials)
    failure = asking.run("accounts", {"config": config.content}, config.variables)
    if failure is not None:
        yield Finding(name, "failed", failure.text)
        return
    found, now = asking.answers.accounts or {}, datetime.now(UTC)
    is_soon = config.expires_at is not None and (config.expires_at - now).days < _SOON_DAYS
    reached = len(found.get("ad_accounts") or ())
    said = f"reaches {reached:,} ad account{'' if reached == 1 else 's'}. {expiry_sentence(config.expires_at, now)}"
    yield Finding(name, "warning" if is_soon else "ok", said)
    yield _quota(found)


def _quota(found: dict[str, Any]) -> Finding:
    tier, left = found.get("access_tier"), found.get("quota_left") or {}
    if tier is None and not left:
        return Finding("Quota", "unknown", "Pinterest's answers do not show it")
    parts = [f"access tier {tier}"] if tier else []
    parts += [f"{count:,} requests of the kind {kind} left for now" for kind, count in left.items()]
    return Finding("Quota", "ok", "; ".join(parts))


def _at_home(finding: Finding) -> Finding:
    """Leaves out the name of the person whose folder it is."""
    return Finding(finding.name, finding.state, finding.text.replace(str(Path.home()), "~"))
