"""Words what the values of a table's first rows show about its columns."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from destination_pinterest.identity.column_sample import Finding, FindingKind
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier, ValueFormat
from destination_pinterest.wording.plan_text import PlanLine

_DIGESTS: Final = {ValueFormat.SHA256: "SHA-256", ValueFormat.SHA1: "SHA-1", ValueFormat.MD5: "MD5"}


def finding_lines(
    findings: Sequence[Finding],
    stream: str,
    used: Sequence[IdentityColumn],
    *,
    are_declared: bool,
    is_for_exclusion: bool = False,
) -> Iterator[PlanLine]:
    """Yields log levels and sentences for what a sample shows.

    Args:
        findings: what was found.
        stream: the stream's name, as the log says it.
        used: the identity columns that are used.
        are_declared: whether the settings name them; then a column that is left out is left out by choice.
        is_for_exclusion: whether members are those who see no ads.
    """
    for finding in findings:
        if finding.kind is FindingKind.USELESS:
            yield "WARN", _useless(finding, stream, used)
        elif finding.kind is FindingKind.DOUBTFUL_MARKS:
            yield "WARN", _doubtful(finding, stream, adds=is_for_exclusion)
        elif finding.kind in {FindingKind.UNCLEAR_CONSENT, FindingKind.NO_CONSENT}:
            yield "WARN", _consent(finding, stream)
    not_used = [finding for finding in findings if finding.kind is FindingKind.NOT_USED]
    if not_used:
        yield "INFO" if are_declared else "WARN", _not_used(not_used, stream, used)


def _not_used(findings: Sequence[Finding], stream: str, used: Sequence[IdentityColumn]) -> str:
    seem = [(finding, finding.seems) for finding in findings if finding.seems is not None]
    has, they = ("a column that is", "it") if len(seem) == 1 else ("columns that are", "they")
    listed = "; ".join(
        f"{finding.column} ({_held(seems)}, in {finding.found:,} of the first {finding.rows:,} values)"
        for finding, seems in seem
    )
    return (
        f'The stream "{stream}" has {has} not used but may hold identifiers: {listed}. If {they} should count, '
        f"{_advice([*used, *(seems for _, seems in seem)])}"
    )


def _useless(finding: Finding, stream: str, used: Sequence[IdentityColumn]) -> str:
    (own,) = (one for one in used if one.column == finding.column)
    values = "its only value can't" if finding.rows == 1 else f"none of its first {finding.rows:,} values can"
    declared_format = "" if own.format is ValueFormat.AUTO else f" ({own.format})"
    said = (
        f'The column {finding.column} of the stream "{stream}" is used as {own.identifier}{declared_format}, but '
        f"{values} be used"
    )
    if finding.seems is None:
        return f"{said} ({finding.reason}). {finding.reason.sentence if finding.reason else ''}"
    declared = [finding.seems if one is own else one for one in used]
    return f"{said}: it may hold {_held(finding.seems)}. If so, {_advice(declared)}"


def _doubtful(finding: Finding, stream: str, *, adds: bool) -> str:
    outcome = (
        "They add, so that nobody is advertised to who must not be; write a time or a plain mark where somebody left."
        if adds
        else "They remove, so that nobody who left is advertised to; write null where nobody left."
    )
    return (
        f'The column {finding.column} of the stream "{stream}" has marks that may stand for none, such as 0, false or '
        f"a zero date, in {finding.found:,} of the first {finding.rows:,} values. {outcome}"
    )


def _consent(finding: Finding, stream: str) -> str:
    column = f'The consent column {finding.column} of the stream "{stream}"'
    remedy = "If they consent, name the values that permit advertising under Consent column (permits)."
    if finding.kind is FindingKind.NO_CONSENT:
        return f"{column} gives consent in none of the first {finding.rows:,} rows, so all of them leave. {remedy}"
    return (
        f"{column} is neither a yes nor a no in {finding.found:,} of the first {finding.rows:,} rows. They count as "
        f"rows without consent. {remedy}"
    )


def _held(seems: IdentityColumn) -> str:
    if seems.format in _DIGESTS:
        return f"{_DIGESTS[seems.format]} digests"
    return "e-mail addresses" if seems.identifier is Identifier.EMAIL else "advertising IDs"


def _advice(declared: Sequence[IdentityColumn]) -> str:
    """Says how to name identity columns: all of them, since those that are named replace those that are recognised."""
    entries = ", ".join(f"{one.column} as {one.identifier} ({one.format})" for one in declared)
    typed = " ".join(f"--identity {shlex.quote(_argument(one))}" for one in declared)
    return f"name {entries} under Identity columns (identity_columns), or pass {typed}."


def _argument(one: IdentityColumn) -> str:
    declared = "" if one.format is ValueFormat.AUTO else f":{one.format}"
    return f"{one.column}={one.identifier}{declared}"
