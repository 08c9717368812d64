"""Which of a project's audiences a command is about: by name, by tag, or because they failed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import Final

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.project.project import Audience, Project

_TAG: Final = "tag:"
_PATTERN: Final = frozenset("*?[")


def selected(project: Project, wanted: Sequence[str]) -> Sequence[Audience]:
    """Returns the audiences that are wanted, in the file's order; all that are enabled if nothing is.

    Raises: UsageError if something that is wanted fits none: who starts a command that does nothing expects otherwise.
    """
    if not wanted:
        enabled = tuple(audience for audience in project.audiences if audience.entry.enabled)
        if not enabled:
            raise _nothing_enabled(f"All audiences of {project.path} have `enabled: false`, so nothing was done.")
        return enabled
    fitting = {text: [each for each in project.audiences if _fits(each, text)] for text in wanted}
    for text, found in fitting.items():
        if not found and any(_fits(each, text, also_disabled=True) for each in project.audiences):
            raise _nothing_enabled(f"--select {text}: what fits has `enabled: false`, so nothing was done.")
        if not found:
            raise UsageError(
                Code.SELECTION_EMPTY, f"--select {text}: {project.path} has {_what_there_is(project, text)}."
            )
    chosen = {id(each) for found in fitting.values() for each in found}
    return tuple(audience for audience in project.audiences if id(audience) in chosen)


def among(audiences: Sequence[Audience], names: Collection[str]) -> Sequence[Audience]:
    """Returns those of these names."""
    return tuple(audience for audience in audiences if audience.name in names)


def _fits(audience: Audience, text: str, *, also_disabled: bool = False) -> bool:
    is_on = audience.entry.enabled or also_disabled
    if text.startswith(_TAG):
        return is_on and text.removeprefix(_TAG) in audience.entry.tags
    if audience.name == text:
        return True
    # A name alone is meant as such; patterns and tags leave out what is switched off.
    return bool(_PATTERN & set(text)) and is_on and fnmatchcase(audience.name, text)


def _nothing_enabled(sentence: str) -> UsageError:
    return UsageError(Code.NOTHING_ENABLED, f"{sentence} Enable one, or name one by --select.")


def _what_there_is(project: Project, text: str) -> str:
    if text.startswith(_TAG):
        tags = sorted({tag for audience in project.audiences for tag in audience.entry.tags})
        return f"the tags {', '.join(tags)}" if tags else "no tags"
    return f"the audiences {', '.join(audience.name for audience in project.audiences)}"
