"""Words what the values of a table's first rows show about its columns."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from destination_pinterest.identity.column_sample import Finding, FindingKind
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier, ValueFormat
from destination_pinterest.wording.plan_text import PlanLine

_HELD: Final = {
    Identifier.EMAIL: "e-mail addresses",
    Identifier.GAID: "advertising IDs",
    Identifier.IDFA: "advertising IDs",
    Identifier.MAID: "advertising IDs",
}
_DIGESTS: Final = {ValueFormat.SHA256: "SHA-256", ValueFormat.SHA1: "SHA-1", ValueFormat.MD5: "MD5"}


def finding_line(finding: Finding, stream: str, used: Sequence[IdentityColumn], *, are_declared: bool) -> PlanLine:
    """Returns the log level and the sentence for a finding.

    Args:
        finding: what was found.
        stream: the stream's name, as the log says it.
        used: the identity columns that are used.
        are_declared: whether the settings name them; then a column that is left out is left out by choice.
    """
    column = f'The column "{finding.column}" of the stream "{stream}"'
    shown = f"{finding.found:,} of the first {finding.rows:,} values"
    if finding.kind is FindingKind.DOUBTFUL_MARKS:
        return "WARN", (
            f"{column} has marks that may stand for none, such as 0, false and zero dates ({shown}). They remove, so "
            "that nobody who left is advertised to; write null where nobody left."
        )
    if finding.kind is FindingKind.NOT_USED and finding.seems is not None:
        level = "INFO" if are_declared else "WARN"
        return (
            level,
            f"{column} is not used, but seems to hold {_held(finding.seems)} ({shown}). {_advice(finding.seems, used)}",
        )
    text = (
        f"{column} is used as {_kind(used, finding.column)}, but none of its first {finding.rows:,} values can be used"
    )
    if finding.seems is not None:
        others = [one for one in used if one.column != finding.column]
        return "WARN", f"{text}: they seem to be {_held(finding.seems)}. {_advice(finding.seems, others)}"
    return "WARN", f"{text} ({finding.reason}). {finding.reason.sentence if finding.reason else ''}"


def _held(seems: IdentityColumn) -> str:
    if seems.format in _DIGESTS:
        return f"{_DIGESTS[seems.format]} digests"
    return _HELD.get(seems.identifier, "identifiers")


def _kind(used: Sequence[IdentityColumn], column: str) -> str:
    return next((f"{one.identifier} ({one.format})" for one in used if one.column == column), "an identity column")


def _advice(seems: IdentityColumn, others: Sequence[IdentityColumn]) -> str:
    typed = " ".join(f"--identity {shlex.quote(_argument(one))}" for one in (*others, seems))
    return f"If it should count, name all columns that do under Identity columns (identity_columns), or pass {typed}."


def _argument(one: IdentityColumn) -> str:
    declared = "" if one.format is ValueFormat.AUTO else f":{one.format}"
    return f"{one.column}={one.identifier}{declared}"
