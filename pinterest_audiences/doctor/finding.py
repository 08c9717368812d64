"""What was found out about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`name` says about what, `text` what was found; neither holds a secret or names a person."""

    name: str
    state: State
    text: str
