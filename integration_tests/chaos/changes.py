"""Rows that go and come back before anybody looks: in a log, the last of several contradicting words counts."""

from __future__ import annotations

import random

from integration_tests.chaos.setups import SEGMENT, SEGMENTS
from integration_tests.property.drawn import Changes

_SHARE = 0.4


def restless(changes: Changes, chance: random.Random) -> Changes:
    """The same changes, some of which are taken back or made again at once."""
    if chance.random() >= _SHARE:
        return changes
    more: Changes = []
    for which, key, row in changes:
        more.append((which, key, row))
        if row is not None and chance.random() < _SHARE:
            more.append((which, key, None))
            if chance.random() < 0.7:
                more.append((which, key, row))
    return more


def naming(changes: Changes, chance: random.Random) -> Changes:
    """The same changes, in which each row names its audiences, if its table has the column."""
    choices = ([], *([name] for name in SEGMENTS), [*SEGMENTS])
    return [
        (which, key, None if row is None else {**row, SEGMENT: chance.choice(choices)}) for which, key, row in changes
    ]
