"""What the page shows: plain records without anything of the programs that fill them.

Texts are plain; what stands between backticks is shown as code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

# How something is: well, on its way, in need of somebody, or none of these.
Tone = Literal["good", "wait", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A status in a word or two."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Point:
    """The size of an audience at some moment."""

    at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that went wrong: its code, what happened, and what to do. `anchor` leads to the code's explanation."""

    code: str | None
    text: str
    remedy: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of all errors of a code."""

    code: str
    anchor: str
    happened: str
    remedy: str
    kind: str


@dataclass(frozen=True, slots=True)
class Account:
    """An ad account."""

    name: str
    ad_account_id: str
    facts: Sequence[Fact] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """An audience. `expected` is what comes next; `history` its sizes, the oldest first."""

    name: str
    audience_id: str
    account: str
    status: Mark
    size: str
    facts: Sequence[Fact] = ()
    expected: str = ""
    history: Sequence[Point] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows were not used."""

    name: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """One audience of one run. `where` tells it from others of its name: its project and ad account."""

    key: str
    at: datetime
    name: str
    command: str
    took: str
    outcome: Mark
    summary: str
    problem: Problem | None = None
    reasons: Sequence[Reason] = ()
    facts: Sequence[Fact] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """A sync under way. `total` is None if the source can't say how many rows it has."""

    name: str
    account: str
    done: int
    total: int | None
    text: str
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A customer list without an audience."""

    name: str
    list_id: str
    account: str
    records: str
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request that arrived: never what was in it."""

    number: int
    at: datetime
    method: str
    path: str
    status: Mark
    operation: str
    identifiers: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything on the page but what is running. None stands for a part that the program does not have.

    `failing` are those of the runs that need somebody still.
    """

    title: str
    note: str
    accounts: Sequence[Account]
    audiences: Sequence[Audience]
    left_over: Sequence[LeftOver] = ()
    runs: Sequence[Run] | None = None
    failing: Sequence[Run] = ()
    quota: Sequence[Fact] = ()
    requests: Sequence[Request] | None = None
    problems: Sequence[Problem] = ()
    empty: str = ""


class Source(Protocol):
    """Fills the page."""

    async def content(self) -> Content:
        """Returns what there is now."""

    async def running(self) -> Sequence[Running] | None:
        """Returns the syncs under way; None if the program can't know of any."""
