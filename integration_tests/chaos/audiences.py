"""Audiences held against their promise, where Pinterest and people may have disturbed them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from integration_tests.chaos.far_end import ChaoticPinterest
from integration_tests.orchestrator.jobs import Job
from integration_tests.orchestrator.streams import Stream
from integration_tests.property.audiences import BrokenPromiseError, WatchedAudience
from integration_tests.property.far_end import People
from integration_tests.property.setups import Setup, replaced_streams


class DisturbedAudience(WatchedAudience):
    """As the property's, but for whom a late request put in or took out, and while somebody has meddled with it.

    A meddled-with audience is judged again once it was replaced.
    """

    def __init__(self, name: str, pinterest: ChaoticPinterest, setup: Setup, streams: Sequence[Stream]) -> None:
        super().__init__(name, pinterest, setup, streams)
        self._far_end = pinterest
        self.is_meddled_with = False

    def renames(self, other: str) -> bool:
        """A user renames it in Ads Manager. False if it is not there."""
        return self._far_end.rename(self.name, other)

    def goes(self) -> bool:
        """A user removes it in Ads Manager. False if it is not there."""
        return self._far_end.remove(self.name)

    @property
    def is_judged(self) -> bool:
        return not self.is_meddled_with and self.name not in self._far_end.derailed

    def _generations_of(self, job: Job, streams: Sequence[Stream], attempt: int) -> dict[str, Hashable]:
        named = super()._generations_of(job, streams, attempt)
        return {str(stream.descriptor): named[stream.name] for stream in replaced_streams(self._setup, job, streams)}

    def looks_right(self) -> None:
        if self.is_judged and not self._disturbed():
            super().looks_right()

    def is_safe(self, position: int) -> None:
        if self.is_judged:
            super().is_safe(position)

    def ends(self, safe: int, *, is_done: bool, is_due: bool) -> None:
        if self.is_judged:
            super().ends(safe, is_done=is_done, is_due=is_due)
            return
        if doubled := self._far_end.named_twice():
            raise BrokenPromiseError(f"{doubled} was created twice")
        was_replaced = self.is_being_replaced and self._is_replaced() and is_done and self.is_whole
        if self.is_being_replaced:
            self._promise.ended(safe, is_done=is_done)
            if self._is_replaced():
                self._live = self._promise  # type: ignore[assignment]  # what is being replaced is a list of rows
                self._replaced_by = self._job
        else:
            self._promise.ended(safe, is_done=is_done)
        if was_replaced:
            self.is_meddled_with = False
            self._far_end.derailed.discard(self.name)

    def _wrong(self, members: People, safe: int, *, is_done: bool) -> str:
        disturbed = self._disturbed()
        settled = frozenset(
            person for person in disturbed if True in self._promise.values(person, safe, is_done=is_done)
        )
        return super()._wrong((members - disturbed) | settled, safe, is_done=is_done)

    def _disturbed(self) -> People:
        lists = [self._far_end.list_of(self.name)]
        if self._kept_list is not None:
            lists.append(self._far_end.unused_list(self._kept_list))
        return frozenset().union(*(self._far_end.disturbed.get(str(list_id), set()) for list_id in lists))
