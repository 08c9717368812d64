"""An alert, and what a rule found of its subject: an alert, or that all is well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "failure", "guard", "empty_table", "rejected_share", "size_drop", "match_drop", "too_small", "sign_in", "stale"
]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Args:
        kind: the rule.
        subject: what it is about, as a key by which an alert is remembered.
        title: what people call the subject.
        text: a sentence or two on what is wrong; None if nothing is.
        code: the error's code, if it has one: another one is news, though the alert lasts.
    """

    kind: Kind
    subject: str
    title: str
    text: str | None = None
    code: str | None = None
