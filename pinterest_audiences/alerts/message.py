"""Words findings as one message, however many there are: forty audiences must not make forty messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pinterest_audiences.alerts.alert import Finding, Kind

_HEADLINES: Final[dict[Kind, str]] = {
    "failure": "the run failed",
    "guard": "a guard refused the change",
    "empty_table": "the table is empty",
    "rejected_share": "many rows could not be used",
    "size_drop": "the size dropped",
    "match_drop": "the match rate dropped",
    "too_small": "too small to be targeted",
    "sign_in": "the sign-in is ending",
    "stale": "no run has succeeded for long",
}
_MOST: Final = 30


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    title: str
    body: str
    kind: Literal["failure", "warning", "success", "info"]


def worded(wrong: Sequence[Finding], over: Sequence[Finding]) -> Message:
    """Words what is wrong, and what no longer is. At least one of them is."""
    lines = [f"{each.title}: {_HEADLINES[each.kind]}. {each.text}" for each in wrong[:_MOST]]
    if len(wrong) > _MOST:
        lines.append(f"And {len(wrong) - _MOST:,} more.")
    lines += [f"{each.title}: well again ({_HEADLINES[each.kind]})." for each in over[:_MOST]]
    if not wrong:
        return Message(_headline(over, "well again"), "\n".join(lines), "success")
    is_failure = any(each.kind in {"failure", "guard", "empty_table", "stale"} for each in wrong)
    return Message(
        _headline(wrong, _HEADLINES[wrong[0].kind]), "\n".join(lines), "failure" if is_failure else "warning"
    )


def _headline(findings: Sequence[Finding], what: str) -> str:
    if len(findings) == 1:
        return f"Pinterest: {findings[0].title}: {what}"
    kinds = {each.kind for each in findings}
    return f"Pinterest: {len(findings):,} alerts" if len(kinds) > 1 else f"Pinterest: {len(findings):,} times {what}"
