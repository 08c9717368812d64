"""The promise: what may be in an audience, told from what the destination was sent and from what it gave back.

Nothing here knows how the connector works. For each identifier a promise gives the values that its membership may have:
one value after a sync that succeeded, several while rows are on their way or after an attempt that broke, for whatever
was sent behind the last state that came back may have arrived or not.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

People = frozenset[str]
Values = frozenset[bool]

OUT: Values = frozenset({False})
IN: Values = frozenset({True})
EITHER = OUT | IN


@dataclass(frozen=True)
class Row:
    """A row as it was sent.

    Args:
        position: how many rows came before it in this attempt, of all streams.
        stream: whose it is.
        key: what tells it from other rows of its stream; None where nothing does.
        is_in: whether its people shall be in the audience; None if it changes nothing.
        people: whom it names.
        objects: whether it has no consent: then nobody else brings its people in.
    """

    position: int
    stream: str
    key: Hashable | None
    is_in: bool | None
    people: People
    objects: bool = False

    @property
    def name(self) -> Hashable | None:
        """What tells it from all other rows; None where nothing does."""
        return None if self.key is None else (self.stream, self.key)


class Applied:
    """A list that rows are applied to one after the other: of two rows about one identifier the later one counts.

    But what a row says of its people in `stands` (an objection; on an exclusion audience an addition) only a later
    version of the same row takes back, and nobody once two rows have said it.
    """

    def __init__(self, members: People, *, adding_stands: bool = False) -> None:
        self._adding_stands = adding_stands
        self._before: dict[str, Values] = dict.fromkeys(members, IN)
        self._rows: list[Row] = []

    def sent(self, row: Row) -> None:
        if row.is_in is not None and row.people:
            self._rows.append(row)

    def values(self, person: str, safe: int, *, is_done: bool = False) -> Values:
        """The membership that is possible once the rows before `safe` are; with `is_done`, all of them."""
        before = self._before.get(person, OUT)
        words = list(self._words(person))
        settled = [word for position, word in words if is_done or position < safe]
        others = frozenset(word for position, word in words if not is_done and position >= safe)
        return (frozenset(settled[-1:]) or before) | others

    def _words(self, person: str) -> Iterator[tuple[int, bool]]:
        """What counts of what the rows say of somebody."""
        claimants: set[Hashable | None] = set()
        for row in self._rows:
            if person not in row.people:
                continue
            if (row.is_in is True) if self._adding_stands else row.objects:
                claimants.add(row.name)
            elif claimants == {row.name} and row.name is not None:
                claimants.clear()
            elif claimants and row.is_in is not self._adding_stands:
                continue
            yield row.position, bool(row.is_in)

    def ended(self, safe: int, *, is_done: bool) -> None:
        """The attempt is over."""
        touched = {person for row in self._rows for person in row.people}
        self._before |= {person: self.values(person, safe, is_done=is_done) for person in touched}
        self._rows = []

    def adds_before(self, position: int) -> bool:
        """Whether a row of this attempt before that position wants somebody in."""
        return any(row.is_in and row.position < position for row in self._rows)

    def is_nobody_after(self, everybody: Iterable[str]) -> bool:
        """Whether surely nobody is left once all rows are applied."""
        return all(self.values(person, 0, is_done=True) == OUT for person in everybody)

    def was_given_anybody(self) -> bool:
        """Whether any row ever wanted somebody in."""
        return any(row.is_in for row in self._rows) or any(True in values for values in self._before.values())


Holder = tuple[str, Hashable]


def _holders_of(row: Row) -> list[Holder]:
    """What a row is told from others by: its key, or each of those whom it names."""
    if row.key is not None:
        return [(row.stream, ("key", row.key))]
    return [(row.stream, ("person", person)) for person in row.people]


@dataclass(frozen=True)
class Book:
    """Whom each row holds, and by which generation each stream was replaced last."""

    holds: Mapping[Holder, People] = field(default_factory=dict)
    replaced_by: Mapping[str, Hashable] = field(default_factory=dict)

    @property
    def held(self) -> People:
        """Whom any row holds."""
        return frozenset().union(*self.holds.values())


class Mirrored:
    """An audience whose rows are remembered: who is in is whom a row holds, and who was there before on their own.

    A row with a key holds the people of its last version. One without is told from others by whom it names. Somebody
    whom no row holds any more leaves, and so does somebody whom a deletion names and no row holds. A stream that is to
    be replaced is so by the first attempt of its generation that gets to the end; later ones bring the rest.

    Whom a broken attempt named may be in although no row holds them, until a sync has seen everything: before that, a
    row may still come that does. `tells_ends`: whether the host says that everything came; elsewhere its end says so.
    """

    def __init__(self, members: People, *, may_be_empty: bool, tells_ends: bool) -> None:
        self._books = [Book()]
        # Those who were there before this connector came.
        self._foreign: dict[str, Values] = dict.fromkeys(members, IN)
        self._may_be_empty = may_be_empty
        self._tells_ends = tells_ends
        self._undecided: People = frozenset()
        self._rows: list[Row] = []
        self._generations: Mapping[str, Hashable] = {}
        self.is_whole = False
        # The source failed after its last word: whether that word counts is the connector's choice.
        self.is_doubtful = False

    def begins(self, generations: Mapping[str, Hashable]) -> None:
        """An attempt begins, in which these streams are to be replaced, each by this generation."""
        self._generations = generations
        self.is_whole = self.is_doubtful = False

    def sent(self, row: Row) -> None:
        if row.is_in is not None and (row.people or row.key is not None):
            self._rows.append(row)

    def values(self, person: str, safe: int, *, is_done: bool = False) -> Values:
        """As `Applied.values`."""
        outcomes = (
            self._value(person, before, after, rows) for before, after, rows in self._outcomes(safe, is_done=is_done)
        )
        values: Values = frozenset().union(*outcomes)
        stays = person in self._undecided and not self._has_seen_all(is_done=is_done)
        return EITHER if stays and False in values else values

    def ended(self, safe: int, *, is_done: bool) -> None:
        """As `Applied.ended`."""
        outcomes = list(self._outcomes(safe, is_done=is_done))
        touched = {person for row in self._rows for person in row.people}
        touched |= {person for book in self._books for person in book.held}
        foreign = {}
        for person in touched:
            values: Values = frozenset()
            for before, after, rows in outcomes:
                stays = person in after.held
                own = self._foreign.get(person, OUT)
                values |= own if stays else self._value(person, before, after, rows)
            named = any(person in row.people for row in self._rows)
            foreign[person] = values if is_done or not named else values | OUT
        self._foreign |= foreign
        different = {
            (frozenset(after.holds.items()), frozenset(after.replaced_by.items())): after for _, after, _ in outcomes
        }
        self._books = list(different.values())
        if not is_done:
            self._undecided |= {person for row in self._rows for person in row.people}
        elif self._has_seen_all(is_done=is_done):
            self._undecided = frozenset()
        self._rows = []

    def _has_seen_all(self, *, is_done: bool) -> bool:
        return is_done and (self.is_whole or not self._tells_ends)

    def _outcomes(self, safe: int, *, is_done: bool) -> Iterator[tuple[Book, Book, list[Row]]]:
        """What each book that is possible may have become, and by which rows."""
        least = sum(row.position < safe for row in self._rows)
        for book in self._books:
            replaced = self._replaced(book)
            if is_done:
                for after in self._after(book, self._rows, replaces=self.is_whole):
                    yield book, after, self._rows
                if self.is_doubtful and replaced:
                    yield book, book, []
            elif replaced:  # Nothing is settled before the end.
                yield book, book, []
                for after in self._after(book, self._rows, replaces=True):
                    yield book, after, self._rows
            else:
                for count in range(least, len(self._rows) + 1):
                    for after in self._after(book, self._rows[:count], replaces=False):
                        yield book, after, self._rows[:count]

    def _after(self, book: Book, rows: Sequence[Row], *, replaces: bool) -> list[Book]:
        """What a book may become by these rows."""
        replaced = self._replaced(book) if replaces else frozenset()
        after = {holder: held for holder, held in book.holds.items() if holder[0] not in replaced}
        for row in rows:
            for holder in _holders_of(row):
                if row.is_in:
                    after[holder] = row.people if row.key is not None else frozenset({str(holder[1][1])})
                else:
                    after.pop(holder, None)
        now = Book(after, {**book.replaced_by, **{stream: self._generations[stream] for stream in replaced}})
        if not replaced or self._may_be_empty or not book.held or now.held:
            return [now]
        if self._is_missing_anybody(book, rows, replaced):
            return [book]
        # Whoever may have come in unnoticed is missing too, or has gone before.
        return [book, now] if self._undecided else [now]

    @staticmethod
    def _is_missing_anybody(book: Book, rows: Iterable[Row], replaced: frozenset[str]) -> bool:
        """Whether rows have gone without a word. Those that say who leaves may leave nobody."""
        spoken_of = {holder for row in rows for holder in _holders_of(row)}
        sent_away = {person for row in rows if not row.is_in for person in row.people}
        missing = {holder for holder in book.holds if holder[0] in replaced} - spoken_of
        return any(book.holds[holder] - sent_away for holder in missing)

    def _replaced(self, book: Book) -> frozenset[str]:
        """The streams that are still to be replaced."""
        generations = self._generations.items()
        return frozenset(stream for stream, generation in generations if book.replaced_by.get(stream) != generation)

    def _value(self, person: str, before: Book, after: Book, rows: Iterable[Row]) -> Values:
        if person in after.held:
            return IN
        own = self._foreign.get(person, OUT)
        if before is after:
            return own
        words = [row.is_in for row in rows if person in row.people]
        if person in before.held or False in words:
            return OUT
        return own | OUT if words else own
