"""Words what `pinterest-audiences probe` does, step by step, before it does it."""

from __future__ import annotations

from typing import Final

import msgspec

STAYS: Final = (
    "Pinterest can't delete customer lists: the throw-away lists of a probe stay in the ad account for ever. They hold "
    "digests of random bytes, which are nobody's, and no audience is left of them."
)


class Step(msgspec.Struct, frozen=True):
    """A step: its name, what it does, how many requests that write it takes at most, and what it needs before it."""

    name: str
    does: str
    writes: int
    needs: tuple[str, ...] = ()


STEPS: Final = (
    Step("list", "Makes a customer list with one identifier that is nobody's. The list stays for ever.", 1),
    Step("audience", "Makes an audience of the list while it is young.", 1, ("list",)),
    Step("visible", "Looks how long the new list is missing from listings: up to a minute.", 0, ("list",)),
    Step(
        "counters",
        "Adds 100 identifiers to the list, and looks whether its counters say so, at once or within two minutes.",
        1,
        ("list",),
    ),
    Step(
        "size",
        "Adds 1,900, 5,000 and 10,000 identifiers in one request each, until one is refused or not counted in full; "
        "1,000 and 500 if that is the first.",
        3,
        ("counters",),
    ),
    Step("v2", "Adds one identifier in the form of API 5.28 (records_v2).", 1, ("list",)),
    Step("removal", "Removes it again in that form, in a row that has another identifier as well.", 1, ("v2",)),
    Step(
        "listing",
        "Looks whether listings say which list an audience is made of: of the throw-away audience, or of any other.",
        0,
    ),
    Step(
        "names",
        "Gives the throw-away audience a name of 200 characters, and looks what is kept of it.",
        1,
        ("audience",),
    ),
    Step(
        "rule",
        "Makes a second customer list, which stays for ever too, and asks that the throw-away audience be made of it.",
        2,
        ("audience",),
    ),
    Step("headers", "Says what Pinterest's answers so far have shown of the quota. Nothing is asked.", 0),
    Step("end", "Removes the throw-away audience, if there is one.", 1),
)
BY_NAME: Final = {step.name: step for step in STEPS}


def chosen_steps(names: tuple[str, ...] = ()) -> tuple[Step, ...]:
    """Returns these steps with all that they need, in order; all steps if none is named. The last always comes."""
    if not names:
        return STEPS
    wanted: set[str] = {"end"}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        waiting += [needed for needed in BY_NAME[name].needs if needed not in wanted]
    return tuple(step for step in STEPS if step.name in wanted)
