"""Draws stories: the same seed gives the same story."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integration_tests.chaos.chance import seed, weighed
from integration_tests.chaos.mishaps import attempt, faults
from integration_tests.chaos.scenes import closing, opening
from integration_tests.chaos.setups import ChaosSetup
from integration_tests.chaos.stories import (
    Change,
    Command,
    Meddling,
    Membership,
    NewJob,
    Step,
    TokensAge,
    Trouble,
)
from integration_tests.chaos.wider import FIRST_SEED, FIRST_SEED_THAT_GROWS, wider, widest
from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_COUNTS_JOBS,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.hosts import Host
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE, PYAIRBYTE_WITHOUT_CACHE
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.tables import DELETED_AT, PEOPLE, Shape

# In the order of their shares: most connections are on a current platform.
_HOSTS: tuple[tuple[int, Host], ...] = (
    (8, CURRENT_PLATFORM),
    (4, CUSTOM_CONNECTOR),
    (4, PLATFORM_THAT_RESUMES_FULL_REFRESHES),
    (1, PLATFORM_THAT_COUNTS_JOBS),
    (2, PYAIRBYTE),
    (3, PYAIRBYTE_WITHOUT_CACHE),
)
_MODES: tuple[tuple[int, tuple[str, str]], ...] = (
    (6, ("incremental", "append_dedup")),
    (2, ("incremental", "append")),
    (2, ("full_refresh", "append")),
    (1, ("full_refresh", "append_dedup")),
    (5, ("full_refresh", "overwrite")),
    (4, ("full_refresh", "overwrite_dedup")),
    (1, ("incremental", "soft_delete")),
)
_STORES = ((10, "none"), (9, "folder"), (1, "bucket"))


@dataclass(frozen=True)
class Story:
    """A connection and what happens to it."""

    setup: ChaosSetup
    steps: tuple[Step, ...]


def draw(number: int) -> Story:
    """The story of a seed."""
    chance = random.Random(f"chaos {number}")
    setup = _setup(chance)
    if number >= FIRST_SEED:
        setup = wider(setup, chance)
    if number >= FIRST_SEED_THAT_GROWS:
        setup = widest(setup, random.Random(f"chaos {number}, requests"))
    steps: list[Step] = [Change(seed(chance)), *opening(setup, chance)]
    for _ in range(chance.randint(2, 8)):
        steps += _steps(setup, chance)
    steps += closing(setup, random.Random(f"chaos {number}, the end"))
    return Story(setup, tuple(steps))


def _setup(chance: random.Random) -> ChaosSetup:
    store = weighed(chance, _STORES)
    host = weighed(chance, _HOSTS)
    global_states = host is not PYAIRBYTE and chance.random() < 0.12
    names = chance.choice(((("users", None),), (("users", None), ("leads", None))))
    if host is not PYAIRBYTE and chance.random() < 0.25:  # Its cache knows no namespaces.
        names = chance.choice(
            ((("users", "eu"),), (("users", "eu"), ("users", "us")), (("users", "eu"), ("leads", None)))
        )
    modes = [mode for mode in _MODES if not global_states or mode[1][0] == "incremental"]
    mode = chance.choice(("mirror",) * 8 + ("additive", "remove"))
    shares = len(names) > 1 and chance.random() < 0.5
    if mode == "additive" or (shares and store != "none"):
        # The one contradicts it; in the other, the property's model does not know whom a stream takes from another.
        modes = [mode for mode in modes if mode[1][1] != "soft_delete"]
    shapes = tuple(_shape(name, namespace, weighed(chance, modes), chance) for name, namespace in names)
    removes = mode == "remove" or any(shape.stream.destination_sync_mode == "soft_delete" for shape in shapes)
    replaces = any("overwrite" in shape.stream.destination_sync_mode for shape in shapes)
    were_there = tuple(chance.sample(range(PEOPLE), chance.randint(1, PEOPLE)))
    return ChaosSetup(
        host=host,
        shapes=shapes,
        shares=shares,
        in_turns=chance.random() < 0.5,
        has_store=store != "none",
        batch_size=chance.choice((1, 2, 3, 1900)),
        mode=mode,
        deletes="keep" if chance.random() < 0.15 else "remove",
        allow_empty=chance.random() < 0.5,
        # Where people are only removed, there has to be an audience.
        were_there=were_there if removes or chance.random() < 0.4 else None,
        store=store,
        signs_in=chance.random() < 0.4,
        tier=weighed(chance, ((6, "none"), (2, "standard"), (2, "trial"))),
        # The property's model does not know an audience that is to be replaced before it can be made.
        is_too_small=chance.random() < 0.08 and not replaces and host in {CUSTOM_CONNECTOR, PYAIRBYTE},
        retry_hours=chance.choice((0.05, 1.0, 1.0, 13.0)),
        answers_in_s=chance.choice((0.0, 0.1, 0.4, 0.4, 1.0)),
        global_states=global_states,
    )


def _shape(name: str, namespace: str | None, mode: tuple[str, str], chance: random.Random) -> Shape:
    sync_mode, destination_mode = mode
    has_key = destination_mode.endswith("dedup") or chance.random() < 0.5
    logs_deletions = chance.random() < 0.8
    columns = ("id", "email", *(("gaid",) if chance.random() < 0.5 else ()), *((DELETED_AT,) if logs_deletions else ()))
    stream = Stream(
        name,
        namespace,
        columns=columns,
        sync_mode=sync_mode,
        destination_sync_mode=destination_mode,
        primary_key=("id",) if has_key else (),
        is_resumable=chance.random() < 0.5,
    )
    return Shape(
        stream,
        states_every=chance.randint(1, 3),
        logs_deletions=logs_deletions,
        by_key_alone=chance.random() < 0.3,
        has_snapshots=chance.random() < 0.5,
        has_end_marker=chance.random() < 0.5,
    )


def _steps(setup: ChaosSetup, chance: random.Random) -> list[Step]:
    def change() -> Change:
        return Change(seed(chance))

    meddlings = ("renames", "renames", "removes", "spends", *(("lowers the floor",) * 3 if setup.is_too_small else ()))
    draws: Sequence[tuple[int, Callable[[], list[Step]]]] = (
        (11, lambda: [change(), attempt(setup, chance)]),
        (5, lambda: [attempt(setup, chance)]),
        (6, lambda: [attempt(setup, chance, is_killed=True), change(), attempt(setup, chance)]),
        (
            4,
            lambda: [
                NewJob(chance.choice(("refresh", "refresh", "refresh and keep", "clear", "give up")), _which(chance))
            ],
        ),
        (1, lambda: [Membership(chance.choice(("leaves", "leaves", "returns")), _which(chance))]),
        (2, lambda: [Meddling(chance.choice(meddlings), _which(chance)), attempt(setup, chance)]),
        (1, lambda: [TokensAge(chance.choice((0.0, 1.0, 3_600.0, 90_000.0))), attempt(setup, chance)]),
        (
            1,
            lambda: [
                Command(chance.choice(("check", "discover")), Trouble(faults=faults(setup, chance), seed=seed(chance)))
            ],
        ),
    )
    return weighed(chance, draws)()


def _which(chance: random.Random) -> int:
    return chance.randint(0, 1)
