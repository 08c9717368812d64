"""Draws what a connection of a wider story has besides: several ad accounts, rows that name their audiences, and a
Pinterest that answers what is not documented in the worst way. Of the widest, requests grow, too.

Its seeds are apart, so that all others tell what they told before.
"""

from __future__ import annotations

import random
from dataclasses import replace

from integration_tests.chaos.setups import SEGMENT, ChaosSetup
from integration_tests.orchestrator.airbyte_platform import CUSTOM_CONNECTOR
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE
from integration_tests.property.drawn import growing
from integration_tests.property.tables import Shape

FIRST_SEED = 1_000_001
FIRST_SEED_THAT_GROWS = 2_000_001
_ALSO_IN = "549755885201"


def wider(setup: ChaosSetup, chance: random.Random) -> ChaosSetup:
    """The same connection with some of it."""
    in_two_accounts, names_audiences, is_pessimistic = (chance.random() < 0.5 for _ in range(3))
    removes = any(shape.stream.destination_sync_mode == "soft_delete" for shape in setup.shapes)
    if setup.mode != "mirror" or removes:
        in_two_accounts = names_audiences = False  # Where people are only removed, there have to be audiences.
    if in_two_accounts:
        setup = replace(setup, also_in=(_ALSO_IN,))
    if names_audiences and setup.has_store:
        # What loses its last row is emptied all the same where rows name audiences: none of them says so.
        shapes = tuple(_with_segment(shape) for shape in setup.shapes)
        setup = replace(setup, by_column=True, shares=False, shapes=shapes, allow_empty=True)
    # See drawn.py on audiences that are to be replaced before they can be made.
    replaces = any("overwrite" in shape.stream.destination_sync_mode for shape in setup.shapes)
    can_wait = setup.remembers or (not replaces and setup.host in {CUSTOM_CONNECTOR, PYAIRBYTE})
    if is_pessimistic and can_wait:
        setup = replace(setup, profile="pessimist")
    return setup


def widest(setup: ChaosSetup, chance: random.Random) -> ChaosSetup:
    """The same connection with requests that may grow, and a limit to them."""
    far_end = () if setup.profile == "pessimist" else growing(chance)
    return replace(setup, grows=True, far_end=far_end, batch_size=chance.choice((1, 1, 2, 1900, 1900)))


def _with_segment(shape: Shape) -> Shape:
    return replace(shape, stream=replace(shape.stream, columns=(*shape.stream.columns, SEGMENT)))
