"""One audience held against its promise: while rows are sent, when states come back, and at the end of an attempt."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from integration_tests.orchestrator.jobs import Job
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.far_end import People, Pinterest
from integration_tests.property.model import Applied, Mirrored, Row
from integration_tests.property.setups import Setup, replaced_streams, replaces_audience
from integration_tests.property.tables import EVERYBODY


class BrokenPromiseError(AssertionError):
    """An audience holds what it may not hold."""


class WatchedAudience:
    """An audience.

    Without a memory it is a list that rows are applied to, or it is to be replaced by a new list: then it stays exactly
    as it is up to the one moment at which it becomes the new one.
    """

    def __init__(self, name: str, pinterest: Pinterest, setup: Setup, streams: Sequence[Stream]) -> None:
        self.name = name
        self.streams = streams
        self._pinterest = pinterest
        self._setup = setup
        self._adding_stands = setup.used_for == "exclusion" and setup.mode != "remove"
        self._live = Applied(self.members, adding_stands=self._adding_stands)
        self._generations: dict[Hashable, Applied] = {}
        self._mirrored = (
            Mirrored(self.members, may_be_empty=setup.allow_empty, tells_ends=setup.knows_refreshes)
            if setup.remembers
            else None
        )
        self._promise: Applied | Mirrored = self._mirrored or self._live
        self._list_before: str | None = None
        self._members_before: People = frozenset()
        self._has_rows = False
        # What the list is called that a later attempt finds again; None where none does.
        self._kept_list: str | None = None
        # The job whose attempt made the audience what it is by a replacement.
        self._replaced_by: int | None = None
        self._job = 0
        self.is_whole = False

    @property
    def members(self) -> People:
        """Who is in now."""
        return self._pinterest.members(self._pinterest.list_of(self.name)) & EVERYBODY

    @property
    def is_being_replaced(self) -> bool:
        return self._promise is not self._live and self._promise is not self._mirrored

    def begins(self, job: Job, streams: Sequence[Stream], attempt: int) -> None:
        """An attempt begins. `streams`: those of the job that lead here; `attempt` tells it from all others."""
        self._list_before = self._pinterest.list_of(self.name)
        self._members_before = self.members
        self._job = job.sync_id
        self.is_whole = False
        self._has_rows = False
        if self._mirrored is not None:
            self._mirrored.begins(self._generations_of(job, streams, attempt))
            return
        key = self._generation(job, streams, attempt)
        self._promise = (
            self._live
            if key is None
            else self._generations.setdefault(key, Applied(frozenset(), adding_stands=self._adding_stands))
        )

    def _generation(self, job: Job, streams: Sequence[Stream], attempt: int) -> Hashable | None:
        """What tells the list that is filled now from others; None where the audience's own is."""
        self._kept_list = None
        if not replaces_audience(self._setup, job, streams):
            return None
        if self._replaced_by == job.sync_id and not all(stream.is_full_refresh for stream in streams):
            return None  # The states that came back with the replacement let later attempts bring only the rest.
        (first, *others) = streams
        if others or not self._setup.knows_refreshes or not (first.is_full_refresh and first.is_resumable):
            return ("attempt", attempt)
        generation = job.connection.ids(job.sync_id, streams, ()).generations[first.descriptor]
        self._kept_list = f"{self.name} [dp2: generation {generation}, job {job.sync_id}]"
        return self._kept_list

    def _generations_of(self, job: Job, streams: Sequence[Stream], attempt: int) -> dict[str, Hashable]:
        """What the streams that are to be replaced each on its own are replaced by."""
        replaced = replaced_streams(self._setup, job, streams)
        if not self._setup.knows_refreshes:
            return {stream.name: ("attempt", attempt) for stream in replaced}
        ids = job.connection.ids(job.sync_id, replaced, ()).generations
        return {stream.name: (job.sync_id, ids[stream.descriptor]) for stream in replaced}

    def sent(self, row: Row) -> None:
        self._has_rows = True
        self._promise.sent(row)

    def came_whole(self) -> None:
        """It is proven that all rows of its streams have been sent."""
        self.is_whole = True
        if self._mirrored is not None:
            self._mirrored.is_whole = True

    def looks_right(self) -> None:
        """At any moment: an audience that is being replaced is the old one or the whole new one.

        Raises:
            BrokenPromiseError: it is neither.
        """
        if not self.is_being_replaced:
            return
        members = self.members
        self._may_be_begun()
        if self._pinterest.list_of(self.name) == self._list_before:
            if members != self._members_before:
                raise BrokenPromiseError(f"{self.name} changed before it was replaced: {self._difference(members)}")
        elif not self.is_whole:
            raise BrokenPromiseError(f"{self.name} was replaced without proof that all rows had come")
        elif self._wrong(members, 0, is_done=True):
            raise BrokenPromiseError(f"{self.name} was replaced by a list that is not whole")

    def is_safe(self, position: int) -> None:
        """A state came back: every row before it must be where it is found again.

        Raises:
            BrokenPromiseError: it is not.
        """
        members = self.members
        if isinstance(self._promise, Applied) and self.is_being_replaced and not self._is_replaced():
            if self._kept_list is None:
                if self._promise.adds_before(position) and not self._promise.is_nobody_after(EVERYBODY):
                    raise BrokenPromiseError(f"A state came back before {self.name} was replaced, and no list is kept")
                return
            members = self._pinterest.members(self._pinterest.unused_list(self._kept_list)) & EVERYBODY
        if wrong := self._wrong(members, position, is_done=False):
            raise BrokenPromiseError(f"A state came back too early for {self.name}: {wrong}")

    def ends(self, safe: int, *, is_done: bool, is_due: bool) -> None:
        """An attempt is over; `is_done`: it succeeded; `is_due`: so did its source.

        Raises:
            BrokenPromiseError: the audience is not what was promised.
        """
        self.looks_right()
        if doubled := self._pinterest.named_twice():
            raise BrokenPromiseError(f"{doubled} was created twice")
        if self.is_being_replaced:
            self._end_replacement(safe, is_done=is_done, is_due=is_due)
            return
        if self._mirrored is not None and self.is_whole and not is_due:
            self._mirrored.is_doubtful = True
        if wrong := self._wrong(self.members, safe, is_done=is_done):
            raise BrokenPromiseError(f"{self.name} is wrong at the end of the sync: {wrong}")
        self._promise.ended(safe, is_done=is_done)

    def _end_replacement(self, safe: int, *, is_done: bool, is_due: bool) -> None:
        new = self._promise
        assert isinstance(new, Applied)
        must = new.was_given_anybody() and not new.is_nobody_after(EVERYBODY)
        # Rows of which none names anybody are more likely read wrongly than a reason to empty an audience.
        is_emptied = self._setup.allow_empty and self._members_before and not self._has_rows
        if is_done and is_due and self.is_whole and (must or is_emptied) and not self._is_replaced():
            raise BrokenPromiseError(f"{self.name} was not replaced, although all rows had come")
        if self._is_replaced() and not must and not self._setup.allow_empty and not new.was_given_anybody():
            raise BrokenPromiseError(f"{self.name} was emptied")
        new.ended(safe, is_done=is_done)
        if self._is_replaced():
            self._live = new
            self._replaced_by = self._job

    def _may_be_begun(self) -> None:
        """One that was not there is the old one from the moment on at which it is begun with nobody."""
        if self._list_before is None and self._setup.is_early and not self.members:
            self._list_before = self._pinterest.list_of(self.name)

    def _is_replaced(self) -> bool:
        self._may_be_begun()
        return self._pinterest.list_of(self.name) != self._list_before

    def _wrong(self, members: People, safe: int, *, is_done: bool) -> str:
        """Who is in and may not be, or the other way round; empty if all is right."""
        wrong = [
            person
            for person in EVERYBODY
            if (person in members) not in self._promise.values(person, safe, is_done=is_done)
        ]
        return self._named(wrong, members)

    def _difference(self, members: People) -> str:
        return self._named(sorted(members ^ self._members_before), members)

    @staticmethod
    def _named(people: Sequence[str], members: People) -> str:
        return ", ".join(f"{person[:6]} is {'in' if person in members else 'out'}" for person in sorted(people))
