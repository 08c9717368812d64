"""Undoes a second audience of one list: two syncs that began at once, with no store between them, may both create one.

After a creation the audiences are listed again. Whoever finds an older one of the same name and list goes on with it
and removes the one that it has just made. "Older" is by creation time and then by id, which both syncs see alike, so
one of the two stays. The listing may be late, so it is read until it shows the audience that this sync created: one
that was created before is then likely to be there too.

Source: Pinterest OpenAPI 5.23.0, audiences/list, and audiences/update with REMOVE (read 2026-11-27).
Doubt: how late a listing may be is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.lookup import AudienceLookup, oldest_first
from destination_pinterest.audiences.stored_names import by_folded_name, folded
from destination_pinterest.audiences.target import TargetUpdate
from destination_pinterest.errors import ConnectorError, InterruptedSyncError, NotFoundError

# Before each look at the listing, in seconds; half a minute in all.
_PAUSES_S: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)


class TwinAudiences:
    """Goes on with the older of two audiences of one name and list.

    Args:
        pinterest: the client.
        lookup: looks up audiences.
        sleep: waits so many seconds.
    """

    def __init__(self, pinterest: PinterestClient, lookup: AudienceLookup, *, sleep: Callable[[float], None]) -> None:
        self._pinterest = pinterest
        self._lookup = lookup
        self._sleep = sleep

    def settle(self, update: TargetUpdate, created: Audience, list_id: str) -> TargetUpdate:
        """Returns the target with the audience that stays.

        Args:
            update: the target with the audience that was just created.
            created: that audience.
            list_id: the list that it is made from.
        """
        try:
            namesakes = self._namesakes(created.name or update.target.name, created)
        except InterruptedSyncError:
            raise
        except ConnectorError as error:
            return _unread(update, error)
        return self._settle_among(namesakes, update, created, list_id)

    def settle_all(self, made: Sequence[tuple[TargetUpdate, Audience, str]]) -> list[TargetUpdate]:
        """Returns, in order, what `settle` would for each, from one listing for all of them."""
        created = {audience.id for _, audience, _ in made}
        every: list[Audience] = []
        try:
            for pause_s in _PAUSES_S:
                if pause_s:
                    self._sleep(pause_s)
                every = self._lookup.from_customer_lists()
                if created <= {one.id for one in every}:
                    break
        except InterruptedSyncError:
            raise
        except ConnectorError as error:
            return [_unread(update, error) for update, _, _ in made]
        by_name = by_folded_name(every)
        settled = []
        for update, audience, list_id in made:
            alike = by_name.get(folded(audience.name or update.target.name), [])
            namesakes = {audience.id: audience, **{one.id: one for one in alike}}
            settled.append(self._settle_among(list(namesakes.values()), update, audience, list_id))
        return settled

    def _settle_among(
        self, namesakes: Sequence[Audience], update: TargetUpdate, created: Audience, list_id: str
    ) -> TargetUpdate:
        target = update.target
        try:
            older = self._older(namesakes, created, list_id)
        except InterruptedSyncError:
            raise
        except ConnectorError as error:
            return _unread(update, error)
        if older is None:
            return replace(update, notes=(*update.notes, *self._rivals(namesakes, created, list_id)))
        kept = replace(target, audience_id=older.id, description=older.description)
        return TargetUpdate(kept, (*update.notes, self._remove(created, older)))

    def _namesakes(self, name: str, created: Audience) -> list[Audience]:
        """The audiences of the name, the one that was just created among them."""
        seen: dict[str, Audience] = {}
        for pause_s in _PAUSES_S:
            if pause_s:
                self._sleep(pause_s)
            seen = {one.id: one for one in self._lookup.namesakes(name)}
            if created.id in seen:
                break
        return list({created.id: created, **seen}.values())

    def _older(self, namesakes: Sequence[Audience], created: Audience, list_id: str) -> Audience | None:
        """The oldest audience of the name and list; None if it is the one that was just created."""
        twins = [one for one in namesakes if one.id == created.id or self._lookup.list_of(one) == list_id]
        oldest = oldest_first(twins)[0]
        if oldest.id == created.id:
            return None
        try:
            return self._pinterest.audience(oldest.id)  # A listing may show for a while what is gone.
        except NotFoundError:
            return None

    def _rivals(self, namesakes: Sequence[Audience], created: Audience, list_id: str) -> list[str]:
        """Notes on audiences that another sync created meanwhile of a list of its own, with people of its own."""
        others = [one for one in namesakes if one.id != created.id and self._lookup.is_new(one)]
        rivals = [one.id for one in others if self._lookup.list_of(one) != list_id]
        if not rivals:
            return []
        note = (
            "Another sync created an audience of the same name at the same time, of a list of its own "
            f"({', '.join(rivals)}). Later syncs use the newest, so see that no two connections lead to this audience, "
            "remove the other one in Pinterest Ads Manager, and sync the whole table again."
        )
        return [note]

    def _remove(self, created: Audience, older: Audience) -> str:
        """Removes the audience that was just created; returns the note on it."""
        begun = f"Another sync created the audience {older.id} of the same list at the same time. It is used, and"
        try:
            self._pinterest.remove_audience(created.id)
        except ConnectorError as error:
            return (
                f"{begun} {created.id}, which this sync had created, could not be removed ({error}): remove it in "
                "Pinterest Ads Manager."
            )
        return f"{begun} {created.id}, which this sync had created, was removed."


class PostponedTwins:
    """Keeps audiences that were created, until all of them can be compared with one listing.

    Args:
        twins: compares them.
    """

    def __init__(self, twins: TwinAudiences) -> None:
        self._twins = twins
        self._made: list[tuple[TargetUpdate, Audience, str]] = []

    def settle(self, update: TargetUpdate, created: Audience, list_id: str) -> TargetUpdate:
        """See `TwinAudiences.settle`; postponed."""
        self._made.append((update, created, list_id))
        return update

    def settle_all(self) -> list[tuple[str, TargetUpdate]]:
        """Returns what changed: of which another one is used, or something is to be said, by the ids of the created."""
        made, self._made = self._made, []
        if not made:
            return []
        settled = self._twins.settle_all(made)
        return [
            (created.id, TargetUpdate(after.target, after.notes[len(before.notes) :]))
            for (before, created, _), after in zip(made, settled, strict=True)
            if after != before
        ]


def _unread(update: TargetUpdate, error: ConnectorError) -> TargetUpdate:
    note = f"Whether another sync created the same audience at the same time could not be read: {error}"
    return replace(update, notes=(*update.notes, note))
