"""Reads a project file, and says on which line something is wrong, without what stands there: it may be a secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from destination_pinterest.error_codes import Code
from destination_pinterest.json_document import SMALL_BYTES, UnreadableDocumentError, read_bytes
from pinterest_audiences.environment import expanded
from pinterest_audiences.failures import UsageError, missing_extra
from pinterest_audiences.project.file import IN_WORDS, ProjectFile
from pinterest_audiences.project.file_name import FILE_NAME

# Where pydantic speaks of Python's types, or says too little.
_WORDS: Final = {
    "extra_forbidden": "is not known; correct its spelling",
    "missing": "is missing",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "tuple_type": "must be a list",
    "dict_type": "must have names and values under it",
    "model_type": "must have names and values under it",
    "string_too_short": "must not be empty",
    "too_short": "must have at least one entry",
}
# Addresses are kept as they are written, so that no message quotes what a variable holds.
_ADDRESSES: Final = frozenset({"source", "sources"})


def read_project_file(
    path: Path, environment: Mapping[str, str]
) -> tuple[ProjectFile, Mapping[tuple[str | int, ...], int]]:
    """Returns what a file says, and the lines on which it does. Raises: UsageError."""
    text = _text_of(path)
    try:
        from pinterest_audiences.project.document import DocumentError, read_document  # noqa: PLC0415 - needs a package
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    try:
        document = read_document(text)
    except DocumentError as error:
        raise invalid(f"{path} {error}. Correct it.") from None
    if not isinstance(document.content, dict):
        raise invalid(f"{path} names no audiences. Write them under `audiences`, or start with `init`.")
    content = _expanded(document.content, environment, str(path))
    try:
        return ProjectFile.model_validate(content), document.lines
    except ValidationError as error:
        (fault, *others) = error.errors(include_url=False, include_input=False)
        where, line = _where(fault["loc"]), document.line_of(_written(fault["loc"]))
        told = _told(fault)
        more = f" ({len(others)} more faults follow)" if len(others) > 1 else ""
    # Not raised above: as its context, the other error would hold the file's content.
    raise invalid(f"{path}, line {line}: `{where}` {told}{more}. Correct it.")


def _told(fault: ErrorDetails) -> str:
    form = IN_WORDS.get(str(fault.get("ctx", {}).get("pattern")))
    return form or _WORDS.get(fault["type"], f"can't be used: {fault['msg'][:1].lower()}{fault['msg'][1:]}")


def invalid(sentence: str) -> UsageError:
    """The error of a file that can't be used."""
    return UsageError(Code.PROJECT_INVALID, sentence)


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, SMALL_BYTES).decode()
    except FileNotFoundError:
        raise UsageError(
            Code.PROJECT_NOT_FOUND,
            f"There is no {path}. Change into the folder of {FILE_NAME}, name it by --file, or write one by `init`.",
        ) from None
    except OSError as error:
        raise UsageError(
            Code.PROJECT_NOT_FOUND, f"{path} can't be read: {error.strerror}. Name another by --file."
        ) from None
    except UnicodeDecodeError:
        raise invalid(f"{path} is not UTF-8. Save it so.") from None
    except UnreadableDocumentError as error:
        raise invalid(f"{path} {error}. Make it smaller.") from None


def _expanded(value: Any, environment: Mapping[str, str], where: str) -> Any:
    if not isinstance(value, dict):
        return expanded(value, environment, where)
    return {key: each if key in _ADDRESSES else _expanded(each, environment, where) for key, each in value.items()}


def _where(location: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in _written(location)) or "audiences"


def _written(location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """The path as it is written: pydantic adds what kind of value it tried, and that a key is what is wrong."""
    return tuple(
        part
        for part in location
        if part != "[key]" and not str(part).startswith(("function-", "bool", "str[", "constrained-"))
    )
