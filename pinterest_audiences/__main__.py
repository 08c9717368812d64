"""The console script `pinterest-audiences`: each subcommand is a module that registers itself."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import NoReturn

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError
from destination_pinterest.foreign_text import shown_json
from destination_pinterest.program_version import program_version
from pinterest_audiences import audiences, command_groups, create, forget, lists, observe, probe, store, sync
from pinterest_audiences.alerts import command as alerts
from pinterest_audiences.doctor import command as doctor
from pinterest_audiences.failure_view import PROGRAM, write_failure
from pinterest_audiences.failures import EXIT_FAILED, EXIT_USAGE, Failure, exit_code_of, missing_extra, place_of
from pinterest_audiences.history import command as history
from pinterest_audiences.moving import compare, migrate
from pinterest_audiences.page import command as page
from pinterest_audiences.project import commands as project
from pinterest_audiences.sign_in import accounts, check, login, profiles_command

COMMANDS = {
    "Sign in": (login, accounts, check, profiles_command),
    "Keep one audience": (sync,),
    "Keep many, from a project file": (project,),
    "See what is there": (audiences, lists, observe, history, page, alerts, doctor),
    "Look after people and lists": (create, forget, store, probe),
    "Move over from another tool": (migrate, compare),
}
EXIT_CTRL_C = 130


def main(argv: list[str] | None = None) -> int:
    """Runs the command that the arguments name.

    Returns:
        The exit code: 0 done, 1 failed, 2 not possible as written, 130 and 143 stopped by a signal.
    """
    whole = parser()
    _complete(whole)
    arguments = whole.parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConnectorError as error:
        _tell(Failure.of(error), as_json=arguments.json)
        return exit_code_of(error)
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        _tell(Failure.of(missing), as_json=arguments.json)
        return exit_code_of(missing)
    except KeyboardInterrupt:
        _tell(Failure.because(Code.STOPPED_BY_USER, "Stopped before anything was sent."), as_json=arguments.json)
        return EXIT_CTRL_C
    except Exception as error:  # noqa: BLE001 - the program's edge; the message of an unknown error may quote people's data
        sentence = f"A fault of this program ({type(error).__name__} in {place_of(error)}). Please report it."
        _tell(Failure.because(Code.CLI_CRASHED, sentence), as_json=arguments.json)
        return EXIT_FAILED


def parser() -> argparse.ArgumentParser:
    """The parser with all commands."""
    whole = _Parser(prog=PROGRAM, description="Pinterest customer-list audiences from a warehouse, without Airbyte.")
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    command_groups.register(whole, COMMANDS)
    return whole


def _complete(whole: argparse.ArgumentParser) -> None:
    """Answers a shell that wants to complete what is typed, and ends then. Nothing is loaded for it otherwise."""
    if "_ARGCOMPLETE" not in os.environ:
        return
    try:
        import argcomplete  # noqa: PLC0415 - only for shells
    except ModuleNotFoundError:
        return
    argcomplete.autocomplete(whole)


class _Version(argparse.Action):
    """Looks up the version only if somebody wants it."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Exits with 0."""
        sys.stdout.write(f"{PROGRAM} {program_version()}\n")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a code in front, as all errors are said."""

    def error(self, message: str) -> NoReturn:
        """Exits with 2."""
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{PROGRAM}: {Failure.because(Code.USAGE_WRONG, message).text}\n")


def _tell(failure: Failure, *, as_json: bool) -> None:
    """What ends a command before it has a result of its own to print."""
    if as_json:
        content = json.dumps({"schema_version": 1, **failure.as_json()}, ensure_ascii=False)
        sys.stdout.write(shown_json(content) + "\n")
    write_failure(failure.text)


if __name__ == "__main__":
    sys.exit(main())
