"""Draws what goes wrong in an attempt.

Many faults need a request that a sync may never send. So those that a small sync sends are preferred, and of those the
first ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from integration_tests.chaos.chance import seed, weighed
from integration_tests.chaos.setups import ChaosSetup
from integration_tests.chaos.stories import Attempt, Fault, Trouble
from integration_tests.orchestrator.pyairbyte import PYAIRBYTE

Endpoints = Sequence[tuple[float, str]]
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
# A sync may give up on these, with a typed error, and the next ones heal. Those that are about one request come once,
# twice or always,
_REFUSALS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 400, "code": 1, "message": "Invalid request: p1@example.com is not welcome"},
    {"kind": "status", "status": 403, "code": 29, "message": "You are not permitted to access that resource."},
    {"kind": "status", "status": 404, "code": 50, "message": "Not found."},
    {"kind": "status", "status": 409, "code": 1, "message": "Conflict"},
    {"kind": "status", "status": 418, "code": 0, "message": "I'm a teapot"},
    {"kind": "leave_out", "fields": ["id", "name"]},
)
# those that are about everything end the sync at once,
_ENDS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 401, "code": 2, "message": "Authentication failed."},
    {"kind": "rate_limit", "reset_s": 90_000, "retry_after_s": 90_000},
)
# and those that might pass last until it gives up.
_OUTAGES: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 423, "code": 0, "message": "Locked"},
    {"kind": "status", "status": 503},
    {"kind": "not_json", "status": 503},
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "latency", "seconds": 90},
)
_ALWAYS = 1_000_000
_LATE_EFFECTS_S = (2.0, 45.0, 200.0, 4_000.0)


def attempt(setup: ChaosSetup, chance: random.Random, *, is_killed: bool = False, is_first: bool = False) -> Attempt:
    """An attempt after a while, and what it meets. `is_first`: what it needs at Pinterest is perhaps not there."""
    after_s = chance.choice((60.0, 60.0, 60.0, 3_600.0, 86_400.0))
    number = seed(chance)
    met = faults(setup, chance, creates=is_first and setup.were_there is None)
    ends = _end(setup, chance) if is_killed or chance.random() < 0.4 else {}
    if is_killed and "fails_after" in ends:
        ends = {"kill_at": chance.randint(1, 60)}
    jumps = ()
    if chance.random() < 0.1:
        hops = (-86_400.0, -3_600.0, 3_600.0, 86_400.0)
        jumps = tuple((chance.randint(1, 40), chance.choice(hops)) for _ in range(chance.randint(1, 2)))
    return Attempt(after_s, Trouble(met, jumps=jumps, loses_control=chance.random() < 0.1, seed=number, **ends))


def _end(setup: ChaosSetup, chance: random.Random) -> dict[str, int]:
    """What ends an attempt early."""
    replaces = any("overwrite" in shape.stream.destination_sync_mode for shape in setup.shapes)
    # PyAirbyte's cache comes first, so that a source's failure reaches no destination.
    fails = 0 if setup.host is PYAIRBYTE else 5 if replaces else 2
    return weighed(
        chance,
        (
            (3, {"kill_at": chance.randint(1, 60)}),
            (4, {"kill_at_write": chance.choice((1, 1, 2, 2, 3, 4, 6))}),
            (2, {"stop_at": chance.randint(1, 60)}),
            # A small table has few messages.
            (fails, {"fails_after": chance.choice((0, 1, 2, 3, 4, 5, 8, 12))}),
        ),
    )


def faults(setup: ChaosSetup, chance: random.Random, *, creates: bool = False) -> tuple[Fault, ...]:
    """What an attempt meets at Pinterest. `creates`: it will have to create audiences."""
    asked = _asked(setup, creates=creates)
    kind = chance.random()
    if kind < 0.2:
        return ()
    if kind < 0.55:
        both = tuple(_passing(setup, chance, asked) for _ in range(chance.randint(1, 2)))
        # A new token that is refused at once is the end, too.
        expirations = sum(fault.action["kind"] == "expire_token" for fault in both)
        return tuple(replace(fault, passes=False) for fault in both) if expirations > 1 else both
    if kind < 0.62:
        endpoint = weighed(chance, [(share, name) for share, name in asked if name.endswith("/create")])
        late = Fault(chance.choice(_LATE), chance.choice((endpoint, endpoint, "*")), 0, 2)
        return (late, _passing(setup, chance, asked)) if chance.random() < 0.3 else (late,)
    if kind < 0.68:
        action = {"kind": "late_effect", "seconds": chance.choice(_LATE_EFFECTS_S)}
        endpoint = weighed(chance, [(share, name) for share, name in asked if name.endswith(("/update", "/create"))])
        return (Fault(action, endpoint, chance.randint(0, 2), chance.randint(1, 2), passes=False),)
    return (_lasting(chance, asked),)


def _asked(setup: ChaosSetup, *, creates: bool) -> Endpoints:
    """The endpoints that a sync asks, about as often as it does. What goes wrong elsewhere shows nothing."""
    swaps = not setup.remembers and any("overwrite" in s.stream.destination_sync_mode for s in setup.shapes)
    return (
        (10, "customer_lists/update"),
        (4 if swaps or creates else 0.2, "customer_lists/create"),
        (4 if creates else 0.2, "audiences/create"),
        (4 if swaps else 0.2, "audiences/update"),
        (4, "*"),
        (2, "customer_lists/list"),
        (2, "customer_lists/get"),
        (2, "audiences/list"),
        (0.5, "audiences/get"),
    )


def _lasting(chance: random.Random, asked: Endpoints) -> Fault:
    actions = weighed(chance, ((4, _REFUSALS), (3, _ENDS), (3, _OUTAGES)))
    times = _ALWAYS if actions is _OUTAGES else chance.choice((1, 2, _ALWAYS))
    # What goes wrong while people are sent is of more interest than what comes before it.
    endpoint = "customer_lists/update" if chance.random() < 0.6 else weighed(chance, asked)
    return Fault(chance.choice(actions), endpoint, _after(chance), times, passes=False)


def _passing(setup: ChaosSetup, chance: random.Random, asked: Endpoints) -> Fault:
    action = chance.choice(_PASSING)
    # With a pasted token, or a request's time already up, these are the end.
    passes = not (action["kind"] == "expire_token" and not setup.signs_in)
    passes = passes and setup.retry_hours >= 1
    # An answer without the fields may be all there ever is.
    times = _ALWAYS if action["kind"] in {"leave_out", "lagging_counts"} and chance.random() < 0.5 else None
    endpoint, after, times = weighed(chance, asked), _after(chance), times or chance.randint(1, 3)
    # Where the audience itself does not say what it is made of, nobody can know.
    passes = passes and not (action.get("fields") == ["rule"] and endpoint in {"*", "audiences/get"})
    return Fault(action, endpoint, after, 1 if action["kind"] == "expire_token" else times, passes)


def _after(chance: random.Random) -> int:
    """Few requests of a kind are sent, so that a later one may never come."""
    return chance.choice((0, 0, 0, 0, 1, 1, 2, 3))
