"""The audiences that a column names, by number: each gets a strategy of its own once a row names it, up to a cap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from destination_pinterest.delivery.strategy import SyncStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.routing.audience_names import spelling_key

# Other spellings of a name that a note shows.
_MOST_SPELLINGS: Final = 3


@dataclass(slots=True)
class NamedBranch:
    """One of the audiences.

    Args:
        number: its place among them.
        strategy: keeps it.
        streams: the streams whose rows have named it, in this sync or an earlier one.
        is_empty: whether an earlier sync left it without members.
        is_known: whether it has been looked up at Pinterest.
        is_named: whether a row of this sync names it.
        spellings: the first spellings of its name in rows.
    """

    number: int
    strategy: SyncStrategy
    streams: set[str] = field(default_factory=set)
    is_empty: bool = False
    is_known: bool = False
    is_named: bool = False
    spellings: dict[str, None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name, as it is spelled at Pinterest once it was looked up."""
        return self.strategy.lane.target.name

    @property
    def is_lost(self) -> bool:
        """Whether it was given up."""
        return self.strategy.lane.failure is not None


class NamedAudiences:
    """All audiences of a column in one ad account. Names that differ only in case or blanks are one.

    Args:
        template: how the settings name them, for people.
        make: creates the strategy of an audience by its name.
        most: how many there may be; those that lost their last member don't count.
    """

    def __init__(self, template: str, make: Callable[[str], SyncStrategy], most: int) -> None:
        self._template = template
        self._make = make
        self._most = most
        self._branches: list[NamedBranch] = []
        self._by_key: dict[str, NamedBranch] = {}
        self._spelled: dict[str, NamedBranch] = {}
        self._counted = 0

    def __iter__(self) -> Iterator[NamedBranch]:
        return iter(self._branches)

    def __getitem__(self, number: int) -> NamedBranch:
        return self._branches[number]

    def remember(self, name: str, streams: Iterable[str], *, is_empty: bool) -> None:
        """Takes up an audience of earlier syncs, under the next number."""
        branch = self._new(name)
        branch.streams.update(streams)
        branch.is_empty = is_empty
        self._counted += not is_empty

    def named(self, names: Sequence[str], stream: str) -> tuple[NamedBranch, ...]:
        """Returns the audiences that a row names.

        Raises:
            InvalidConfigError: there would be too many.
        """
        return tuple(self._named(name, stream) for name in names)

    def _named(self, name: str, stream: str) -> NamedBranch:
        branch = self._spelled.get(name)
        if branch is None:
            branch = self._spelled[name] = self._by_key.get(spelling_key(name)) or self._new(name)
            if len(branch.spellings) < _MOST_SPELLINGS:
                branch.spellings[name] = None
        if not branch.is_named:
            branch.is_named = True
            if branch.is_empty or not branch.streams:
                self._counted += 1
            branch.is_empty = False
            if self._counted > self._most:
                raise InvalidConfigError(
                    Code.TOO_MANY_AUDIENCES,
                    f"The rows name more than {self._most:,} audiences by {self._template}, and the setting Most "
                    "audiences (max_audiences) permits no more; none beyond was created. Check that the column names "
                    "groups of people, or raise that setting.",
                )
        branch.streams.add(stream)
        return branch

    def _new(self, name: str) -> NamedBranch:
        branch = NamedBranch(len(self._branches), self._make(name))
        self._branches.append(branch)
        self._by_key[spelling_key(name)] = branch
        return branch


def spelling_note(branch: NamedBranch) -> str:
    """Returns the note on rows that spell an audience's name otherwise; empty if none does."""
    others = ", ".join(f'"{name}"' for name in branch.spellings if name != branch.name)
    if not others:
        return ""
    return f"Rows that name {others} are in this audience too: names that differ only in case or blanks are one."
