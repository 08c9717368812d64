"""`python -m integration_tests.chaos SEEDS`: runs stories, says which promises were broken, and how to see it again."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable

from integration_tests.chaos.bucket import Storage
from integration_tests.chaos.plants import PLANTS, planted
from integration_tests.chaos.run import Outcome, run_story
from integration_tests.chaos.world import OWN_FAULT


def main() -> int:
    arguments = _parser().parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # The order of sets has a part in a story.
        os.execve(
            sys.executable,
            [sys.executable, "-m", "integration_tests.chaos", *sys.argv[1:]],
            {**os.environ, "PYTHONHASHSEED": "0"},
        )
    storage: list[Storage] = []

    def one_storage() -> Storage:
        if not storage:
            storage.append(Storage())
        return storage[0]

    began = time.monotonic()
    outcomes: list[Outcome] = []
    try:
        for seed in arguments.seeds:
            outcome = run_story(seed, one_storage, planted(arguments.plant))
            if arguments.plant and outcome.broken and not _is_the_plant(outcome, one_storage):
                outcome.broken = None
            outcomes.append(outcome)
            _say(outcome, arguments)
            if outcome.broken and arguments.first:
                break
    finally:
        for each in storage:
            each.close()
    broken = [outcome for outcome in outcomes if outcome.broken]
    attempts = Counter(ending for outcome in outcomes for ending in outcome.endings)
    seconds = time.monotonic() - began
    print(
        f"{len(outcomes):,} stories with {sum(outcome.attempts for outcome in outcomes):,} syncs in {seconds:.0f} s; "
        f"by themselves these took {sum(outcome.hours for outcome in outcomes) / 24:,.0f} days; before healing, "
        + ", ".join(f"{count:,} {ending}" for ending, count in attempts.most_common())
    )
    kinds = Counter(map(_kind, broken))
    for kind, count in kinds.most_common():
        seeds = [outcome.seed for outcome in broken if _kind(outcome) == kind]
        print(f"BROKEN in {count:,}: {kind} (seeds {', '.join(map(str, seeds[:12]))})")
    if arguments.plant:
        print(f"The planted fault {arguments.plant} was found in {len(broken):,} of {len(outcomes):,} stories.")
        return 0 if broken else 1
    return 1 if broken else 0


def _is_the_plant(outcome: Outcome, storage: Callable[[], Storage]) -> bool:
    """Whether what was found is what was planted: it is not there without it, and was planted well."""
    if _kind(outcome) == OWN_FAULT:
        print(f"seed {outcome.seed}: the planted fault does not fit any more: {outcome.broken}", flush=True)
        return False
    return _kind(run_story(outcome.seed, storage)) != _kind(outcome)


def _kind(outcome: Outcome) -> str | None:
    """The promise that was broken, without what is particular to the story."""
    return None if outcome.broken is None else outcome.broken.split(":")[0].partition(" (")[0]


def _say(outcome: Outcome, arguments: argparse.Namespace) -> None:
    if arguments.tell:
        print(outcome.story.setup)
        print("\n".join(outcome.told))
    if outcome.broken is None:
        return
    plant = f" PLANT={arguments.plant}" if arguments.plant else ""
    print(f"seed {outcome.seed}: {outcome.broken}\n    make chaos SEEDS={outcome.seed}{plant} TELL=1", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("seeds", type=_seeds, help="a seed, several (3,17), or all from one to another (1-3000)")
    parser.add_argument("--plant", choices=sorted(PLANTS), help="with this fault planted into the connector")
    parser.add_argument("--first", action="store_true", help="end with the first broken promise")
    parser.add_argument("--tell", action="store_true", help="tell each story")
    return parser


def _seeds(text: str) -> list[int]:
    seeds: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        seeds += range(int(first), int(last or first) + 1)
    return seeds


if __name__ == "__main__":
    sys.exit(main())
