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
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
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
        "no secret and names no person, so it can go into a bug report.",
    )
    add_sign_in_arguments(parser)
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
    config: ConfigFile | None = None
    try:
        config = opened_config(arguments.config, arguments.profile, os.environ)
        yield from _settings(config)
    except ConnectorError as error:
        yield Finding("Settings", "failed", str(error))
    if arguments.offline:
        return
    from pinterest_audiences.doctor.way import way_findings  # noqa: PLC0415 - loads requests, which others don't need

    content = {} if config is None else config.content
    server = content.get("api_base_url") or os.environ.get(API_BASE_URL) or PINTEREST_API
    yield from way_findings(str(server), os.environ, time.time)
    if config is not None:
        yield from _sign_in(config, interruption)


def _settings(config: ConfigFile) -> Iterator[Finding]:
    where = f"{config.path}" if config.path is not None else "the environment"
    profile = "" if config.profile is None else f", with the profile {config.profile}"
    yield Finding("Settings", "ok", f"from {where}{profile}; ad account {config.content.get('ad_account_id')}")
    for warning in config.warnings:
        yield Finding("Settings", "warning", warning)


def _sign_in(config: ConfigFile, interruption: Interruption) -> Iterator[Finding]:
    asking = Asking(interruption, config.keep_credentials)
    failure = asking.run("accounts", {"config": config.content}, config.variables)
    if failure is not None:
        yield Finding("Sign-in", "failed", failure.text)
        return
    found, now = asking.answers.accounts or {}, datetime.now(UTC)
    is_soon = config.expires_at is not None and (config.expires_at - now).days < _SOON_DAYS
    reached = len(found.get("ad_accounts") or ())
    said = f"reaches {reached:,} ad account{'' if reached == 1 else 's'}. {expiry_sentence(config.expires_at, now)}"
    yield Finding("Sign-in", "warning" if is_soon else "ok", said)
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
