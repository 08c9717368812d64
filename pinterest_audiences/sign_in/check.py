"""`pinterest-audiences check`: tests settings and sign-in as the connector's `check` does, and says when it ends."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import Any

from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.sign_in.asking import Asking
from pinterest_audiences.sign_in.expiry import expiry_json


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "check",
        help="test the settings and the sign-in",
        description="Test whether a sync with these settings would work: sign-in, scopes, role, ad account, stores.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    config = opened_config(arguments.config, arguments.profile, os.environ)
    printer = Printer(sys.stdout, as_json=arguments.json)
    interruption = Interruption()
    with interruption.listening():
        asking = Asking.with_config(interruption, config)
        failure = asking.run("check", {"config": config.content}, config.variables)
    if failure is not None:
        printer.failure(failure)
        if interruption.is_requested:
            return interruption.exit_code
        return EXIT_USAGE if failure.kind == "config_error" else EXIT_FAILED
    message = asking.answers.connection or ""
    content = {
        "schema_version": 1,
        "status": "succeeded",
        "message": message,
        "ad_account_id": config.content.get("ad_account_id"),
        "sign_in": expiry_json(config.profile, config.expires_at, datetime.now(UTC)),
    }
    printer.sentence(message, content)
    return EXIT_DONE
