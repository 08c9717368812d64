"""Draws scenes: what goes wrong only if several things come together, which chance alone brings too seldom.

Most are the beginning of a story, since they are about what does not exist yet. One is its end, about what has been
remembered; it is drawn from a chance of its own, so that what comes before it is the same with and without it.
"""

from __future__ import annotations

import random
from typing import Any

from integration_tests.chaos.chance import seed, weighed
from integration_tests.chaos.mishaps import attempt
from integration_tests.chaos.setups import ChaosSetup
from integration_tests.chaos.stories import Attempt, Change, Fault, NewJob, Step, Trouble

_CREATIONS = ("customer_lists/create", "customer_lists/create", "audiences/create")
# How often a story ends with requests of which nobody knows whether they were sent. Where nothing is remembered, that
# does little.
_SHARE_OF_UNKNOWN = {"none": 0.1, "folder": 0.8, "bucket": 0.8}
# Nobody knows whether these took effect: they did.
_LOST_ANSWERS: tuple[dict[str, Any], ...] = (
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "truncate", "how": "body"},
    {"kind": "not_json"},
)
# After a lost creation, it is looked for for half a minute. What is found then may be what an earlier attempt, which
# began a minute before, asked for.
_A_MINUTE_AND_A_BIT_S = (62.0, 66.0, 75.0, 85.0)


def opening(setup: ChaosSetup, chance: random.Random) -> list[Step]:
    """What a story begins with, besides its tables."""
    creates = setup.were_there is None
    scenes = ((2 * creates, _lost_creation), (creates, _late_creation), (1, _healthy), (2, _anything))
    return weighed(chance, scenes)(setup, chance)


def closing(setup: ChaosSetup, chance: random.Random) -> list[Step]:
    """What a story ends with, before it is left to heal."""
    return _unknown(chance) if chance.random() < _SHARE_OF_UNKNOWN[setup.store] else []


def _anything(setup: ChaosSetup, chance: random.Random) -> list[Step]:
    return [attempt(setup, chance, is_first=True)]


def _healthy(_setup: ChaosSetup, chance: random.Random) -> list[Step]:
    """Nothing goes wrong; what follows has something to change."""
    return [Attempt(60.0, Trouble(seed=seed(chance)))]


def _lost_creation(setup: ChaosSetup, chance: random.Random) -> list[Step]:
    """What is created is there, but nobody is told."""
    passes = setup.retry_hours >= 1
    fault = Fault(chance.choice(_LOST_ANSWERS), chance.choice(_CREATIONS), 0, chance.randint(1, 2), passes)
    return [Attempt(60.0, Trouble((fault,), seed=seed(chance)))]


def _late_creation(_setup: ChaosSetup, chance: random.Random) -> list[Step]:
    """An attempt is killed while it creates; what it asked for appears while the next one creates the same."""
    late = Fault(
        {"kind": "late_effect", "seconds": chance.choice(_A_MINUTE_AND_A_BIT_S)}, _CREATIONS[0], 0, 1, passes=False
    )
    lost = Fault({"kind": "reset_before"}, _CREATIONS[0], 0, 1, passes=False)
    return [
        Attempt(60.0, Trouble((late,), kill_at_write=1, seed=seed(chance))),
        Change(seed(chance)),
        Attempt(60.0, Trouble((lost,), seed=seed(chance))),
    ]


def _unknown(chance: random.Random) -> list[Step]:
    """Attempts are killed between what they note in the store and what Pinterest takes, on either side of it."""
    steps: list[Step] = [NewJob("give up", 0)]
    for _ in range(2):
        steps += [Attempt(60.0, Trouble(seed=seed(chance))), Change(seed(chance)), Change(seed(chance))]
        which = chance.choice((1, 1, 1, 1, 2))
        if chance.random() < 0.6:
            steps.append(Attempt(60.0, Trouble(kill_before_write=which, seed=seed(chance))))
        else:
            # Whoever was taken in by then has perhaps no row any more when the next one looks.
            steps += [Attempt(60.0, Trouble(kill_at_write=which, seed=seed(chance))), Change(seed(chance))]
    return steps
