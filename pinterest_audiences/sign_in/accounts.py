"""`pinterest-audiences accounts`: shows the ad accounts that a sign-in reaches; makes one that of a profile."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.environment import AD_ACCOUNT
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, UsageError
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.sign_in.account_choice import NOT_ALLOWED, account_lines, account_text, named_account
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.sign_in.asking import Asking
from pinterest_audiences.sign_in.expiry import expiry_json
from pinterest_audiences.sign_in.profile_file import write_account


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "accounts",
        help="show the ad accounts that the sign-in reaches",
        description="Show the ad accounts that the sign-in reaches, and in which roles. With --use, make one of them "
        "that of the profile.",
    )
    add_sign_in_arguments(parser)
    parser.add_argument("--use", metavar="ID|NAME", help="make this one the profile's ad account")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    # Who has chosen none yet wants to see them.
    environment = {AD_ACCOUNT: "0", **os.environ} if arguments.config is None else dict(os.environ)
    config = opened_config(arguments.config, arguments.profile, environment)
    if arguments.use is not None and (config.profile is None or config.path != config.sign_in_path):
        raise UsageError(
            Code.USAGE_WRONG, "--use changes a profile, and none is used here. Put ad_account_id into the config."
        )
    printer = Printer(sys.stdout, as_json=arguments.json)
    interruption = Interruption()
    with interruption.listening():
        asking = Asking.with_config(interruption, config)
        failure = asking.run("accounts", {"config": config.content}, config.variables)
    if failure is not None:
        printer.failure(failure)
        return interruption.exit_code if interruption.is_requested else EXIT_FAILED
    found = asking.answers.accounts or {"ad_accounts": []}
    return _show(arguments, config, found, printer)


def _show(arguments: argparse.Namespace, config: ConfigFile, found: dict[str, Any], printer: Printer) -> int:
    accounts, chosen = found["ad_accounts"], str(config.content.get("ad_account_id") or "")
    if arguments.use is not None and config.path is not None:
        account = named_account(accounts, arguments.use)
        write_account(config.path, account, accounts)
        if not account["may_change_audiences"]:
            sys.stderr.write(f"{NOT_ALLOWED}\n")
        chosen = account["ad_account_id"]
        if not arguments.json:
            printer.sentence(f"The profile {config.profile} is for the ad account {account_text(account)} now.", {})
            return EXIT_DONE
    content = {
        "schema_version": 1,
        "status": "succeeded",
        "ad_account_id": chosen if chosen.strip("0") else None,
        "signed_in_as": found.get("signed_in_as"),
        "ad_accounts": accounts,
        "sign_in": expiry_json(config.profile, config.expires_at, datetime.now(UTC)),
    }
    who = f" of {found['signed_in_as']}" if found.get("signed_in_as") else ""
    printer.counts(f"Ad accounts that the sign-in{who} reaches", account_lines(accounts, chosen), content)
    printer.sign_in(config.expires_at)
    return EXIT_DONE
