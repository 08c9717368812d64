"""Runs the story of a seed to its end, lets it heal, and says what was broken."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from integration_tests.chaos.bucket import Storage
from integration_tests.chaos.changes import naming, restless
from integration_tests.chaos.drawn import Story, draw
from integration_tests.chaos.stories import (
    Attempt,
    Change,
    Command,
    Meddling,
    Membership,
    NewJob,
    Step,
    TokensAge,
    Trouble,
)
from integration_tests.chaos.world import World
from integration_tests.property.audiences import BrokenPromiseError
from integration_tests.property.drawn import changes

# So many syncs after all faults are over, one is well; a day lies between them, for the sake of quotas.
_HEALED_AFTER = 4
_A_DAY_S = 86_400.0


@dataclass
class Outcome:
    """What became of a story. `broken`: the promise that was not kept, if any; `told`: what happened, for people."""

    seed: int
    story: Story
    broken: str | None = None
    told: list[str] = field(default_factory=list)
    attempts: int = 0
    endings: list[str] = field(default_factory=list)
    hours: float = 0.0


def run_story(seed: int, storage: Callable[[], Storage], plant: Callable[[], object] = lambda: None) -> Outcome:
    """Runs it."""
    story = draw(seed)
    outcome = Outcome(seed, story)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        bucket = storage().new_bucket() if story.setup.store == "bucket" else None
        world = World(story.setup, Path(folder), bucket, plant)
        try:
            for number, step in enumerate(story.steps, 1):
                world.told.append(f"step {number}: {step}")
                _take(world, step, outcome)
            _heal(world, outcome)
        except BrokenPromiseError as broken:
            outcome.broken = str(broken)
        finally:
            world.close()
            outcome.told = world.told
            outcome.attempts = world.attempts
            outcome.hours = world.clock.monotonic_s / 3600
    return outcome


def _take(world: World, step: Step, outcome: Outcome) -> None:
    match step:
        case Change():
            chance = random.Random(step.seed)
            drawn = restless(changes(chance), chance)
            for which, key, row in naming(drawn, random.Random(f"{step.seed}, audiences")):
                world.changes(which, key, row)
        case Attempt():
            outcome.endings.append(world.attempt(step.trouble, step.after_s))
        case NewJob():
            world.begins_job(step.what, step.which)
        case Membership():
            if step.what == "leaves":
                world.stream_leaves(step.which)
            else:
                world.stream_returns()
        case Meddling():
            world.meddles(step.what, step.which)
        case TokensAge():
            world.tokens_age(step.seconds_left)
        case Command():
            world.command(step.what, step.trouble)


def _heal(world: World, outcome: Outcome) -> None:
    """All faults are over; what was under way goes on."""
    world.told.append("all faults are over")
    world.clock.ahead_s = 0.0
    world.meddles("lowers the floor", 0)
    endings: list[str] = []
    while len(endings) < _HEALED_AFTER and "succeeded" not in endings:
        endings.append(world.attempt(Trouble(seed=outcome.seed), _A_DAY_S))
        if endings[-1] == "failed":
            world.correct_tables()
    world.pinterest.let_everything_come()
    if world.needs_a_person:
        return
    if "succeeded" not in endings:
        if any(not audience.is_judged for audience in world.audiences.values()):
            return
        raise BrokenPromiseError(f"{_HEALED_AFTER} syncs without a fault did not heal it")
    world.correct_tables()  # The healed sync may have read only the rest of them.
    if world.attempt(Trouble(seed=outcome.seed + 1), _A_DAY_S) != "succeeded":
        raise BrokenPromiseError("it was healed, and the next sync failed")
    if not world.is_tidy():
        raise BrokenPromiseError("files of syncs that are over are left in the folder for temporary files")
