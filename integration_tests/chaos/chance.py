"""Draws from a story's own chance."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def weighed(chance: random.Random, of: Sequence[tuple[float, T]]) -> T:
    """One of the items, each with its share."""
    return chance.choices([item for _, item in of], [weight for weight, _ in of])[0]


def seed(chance: random.Random) -> int:
    """A seed of its own, for a step."""
    return chance.randrange(2**24)
