"""What happens in a story, one step after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Fault:
    """Something goes wrong with requests; see pinterest_sandbox.faults.FaultPlan."""

    action: Mapping[str, Any]
    endpoint: str
    after: int
    times: int
    passes: bool = True


@dataclass(frozen=True)
class Trouble:
    """What an attempt meets.

    `kill_at`, `stop_at`: the moment of a SIGKILL, and of a SIGTERM; `kill_at_write`: the request that changes something
    and is the last one, if Pinterest gets that many; `kill_before_write`: the one that Pinterest does not get any more;
    `fails_after`: the source ends badly after so many messages; `jumps`: by moment, how far the wall clock is set
    ahead; `loses_control`: whether the host fails to keep the tokens that it is handed; `seed`: who runs when, and what
    comes together.
    """

    faults: tuple[Fault, ...] = ()
    kill_at: int | None = None
    kill_at_write: int | None = None
    kill_before_write: int | None = None
    stop_at: int | None = None
    fails_after: int | None = None
    jumps: tuple[tuple[int, float], ...] = ()
    loses_control: bool = False
    seed: int = 0

    @property
    def is_killed(self) -> bool:
        return (self.kill_at, self.kill_at_write, self.kill_before_write) != (None, None, None)

    @property
    def may_fail(self) -> bool:
        """Whether the attempt may end in any way but well."""
        return (
            self.is_killed
            or self.stop_at is not None
            or self.fails_after is not None
            or not all(fault.passes for fault in self.faults)
        )


@dataclass(frozen=True)
class Change:
    """Rows come, change and go."""

    seed: int


@dataclass(frozen=True)
class Attempt:
    """One attempt of the job under way, after so many seconds."""

    after_s: float
    trouble: Trouble


@dataclass(frozen=True)
class NewJob:
    """The next attempt is the first of another job."""

    what: Literal["refresh", "refresh and keep", "clear", "give up"]
    which: int


@dataclass(frozen=True)
class Membership:
    """A stream leaves the connection, or comes back."""

    what: Literal["leaves", "returns"]
    which: int


@dataclass(frozen=True)
class Meddling:
    """Somebody does something in Ads Manager or with the app's quota, or small lists become large enough."""

    what: Literal["renames", "removes", "spends", "lowers the floor"]
    which: int


@dataclass(frozen=True)
class TokensAge:
    """The access token's life is over, or nearly."""

    seconds_left: float


@dataclass(frozen=True)
class Command:
    """A user tests the destination, or is shown the audiences that there are."""

    what: Literal["check", "discover"]
    trouble: Trouble


Step = Change | Attempt | NewJob | Membership | Meddling | TokensAge | Command
