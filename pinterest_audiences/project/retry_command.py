"""`pinterest-audiences retry`: reads the rows again that were rejected, and sends those that can be used now."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from destination_pinterest.error_codes import Code
from destination_pinterest.markers import AGAIN_VARIABLE
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.failures import UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.preparation import Preparation, prepared
from pinterest_audiences.printing import Printer
from pinterest_audiences.project.audience_run import Part
from pinterest_audiences.project.opening import opened_project
from pinterest_audiences.project.project import Audience
from pinterest_audiences.project.rejected_rows import OnlyKeys, read_keys
from pinterest_audiences.project.run_command import quota_file, run_once, say
from pinterest_audiences.project.run_printing import print_run
from pinterest_audiences.project.selection import selected
from pinterest_audiences.project.state_folder import held
from pinterest_audiences.sync_request import SyncRequest


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    with opened_project(arguments) as project:
        audiences = selected(project, arguments.select)
        if not arguments.select:
            audiences = tuple(each for each in audiences if _has_rejected(each))
        if not audiences:
            raise UsageError(
                Code.RETRY_IMPOSSIBLE,
                "No audience has rejected rows that are written down: its last run used all rows, or it was not run "
                "with `rejected: true` and a `primary_key`.",
            )
        interruption = Interruption()
        with held(project.state_folder), interruption.listening(), quota_file() as variables:
            outcome = run_once(
                arguments,
                project,
                audiences,
                interruption,
                variables=variables,
                part=Part(_prepared, follows_cursor=False),
            )
        print_run(outcome, Printer(sys.stdout, as_json=arguments.json))
        return outcome.exit_code


def _has_rejected(audience: Audience) -> bool:
    path = audience.rejected_path
    return bool(audience.entry.primary_key) and path is not None and path.exists() and path.stat().st_size > 0


@contextmanager
def _prepared(request: SyncRequest, config: ConfigFile, audience: Audience) -> Iterator[Preparation]:
    """Prepares a sync of the rows that were rejected. Nobody leaves by being in none of them."""
    path = audience.rejected_path
    if request.difference_schema is not None:
        raise UsageError(
            Code.RETRY_IMPOSSIBLE,
            f"The audience {audience.name} has `difference: warehouse`, so each run judges all of its rows anew. Use "
            "`run`.",
        )
    if not request.primary_key or path is None:
        raise UsageError(
            Code.RETRY_IMPOSSIBLE,
            f"The audience {audience.name} has no `primary_key`, or no `rejected`: its rows can't be found again. Add "
            "both, and run it once.",
        )
    keys = read_keys(path, request.primary_key)
    again = replace(
        request,
        cursor=None,
        state=None,
        lookback=None,
        replace=False,
        is_part=True,
        # That rows which were rejected are rejected again is no finding.
        settings={**request.settings, "max_rejected_percent": 100},
        variables={**request.variables, AGAIN_VARIABLE: "1"},
    )
    with prepared(again, config) as ready:
        source = OnlyKeys(ready.source, request.primary_key, keys)
        yield replace(ready, source=source)
        gone = len(keys) - len(source.found)
        if gone:
            say("WARN", f"{audience.name}: {gone:,} of {len(keys):,} rejected rows are no longer in the source.")
