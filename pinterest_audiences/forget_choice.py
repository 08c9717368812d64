"""Decides with the user what is touched beside our own lists: exclusion audiences, and lists that others made."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from destination_pinterest.error_codes import Code
from destination_pinterest.foreign_text import shown
from pinterest_audiences.failures import UsageError

# By the kind of a list: the name of the choice, and what is to be known before it is touched.
_DOUBTS: Final = {
    "exclusion": (
        "exclusion_audiences",
        "of exclusion audiences. Who leaves these may be advertised to",
    ),
    "other": (
        "other_lists",
        "not known to be made by this program. Nobody can say here what they are for",
    ),
}
INCLUDES: Final = tuple(choice for choice, _ in _DOUBTS.values())
_MOST_NAMES: Final = 5
_ANSWERS: Final = {"yes": True, "y": True, "no": False, "n": False}


def chosen_includes(
    found: Mapping[str, Any], included: Sequence[str], exceptions: Sequence[str], *, may_ask: bool
) -> list[str]:
    """Returns the kinds of doubtful lists that are touched: those that were named, and those that are agreed to.

    Args:
        found: the customer lists, as the connector tells them.
        included: what was named already.
        exceptions: names and ids of audiences and lists that are left alone in any case.
        may_ask: whether standard input is a person, and not the source.

    Raises: UsageError if there are others and nobody can be asked, or the answer is neither yes nor no.
    """
    chosen = list(included)
    for kind, (choice, doubt) in _DOUBTS.items():
        names = [
            each["name"] or each["customer_list_id"]
            for each in found["customer_lists"]
            if each["kind"] == kind and not _is_excepted(each, exceptions)
        ]
        if not names or choice in included:
            continue
        said = f"{len(names):,} customer lists are {doubt}: {_some(names)}."
        if not may_ask:
            raise UsageError(
                Code.FORGET_NOT_CONFIRMED,
                f"{said} Nobody can be asked what to do about them, so add --yes or --include {choice} to take people "
                "out of them too, or --only-ours to leave them alone.",
            )
        if _agrees(said):
            chosen.append(choice)
    return chosen


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _agrees(said: str) -> bool:
    sys.stderr.write(f"{shown(said)} Take the people out of these too? Type yes or no: ")
    sys.stderr.flush()
    answer = _ANSWERS.get(sys.stdin.readline().strip().casefold())
    if answer is None:
        raise UsageError(
            Code.FORGET_NOT_CONFIRMED, "The answer was neither yes nor no, so nothing was changed. Run it again."
        )
    return answer


def _is_excepted(customer_list: Mapping[str, Any], exceptions: Sequence[str]) -> bool:
    known = {customer_list["customer_list_id"], customer_list["name"], customer_list["left_over_of"]}
    for audience in customer_list["audiences"]:
        known |= {audience["audience_id"], audience["name"]}
    return any(name in known for name in exceptions)


def _some(names: Sequence[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in names[:_MOST_NAMES])
    return listed if len(names) <= _MOST_NAMES else f"{listed}, …"
