"""Draws stories: the same seed gives the same story."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from integration_tests.chaos.setups import ChaosSetup
from integration_tests.chaos.stories import (
    Attempt,
    Change,
    Command,
    Fault,
    Meddling,
    Membership,
    NewJob,
    Step,
    TokensAge,
    Trouble,
)
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

T = TypeVar("T")
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
_ENDPOINTS = (
    (6, "customer_lists/update"),
    (3, "customer_lists/create"),
    (3, "audiences/create"),
    (3, "audiences/update"),
    (3, "*"),
    (2, "customer_lists/list"),
    (2, "customer_lists/get"),
    (2, "audiences/list"),
    (2, "audiences/get"),
)
# Each passes by trying again, so none is an excuse. Waits are short enough for any limit.
_PASSING: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limit"},
    {"kind": "rate_limit", "headers": False, "retry_after_s": 2},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "headers": {"retry-after": "30"}},
    *(
        # Of these more is at stake: nobody knows whether the request took effect.
        {"kind": "reset_before"},
        {"kind": "reset_after"},
        {"kind": "truncate"},
        {"kind": "truncate", "how": "body"},
        {"kind": "not_json"},
    )
    * 3,
    {"kind": "too_large", "limit": 1},
    {"kind": "too_large", "limit": 2, "status": 400},
    {"kind": "latency", "seconds": 5},
    {"kind": "latency", "seconds": 90},
    {"kind": "lagging_counts", "records": 3},
    {"kind": "leave_out", "fields": ["rule"]},
    {"kind": "leave_out", "fields": ["num_uploaded_user_records", "num_removed_user_records", "status"]},
    {"kind": "leave_out", "fields": ["size", "description", "created_timestamp", "created_time", "updated_time"]},
    {"kind": "expire_token"},
)
_LATE: tuple[dict[str, Any], ...] = (
    {"kind": "late_visible", "seconds": 3},
    {"kind": "late_visible", "seconds": 40},
    {"kind": "late_visible", "seconds": 40, "listings_only": True},
)
# A sync may give up on these, with a typed error, and the next ones heal.
_LASTING: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 400, "code": 1, "message": "Invalid request: p1@example.com is not welcome"},
    {"kind": "status", "status": 403, "code": 29, "message": "You are not permitted to access that resource."},
    {"kind": "status", "status": 404, "code": 50, "message": "Not found."},
    {"kind": "status", "status": 409, "code": 1, "message": "Conflict"},
    {"kind": "status", "status": 401, "code": 2, "message": "Authentication failed."},
    {"kind": "status", "status": 418, "code": 0, "message": "I'm a teapot"},
    {"kind": "status", "status": 423, "code": 0, "message": "Locked"},
    {"kind": "status", "status": 503},
    {"kind": "not_json", "status": 503},
    {"kind": "rate_limit", "reset_s": 90_000, "retry_after_s": 90_000},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "latency", "seconds": 90},
    {"kind": "leave_out", "fields": ["id", "name"]},
)
_LATE_EFFECTS_S = (2.0, 45.0, 200.0, 4_000.0)


@dataclass(frozen=True)
class Story:
    """A connection and what happens to it."""

    setup: ChaosSetup
    steps: tuple[Step, ...]


def draw(seed: int) -> Story:
    """The story of a seed."""
    chance = random.Random(f"chaos {seed}")
    setup = _setup(chance)
    steps: list[Step] = [Change(_seed(chance))]
    for _ in range(chance.randint(3, 9)):
        steps += _steps(setup, chance)
    return Story(setup, tuple(steps))


def _setup(chance: random.Random) -> ChaosSetup:
    store = _weighed(chance, _STORES)
    host = _weighed(chance, _HOSTS)
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
    shapes = tuple(_shape(name, namespace, _weighed(chance, modes), chance) for name, namespace in names)
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
        tier=_weighed(chance, ((6, "none"), (2, "standard"), (2, "trial"))),
        # The property's model does not know an audience that is to be replaced before it can be made.
        is_too_small=chance.random() < 0.08 and not replaces and host in {CUSTOM_CONNECTOR, PYAIRBYTE},
        retry_hours=chance.choice((0.05, 1.0, 1.0, 13.0)),
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
    meddlings = ("renames", "removes", "spends", "spends", *(("lowers the floor",) * 3 if setup.is_too_small else ()))
    draws: Sequence[tuple[int, Callable[[], list[Step]]]] = (
        (10, lambda: [Change(_seed(chance)), _attempt(setup, chance)]),
        (6, lambda: [_attempt(setup, chance)]),
        (6, lambda: [_attempt(setup, chance, is_killed=True), Change(_seed(chance)), _attempt(setup, chance)]),
        (
            4,
            lambda: [
                NewJob(chance.choice(("refresh", "refresh", "refresh and keep", "clear", "give up")), _which(chance))
            ],
        ),
        (1, lambda: [Membership(chance.choice(("leaves", "leaves", "returns")), _which(chance))]),
        (1, lambda: [Meddling(chance.choice(meddlings), _which(chance))]),
        (1, lambda: [TokensAge(chance.choice((0.0, 1.0, 3_600.0, 90_000.0))), _attempt(setup, chance)]),
        (
            1,
            lambda: [
                Command(
                    chance.choice(("check", "discover")), Trouble(faults=_faults(setup, chance), seed=_seed(chance))
                )
            ],
        ),
    )
    return _weighed(chance, draws)()


def _attempt(setup: ChaosSetup, chance: random.Random, *, is_killed: bool = False) -> Attempt:
    after_s = chance.choice((60.0, 60.0, 60.0, 3_600.0, 86_400.0))
    seed = _seed(chance)
    faults = _faults(setup, chance)
    ends: dict[str, int] = {}
    end = chance.random() * (0.3 if is_killed else 1.0)
    if end < 0.15:
        ends["kill_at"] = chance.randint(1, 60)
    elif end < 0.3:
        ends["kill_at_write"] = chance.choice((1, 1, 2, 2, 3, 4, 6))
    elif end < 0.4:
        ends["stop_at"] = chance.randint(1, 60)
    elif end < 0.5 and setup.host is not PYAIRBYTE:  # Its cache comes first: the failure reaches no destination.
        ends["fails_after"] = chance.randint(0, 12)
    jumps = ()
    if chance.random() < 0.1:
        hops = (-86_400.0, -3_600.0, 3_600.0, 86_400.0)
        jumps = tuple((chance.randint(1, 40), chance.choice(hops)) for _ in range(chance.randint(1, 2)))
    return Attempt(after_s, Trouble(faults, jumps=jumps, loses_control=chance.random() < 0.1, seed=seed, **ends))


def _faults(setup: ChaosSetup, chance: random.Random) -> tuple[Fault, ...]:
    kind = chance.random()
    if kind < 0.3:
        return ()
    if kind < 0.7:
        return tuple(_passing(setup, chance) for _ in range(chance.randint(1, 2)))
    if kind < 0.78:
        action = chance.choice(_LATE)
        late = Fault(action, chance.choice(("customer_lists/create", "audiences/create", "*")), 0, 2)
        return (late, _passing(setup, chance)) if chance.random() < 0.3 else (late,)
    if kind < 0.85:
        action = {"kind": "late_effect", "seconds": chance.choice(_LATE_EFFECTS_S)}
        endpoint = _weighed(chance, _ENDPOINTS[:4])
        return (Fault(action, endpoint, chance.randint(0, 2), chance.randint(1, 2), passes=False),)
    action = chance.choice(_LASTING)
    times = chance.choice((1, 2, 1_000_000))
    endpoint = "customer_lists/update" if chance.random() < 0.5 else _weighed(chance, _ENDPOINTS)
    return (Fault(action, endpoint, _after(chance), times, passes=False),)


def _passing(setup: ChaosSetup, chance: random.Random) -> Fault:
    action = chance.choice(_PASSING)
    # With a pasted token, or a request's time already up, these are the end.
    passes = not (action["kind"] == "expire_token" and not setup.signs_in)
    passes = passes and setup.retry_hours >= 1
    # An answer without the fields may be all there ever is.
    times = 1_000_000 if action["kind"] in {"leave_out", "lagging_counts"} and chance.random() < 0.5 else None
    endpoint, after, times = _weighed(chance, _ENDPOINTS), _after(chance), times or chance.randint(1, 3)
    # Where the audience itself does not say what it is made of, nobody can know.
    passes = passes and not (action.get("fields") == ["rule"] and endpoint in {"*", "audiences/get"})
    # A new token that is refused as well is the end, too.
    return Fault(action, endpoint, after, 1 if action["kind"] == "expire_token" else times, passes)


def _after(chance: random.Random) -> int:
    """Few requests of a kind are sent, so that a later one may never come."""
    return chance.choice((0, 0, 0, 1, 1, 2, 3))


def _weighed(chance: random.Random, of: Sequence[tuple[int, T]]) -> T:
    return chance.choices([item for _, item in of], [weight for weight, _ in of])[0]


def _which(chance: random.Random) -> int:
    return chance.randint(0, 1)


def _seed(chance: random.Random) -> int:
    return chance.randrange(2**24)
