"""The options of `pinterest-audiences sync` that say how a text file is to be read."""

from __future__ import annotations

import argparse
import codecs
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.text.options import TextOptions

_WRITTEN: Final = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "\\x01": "\x01",
    "\\x1f": "\x1f",
}

# Python's codecs for domains and for literals: they fail on what a file has.
_NOT_OF_FILES: Final = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})


def add_text_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    group = parser.add_argument_group("text files", "How a text file is read, where what is found out is wrong.")
    add = group.add_argument
    add("--encoding", metavar="NAME", help="its encoding, such as utf-8, windows-1252 or utf-16")
    add("--delimiter", metavar="CHARACTER", help="what separates its cells; `tab` for a tab")
    add("--quote", metavar="CHARACTER", help="what its cells are quoted by; `none` if nothing quotes them")
    add(
        "--no-header",
        action="store_true",
        help="its first line is a row; columns that hold identifiers are named after them, others `column 2`",
    )
    add("--skip-lines", type=int, default=0, metavar="N", help="leave out its first N lines")


def read_text_options(arguments: argparse.Namespace) -> TextOptions:
    """Returns the options. Raises: UsageError for a value that one of them can't have."""
    return text_options(
        arguments.encoding,
        arguments.delimiter,
        arguments.quote,
        has_header=not arguments.no_header,
        skip_lines=arguments.skip_lines,
    )


def text_options(
    encoding: str | None, delimiter: str | None, quote: str | None, *, has_header: bool, skip_lines: int
) -> TextOptions:
    """Returns the options of these values. Raises: UsageError for a value that one of them can't have."""
    if encoding is not None:
        _check_encoding(encoding)
    if skip_lines < 0:
        raise UsageError(Code.USAGE_WRONG, "--skip-lines must not be negative.")
    quote = "" if quote == "none" else quote
    delimiter = None if delimiter is None else _WRITTEN.get(delimiter, delimiter)
    if quote is not None and (len(quote) > 1 or quote in set("\r\n ")):
        raise UsageError(Code.USAGE_WRONG, "--quote must be one character, or `none`.")
    if delimiter is not None and (len(delimiter) != 1 or delimiter in "\r\n" or delimiter == quote):
        raise UsageError(Code.USAGE_WRONG, "--delimiter must be one character other than --quote, or `tab`.")
    return TextOptions(encoding, delimiter, quote, None if has_header else False, skip_lines)


def _check_encoding(name: str) -> None:
    """Raises: UsageError if Python has no such encoding of text."""
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)
        if codecs.lookup(name).name.replace("_", "-") in _NOT_OF_FILES:
            raise LookupError(name)
    except (LookupError, ValueError):
        raise UsageError(
            Code.USAGE_WRONG,
            f"--encoding {name!r} is unknown. Examples are utf-8, windows-1252, utf-16 and shift_jis.",
        ) from None
