"""What chance may choose: connections, rows, and trouble.

Connections and rows are made of a few numbers: drawing each of their values would take half of all time. What fails is
made smaller by leaving out steps.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from integration_tests.orchestrator.airbyte_platform import (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
)
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE, PYAIRBYTE_WITHOUT_CACHE
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.setups import Setup
from integration_tests.property.tables import (
    CONSENT,
    CONSENTS,
    DELETED_AT,
    DEVICES,
    NO_CONSENTS,
    NOBODY_AT_ALL,
    PEOPLE,
    Shape,
    device,
    email,
)
from integration_tests.property.world import Fault, Trouble

HOSTS = (
    CURRENT_PLATFORM,
    CUSTOM_CONNECTOR,
    PLATFORM_THAT_RESUMES_FULL_REFRESHES,
    PYAIRBYTE,
    PYAIRBYTE_WITHOUT_CACHE,
)
# Of a stream: how it is read, and how it is written.
Mode = tuple[str, str]
OVERWRITES: tuple[Mode, ...] = (("full_refresh", "overwrite"), ("full_refresh", "overwrite_dedup"))
APPENDS: tuple[Mode, ...] = (
    ("incremental", "append_dedup"),
    ("incremental", "append"),
    ("full_refresh", "append"),
    ("full_refresh", "append_dedup"),
)
REMOVES: Mode = ("incremental", "soft_delete")
_ENDPOINTS = (
    "customer_lists/update",
    "customer_lists/create",
    "audiences/create",
    "audiences/update",
    "*",
    "customer_lists/update",
    "customer_lists/list",
    "customer_lists/get",
    "audiences/list",
    "audiences/get",
)
# Each passes by trying again, so none is an excuse. Waits are short enough for the lease of a membership store.
_ACTIONS: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limit"},
    {"kind": "rate_limit", "headers": False, "retry_after_s": 2},
    {"kind": "status", "status": 503},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "truncate"},
    {"kind": "truncate", "how": "body"},
    {"kind": "not_json"},
    {"kind": "too_large", "limit": 1},
    {"kind": "too_large", "limit": 2, "status": 400},
)
SEEDS = st.integers(0, 2**24 - 1)
# Hypothesis tries each path with five variations, in which it puts one number in the place of another. With so many
# numbers to a connection, most variations are of other connections.
_SEEDS_OF_A_CONNECTION = 8
_MOMENTS = st.integers(1, 45)
_KEYS = 4
Changes = list[tuple[int, int, dict[str, Any] | None]]


def setups(
    modes: Sequence[Mode], *, wants: Sequence[str] = ("mirror",), has_store: bool = False
) -> st.SearchStrategy[Setup]:
    """A connection whose streams are in some of these modes; `wants`: what the table may be to the audience."""

    def made(seeds: tuple[int, ...]) -> Setup:
        chance = random.Random(f"{seeds}")
        names = ("users", "leads")[: chance.choice((1, 1, 2))]
        were_there = chance.sample(range(PEOPLE), chance.randint(1, PEOPLE))
        # What is remembered of consent is tried in unit_tests/membership.
        asks_for_consent = not has_store and _is_so(chance, 0.3)
        shapes = tuple(_shape(name, modes, chance, *((CONSENT,) if asks_for_consent else ())) for name in names)
        mode = chance.choice(wants)
        # Where people are only removed, there has to be an audience.
        was_there = mode == "remove" or any(shape.stream.destination_sync_mode == REMOVES[1] for shape in shapes)
        return Setup(
            host=chance.choice(HOSTS),
            shapes=shapes,
            shares=_is_so(chance),
            in_turns=_is_so(chance),
            has_store=has_store,
            batch_size=chance.choice((1, 2, 3, 1900)),
            mode=mode,
            deletes="keep" if _is_so(chance, 0.15) else "remove",
            allow_empty=_is_so(chance),
            were_there=tuple(were_there) if was_there or _is_so(chance) else None,
            asks_for_consent=asks_for_consent,
            used_for="exclusion" if not has_store and _is_so(chance, 0.3) else "targeting",
            is_early=_is_so(chance, 0.3),
        )

    return st.tuples(*[SEEDS] * _SEEDS_OF_A_CONNECTION).map(made)


def growing(chance: random.Random) -> tuple[tuple[str, Any], ...]:
    """What Pinterest does with requests that grow: the sandbox's settings."""
    limit, above = chance.choice((0, 1, 1, 1, 2, 3)), chance.choice(("refuse", "refuse_with_400", "cut", "cut"))
    if limit:
        return (("max_records", limit), ("above_max_records", above))
    return (("count_lag_s", 60.0),) if _is_so(chance, 0.3) else ()


def _shape(name: str, modes: Sequence[Mode], chance: random.Random, *further: str) -> Shape:
    sync_mode, destination_mode = chance.choice(modes)
    has_key = destination_mode.endswith("dedup") or _is_so(chance)
    logs_deletions = _is_so(chance, 0.8)
    devices, deletions = ("gaid",) if _is_so(chance) else (), (DELETED_AT,) if logs_deletions else ()
    columns = ("id", "email", *devices, *deletions, *further)
    stream = Stream(
        name,
        columns=columns,
        sync_mode=sync_mode,
        destination_sync_mode=destination_mode,
        primary_key=("id",) if has_key else (),
        is_resumable=_is_so(chance),
    )
    return Shape(
        stream,
        states_every=chance.randint(1, 3),
        logs_deletions=logs_deletions,
        by_key_alone=_is_so(chance, 0.3),
        has_snapshots=_is_so(chance),
        has_end_marker=_is_so(chance),
    )


def changes(chance: random.Random) -> Changes:
    """Rows that come, change, and go: of which table, by their key, and None where one goes."""
    return [
        (chance.randrange(2), chance.randrange(_KEYS), None if _is_so(chance, 0.35) else _row(chance))
        for _ in range(chance.randint(2, 12))
    ]


def _row(chance: random.Random) -> dict[str, Any]:
    """Somebody, perhaps untidily written, perhaps with a device; or nobody."""
    address = email(chance.randrange(PEOPLE), is_untidy=_is_so(chance))
    return {
        "email": address if _is_so(chance, 0.8) else chance.choice(NOBODY_AT_ALL),
        "gaid": chance.choice((None, None, *map(device, range(DEVICES)), "no device")),
        CONSENT: chance.choice(CONSENTS if _is_so(chance, 0.7) else NO_CONSENTS),
    }


def _is_so(chance: random.Random, probability: float = 0.5) -> bool:
    return chance.random() < probability


def faults() -> st.SearchStrategy[tuple[Fault, ...]]:
    one = st.builds(Fault, st.sampled_from(_ACTIONS), st.sampled_from(_ENDPOINTS), st.integers(0, 3), st.integers(1, 3))
    return st.lists(one, max_size=2).map(tuple)


def passing_trouble() -> st.SearchStrategy[Trouble]:
    """What a sync survives."""
    return st.builds(Trouble, faults=faults(), seed=SEEDS)


def kills() -> st.SearchStrategy[Trouble]:
    """What ends an attempt without a warning."""
    return st.builds(Trouble, faults=st.just(()) | faults(), kill_at=_MOMENTS, seed=SEEDS)


def failing_sources() -> st.SearchStrategy[Trouble]:
    """A source that ends badly; the input just ends then."""
    return st.builds(Trouble, faults=st.just(()) | faults(), fails_after=st.integers(0, 12), seed=SEEDS)


def stops() -> st.SearchStrategy[Trouble]:
    """A sync that is told to end."""
    return st.builds(Trouble, stops_after=st.integers(0, 4), seed=SEEDS)
