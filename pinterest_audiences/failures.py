"""The command line's own failures, and its exit codes.

Exit codes: 0 done, 1 the sync failed, 2 the command is not possible as written, 130 and 143 stopped by a signal. The
commands of a project also tell whether waiting helps: 75.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import Final, Self

from destination_pinterest.error_codes import LEADING_CODE, Code
from destination_pinterest.errors import ConfigurationError, ConnectorError, InternalError, TransientError
from destination_pinterest.foreign_text import shown

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
# sysexits.h, EX_TEMPFAIL: the same command may succeed later though nobody changes anything.
EXIT_WAIT = 75

# A sentence ends before one that begins with a capital letter, an option or Pinterest's answer; not within a name.
_FIRST_SENTENCE: Final = re.compile(r'(?:"[^"]*"|[^"])*?[.?!](?= [A-Z\[-]|$)')
# As ConnectorError puts it at the end of its text.
_ANSWER: Final = re.compile(r" \[Pinterest answered HTTP .*\]$")
_LONG_ANSWER: Final = 100
# The packages that another extra than `cli` brings.
_EXTRAS: Final = {
    "opentelemetry.sdk": "telemetry",
    "opentelemetry.exporter": "telemetry",
    "keyring": "keyring",
    "pinterest_sandbox": "sandbox",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command failed: `text` for people, with the code in front; `code` and `kind` for programs."""

    text: str
    code: str
    kind: str

    @classmethod
    def of(cls, error: ConnectorError) -> Self:
        """As an error says it."""
        return cls(shown(str(error)), error.code, error.failure_kind)

    @classmethod
    def because(cls, code: Code, sentence: str) -> Self:
        """What is found out without an error."""
        return cls(shown(f"{code}: {sentence}"), code, code.failure_kind)

    @classmethod
    def reported(cls, message: str | None, kind: str | None) -> Self:
        """As a connector said it. One that is not ours gives no code, and perhaps no message."""
        if not message:
            return cls.because(Code.CONNECTOR_SILENT, "The connector failed without a message. Run the command again.")
        text, code = shown(message), Code.CONNECTOR_GAVE_NO_CODE
        found = LEADING_CODE.match(text)
        if found is None:
            return cls(f"{code}: {text}", code, kind or "system_error")
        return cls(text, found[0], kind or "system_error")

    @property
    def one_line(self) -> str:
        """The text in one line: code, what happened, what to do. A long answer of Pinterest's is left out."""
        line = " ".join(self.text.split())
        answer = _ANSWER.search(line)
        return line[: answer.start()] if answer and len(answer[0]) > _LONG_ANSWER else line

    def followed_by(self, sentence: str) -> Self:
        """Returns the same with a further sentence behind its text."""
        return type(self)(f"{self.text} {sentence}", self.code, self.kind)

    def as_json(self) -> dict[str, str]:
        """Its part of a command's JSON."""
        return {"status": "failed", "error": self.text, "error_code": self.code, "failure_kind": self.kind}


class UsageError(ConfigurationError):
    """The command is not possible as written. Nothing was sent."""


class SourceError(TransientError):
    """The source stopped in the middle. What was sent stays sent; the rest was not read."""


class ProjectBusyError(TransientError):
    """Another command runs audiences of the same project."""


class SentBusyError(TransientError):
    """Another driver of Spark mirrors by the same table of what was last sent."""


class WarehouseBusyError(TransientError):
    """Another run sends the difference of the same audience."""


class FileContentError(ConfigurationError):
    """What a file holds can't be read as one table. It is found out in the middle: what was sent before stays sent."""


class HistoryError(ConfigurationError):
    """The history of runs can't be read or written, until somebody does something about its file."""


class HistoryBusyError(TransientError):
    """Other processes use the history of runs for too long."""


class ConnectorProcessError(InternalError):
    """The connector's process ended without a reason, or can't be started."""


def exit_code_of(error: ConnectorError) -> int:
    """The exit code of a command that an error ends before it has a result."""
    if isinstance(error, ProjectBusyError):
        return EXIT_WAIT
    return EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_FAILED


def first_sentence(text: str) -> str:
    """What happened, of a text that goes on with what to do; in one line."""
    line = " ".join(text.split())
    found = _FIRST_SENTENCE.match(line)
    return found[0] if found else line


def missing_extra(error: ModuleNotFoundError) -> UsageError:
    """Returns the error that says how to install the command line's packages."""
    extra = next((extra for package, extra in _EXTRAS.items() if f"{error.name}.".startswith(f"{package}.")), "cli")
    install = f'pip install "airbyte-destination-pinterest[{extra}]"'
    return UsageError(Code.PACKAGE_MISSING, f"The Python package {error.name!r} is not installed. Run: {install}")


def no_temporary_folder(error: OSError) -> UsageError:
    """Returns the error of a command that needs a temporary file and gets none."""
    return UsageError(
        Code.TEMPORARY_FOLDER_UNUSABLE,
        f"Nothing can be written into the temporary folder: {error.strerror}. Make room, or name another by TMPDIR.",
    )


def place_of(error: BaseException) -> str:
    """Where an error was raised, for a report: its own text may quote people's data."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "an unknown place"


def ended_silently(exit_code: int) -> Failure:
    """The connector's process ended badly, and no message of it says why."""
    sentence = f"The connector ended with exit code {exit_code} without saying why. Run the command again."
    return Failure.because(Code.CONNECTOR_SILENT, sentence)
