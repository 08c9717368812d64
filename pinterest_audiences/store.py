"""`pinterest-audiences store`: looks after the membership store of a config: verify, rekey, copy, drop.

It runs the connector, which alone opens stores. Keys reach it in a file without a name, never as an argument.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.connector_answers import ConnectorAnswers
from pinterest_audiences.connector_process import OWN_CONNECTOR, ConnectorProcess
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, Failure, UsageError, ended_silently
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.printing import Printer
from pinterest_audiences.progress import QuietDisplay
from pinterest_audiences.sign_in.arguments import add_sign_in_arguments, opened_config
from pinterest_audiences.store_keys import NEW_KEY, OLD_KEY, keys_of
from pinterest_audiences.store_target import target_of
from pinterest_audiences.store_view import closing_sentence, count_of, dropped_sentence, stored_lines, stored_title

# What the connector gets in place of the sign-in, which a store does not need.
_NO_SIGN_IN: Final = {"auth_method": "access_token", "access_token": "not needed"}


def register(commands: Any) -> None:
    """Adds the command to the parser's commands."""
    parser = commands.add_parser(
        "store",
        help="verify, rekey, copy or drop the membership store",
        description="Look after the membership store that a config names. Pinterest is not asked.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser(
        "verify",
        help="read every file, and say which audiences are whole",
        description="Read every file of the store, and say of each audience whether it is whole. Nothing is changed, "
        "and no sync is kept waiting.",
    )
    rekey = actions.add_parser(
        "rekey",
        help="change the store key",
        description=f"Change the store key without starting anew. The new key is taken from {NEW_KEY}, from "
        "--new-key-file, or asked for. If it is interrupted, run it again.",
    )
    rekey.add_argument("--new-key-file", metavar="FILE", help="a file with the new store key")
    rekey.add_argument(
        "--old-key-file",
        metavar="FILE",
        help=f"a file with the present store key, if it is not the one of the config; also taken from {OLD_KEY}",
    )
    copy = actions.add_parser(
        "copy",
        help="copy the store to another folder or bucket",
        description="Copy the store as it is at one moment, even while syncs run. Run again, it brings the copy up to "
        "date.",
    )
    copy.add_argument(
        "--to",
        metavar="FOLDER|FILE",
        required=True,
        help="a folder that exists, or a config file whose membership_store is where to copy to, under the same key",
    )
    drop = actions.add_parser(
        "drop",
        help="forget an audience, so that its next sync starts anew",
        description="Drop what the store knows of an audience. Nobody is added or removed; the next sync starts anew.",
    )
    which = drop.add_mutually_exclusive_group(required=True)
    which.add_argument("--audience", metavar="NAME", action="append", help="the audience, as `verify` names it")
    which.add_argument("--all", action="store_true", help="everything in the store")
    drop.add_argument("--yes", action="store_true", help="don't ask")
    for action in (verify, rekey, copy, drop):
        add_sign_in_arguments(
            action, config_help="the connector's settings as JSON, with membership_store and ad_account_id"
        )
        action.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command. Returns the exit code. Raises: ConnectorError."""
    command = _StoreCommand(arguments, opened_config(arguments.config, arguments.profile, os.environ))
    match arguments.action:
        case "verify":
            return command.verify()
        case "rekey":
            return command.rekey()
        case "copy":
            return command.copy()
        case _:
            return command.drop()


class _StoreCommand:
    def __init__(self, arguments: argparse.Namespace, config: ConfigFile) -> None:
        self._arguments = arguments
        self._config = config
        self._printer = Printer(sys.stdout, as_json=arguments.json)
        self._interruption = Interruption()

    def verify(self) -> int:
        found = self._ask({"action": "verify"})
        if isinstance(found, Failure):
            return self._failed(found)
        wrong = [each for each in found["audiences"] if each["state"] != "whole"]
        if not wrong:
            return self._done(found)
        are, its_folder, it = ("is", "its folder", "it") if len(wrong) == 1 else ("are", "their folders", "them")
        what, remedy = "not whole", f"Restore {its_folder} from a backup, or drop {it} to start anew."
        if any(each["state"] != "damaged" for each in wrong):
            what, remedy = "not whole or can't be read", "Do for each what its error says."
        sentence = (
            f"{len(wrong)} of {count_of(found['audiences'])} in the membership store at {found['store']} {are} {what}. "
            f"{remedy}"
        )
        failure = Failure.because(Code.STORE_NOT_WHOLE, sentence)
        self._done({**found, **failure.as_json()})
        sys.stderr.write(f"pinterest-audiences: {failure.text}\n")
        return EXIT_FAILED

    def rekey(self) -> int:
        old, new = keys_of(
            self._store.get("store_key"), self._arguments.old_key_file, self._arguments.new_key_file, os.environ
        )
        return self._ended(self._ask({"action": "rekey", "old_key": old, "new_key": new}))

    def copy(self) -> int:
        target = target_of(self._arguments.to, self._store, os.environ)
        return self._ended(self._ask({"action": "copy", "target": target}))

    def drop(self) -> int:
        which = {"audiences": self._arguments.audience or [], "everything": self._arguments.all}
        if not self._arguments.yes:
            found = self._ask({"action": "list", **which})
            if isinstance(found, Failure):
                return self._failed(found)
            _confirm(found)
        return self._ended(self._ask({"action": "drop", **which}))

    @property
    def _store(self) -> Mapping[str, Any]:
        """The store's settings, if they have the form of settings; the connector says what is wrong with others."""
        store = self._config.content.get("membership_store")
        return store if isinstance(store, dict) else {}

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any] | Failure:
        display = QuietDisplay(sys.stderr)
        answers = ConnectorAnswers(display, lambda _: None, lambda _: None)
        with (
            self._interruption.listening(),
            ConnectorProcess.running(
                OWN_CONNECTOR,
                "store",
                files={"config": self._config.overlaid(credentials=_NO_SIGN_IN), "request": request},
                answers=answers,
                watcher=display,
                interruption=self._interruption,
            ) as connector,
        ):
            connector.pipe.close()
            exit_code = connector.wait()
        if answers.store is not None:
            return answers.store
        if self._interruption.is_requested:
            sentence = "Stopped before everything was done. Run the command again: it goes on where it ended."
            return Failure.because(Code.STOPPED_BY_USER, sentence)
        return answers.failure or ended_silently(exit_code)

    def _ended(self, found: dict[str, Any] | Failure) -> int:
        return self._failed(found) if isinstance(found, Failure) else self._done(found)

    def _done(self, report: Mapping[str, Any]) -> int:
        if self._arguments.json:
            self._printer.counts("", [], report)
        else:
            for audience in report["audiences"]:
                self._printer.table(stored_title(audience), list(stored_lines(audience)))
            sys.stdout.write(f"{closing_sentence(report)}\n")
        return EXIT_DONE

    def _failed(self, failure: Failure) -> int:
        self._printer.failure(failure)
        if self._interruption.is_requested:
            return self._interruption.exit_code
        return EXIT_USAGE if failure.kind == "config_error" else EXIT_FAILED


def _confirm(found: Mapping[str, Any]) -> None:
    """Asks whether to drop. Raises: UsageError unless the answer is yes."""
    if not found["audiences"]:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            Code.DROP_NOT_CONFIRMED, "Nobody can be asked whether to drop, so nothing was dropped. Add --yes."
        )
    sys.stderr.write(f"{dropped_sentence(found)} Type yes to drop: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() != "yes":
        raise UsageError(Code.DROP_NOT_CONFIRMED, "The answer was not yes, so nothing was dropped. Run it again.")
