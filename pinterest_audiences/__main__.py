"""The console script `pinterest-audiences`: each subcommand is a module that registers itself."""

from __future__ import annotations

import argparse
import sys
import traceback
from types import TracebackType

from destination_pinterest.errors import ConfigurationError, ConnectorError
from pinterest_audiences import audiences, sync
from pinterest_audiences.failures import EXIT_FAILED, EXIT_USAGE

PROGRAM = "pinterest-audiences"
COMMANDS = (sync, audiences)
EXIT_CTRL_C = 130


def main(argv: list[str] | None = None) -> int:
    """Runs the command that the arguments name.

    Returns:
        The exit code: 0 done, 1 failed, 2 not possible as written, 130 and 143 stopped by a signal.
    """
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConnectorError as error:
        _print_error(str(error))
        return EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_FAILED
    except KeyboardInterrupt:
        _print_error("Stopped before anything was sent.")
        return EXIT_CTRL_C
    except Exception as error:  # noqa: BLE001 - the program's edge; the message of an unknown error may quote people's data
        _print_error(
            f"A fault of this program ({type(error).__name__} in {_place(error.__traceback__)}); please report it."
        )
        return EXIT_FAILED


def parser() -> argparse.ArgumentParser:
    """Returns the parser with all commands."""
    whole = argparse.ArgumentParser(
        prog=PROGRAM, description="Pinterest customer-list audiences from a warehouse, without Airbyte."
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(commands)
    return whole


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "an unknown place"


def _print_error(text: str) -> None:
    sys.stderr.write(f"{PROGRAM}: {text}\n")


if __name__ == "__main__":
    sys.exit(main())
