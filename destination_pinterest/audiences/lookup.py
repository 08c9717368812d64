"""Looks up what exists: audiences by name or id, their customer lists, and lists without an audience.

Source: Pinterest OpenAPI 5.23.0, customer_lists/list and audiences/list; Amperity takes the newest of several lists of
one name (both read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final, TypeVar

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.chosen import find_chosen
from destination_pinterest.audiences.shadow_list import SHADOW_LIST_MAX_AGE_S, ShadowList, is_shadow_list_of
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.audiences.typed import typed
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError, ConnectorError, NotFoundError
from destination_pinterest.routing.destination_object import CUSTOMER_LIST, ChosenAudience

# How many existing names a message has.
_MOST_NAMES: Final = 3

OnFailure = Callable[[int, ConnectorError], None]


def _raise(_number: int, failure: ConnectorError) -> None:
    raise failure


class AudienceLookup:
    """Looks up audiences and customer lists by name or id.

    Args:
        pinterest: the client.
        now: seconds since the epoch.
    """

    def __init__(self, pinterest: PinterestClient, *, now: Callable[[], float]) -> None:
        self._pinterest = pinterest
        self._now = now
        self._lists_before: frozenset[str] = frozenset()

    def find(self, targets: Sequence[AudienceTarget], on_failure: OnFailure = _raise) -> list[TargetUpdate]:
        """Returns the targets, in order, completed with what exists.

        Args:
            targets: the audiences.
            on_failure: takes the number of a target that can't be used, which then stays as it is, and one of these:
                AudienceConflictError: its name is taken by an audience of another kind, it was chosen and is of
                    another kind, or another target leads to the same customer list.
                NotFoundError: it was chosen and is gone, its customer list is gone, or people are only to be removed
                    and there is neither an audience nor a list of that name.
                ConnectorError: Pinterest refused what only this target needs.

        Raises:
            ConnectorError: the account's audiences or lists can't be listed, or what `on_failure` raises.
        """
        every_audience = list(self._pinterest.audiences())
        updates = self._find_audiences(targets, every_audience, on_failure)
        for number, failure in _shared_lists(updates):
            on_failure(number, failure)
            del updates[number]
        found = [update.target for update in updates.values()]
        if any(target.list_id is None or target.shadow is not None for target in found):
            every_list = list(self._pinterest.customer_lists())
            self._lists_before = frozenset(one.id for one in every_list)
            free = _without_audience(every_list, every_audience, found)
            updates = {number: self._with_lists(update, every_list, free) for number, update in updates.items()}
        for number, update in list(updates.items()):
            try:
                _require_list_to_remove_from(update.target, every_audience)
            except NotFoundError as failure:
                on_failure(number, failure)
                del updates[number]
        return [updates.get(number, TargetUpdate(target)) for number, target in enumerate(targets)]

    def newest_list(self, name: str) -> CustomerList | None:
        """Returns the newest list of a name that did not exist when the sync began."""
        found = [one for one in self._pinterest.customer_lists() if one.name == name]
        made_since = [one for one in found if one.id not in self._lists_before]
        if not made_since:
            return None
        newest = _newest(made_since)
        self._pinterest.expect(newest.id)
        return newest

    def newest_audience(self, name: str, list_id: str) -> Audience | None:
        """Returns the newest audience of a name that is made from a list."""
        ours = [
            audience
            for audience in _by_name(self._pinterest.audiences(), {name}).get(name, [])
            if typed(audience, self._pinterest).audience_type == CUSTOMER_LIST and self._list_of(audience) == list_id
        ]
        if not ours:
            return None
        newest = _newest(ours)
        self._pinterest.expect(newest.id)
        return newest

    def _find_audiences(
        self, targets: Sequence[AudienceTarget], every_audience: Sequence[Audience], on_failure: OnFailure
    ) -> dict[int, TargetUpdate]:
        """Returns the targets that can be used, by their numbers."""
        wanted = {target.name for target in targets if target.chosen_id is None}
        by_name = _by_name(every_audience, wanted)
        updates = {}
        for number, target in enumerate(targets):
            try:
                if target.chosen_id is None:
                    updates[number] = self._with_namesake(target, by_name.get(target.name, []))
                else:
                    updates[number] = self._with_chosen(target, target.chosen_id, every_audience)
            except ConnectorError as failure:
                on_failure(number, failure)
        return updates

    def _with_chosen(self, target: AudienceTarget, chosen_id: str, every_audience: Sequence[Audience]) -> TargetUpdate:
        chosen = find_chosen(ChosenAudience(target.name, chosen_id), every_audience, self._pinterest)
        named = replace(target, name=chosen.name or target.name)
        remedy = "Choose another destination object in the connection's settings."
        return TargetUpdate(self._with_audience(named, chosen, remedy))

    def _with_namesake(self, target: AudienceTarget, namesakes: list[Audience]) -> TargetUpdate:
        namesakes = [typed(audience, self._pinterest) for audience in namesakes]
        usable = [audience for audience in namesakes if audience.audience_type == CUSTOMER_LIST]
        if not namesakes:
            return TargetUpdate(target)
        if not usable:
            raise AudienceConflictError(
                Code.AUDIENCE_OF_OTHER_TYPE,
                f'The ad account has an audience "{target.name}" of the type {namesakes[0].audience_type}, '
                "which can't take members from a table. Choose another audience name in the settings, "
                "or rename that audience in Pinterest Ads Manager.",
            )
        newest = _newest(usable)
        remedy = "Remove or rename the audience in Pinterest Ads Manager, then sync again: a new one is created."
        found = self._with_audience(target, newest, remedy)
        if len(namesakes) == 1:
            return TargetUpdate(found)
        note = f"{len(namesakes)} audiences are named so; the newest made from a customer list is used ({newest.id})."
        return TargetUpdate(found, (note,))

    def _with_audience(self, target: AudienceTarget, audience: Audience, if_list_is_gone: str) -> AudienceTarget:
        list_id = self._list_of(audience)
        try:
            live = self._pinterest.customer_list(list_id)
        except NotFoundError as error:
            raise NotFoundError(
                Code.CUSTOMER_LIST_GONE,
                f'The audience "{target.name}" ({audience.id}) is made of the customer list {list_id}, which is '
                f"gone. {if_list_is_gone}",
                answer=error.answer,
            ) from None
        return replace(target, audience_id=audience.id, list_id=list_id, live=live, description=audience.description)

    def _list_of(self, audience: Audience) -> str:
        self._pinterest.expect(audience.id, audience.customer_list_id)
        list_id = audience.customer_list_id or self._pinterest.audience(audience.id).customer_list_id
        if list_id is None:
            raise AudienceConflictError(
                Code.CUSTOMER_LIST_UNKNOWN,
                f'Pinterest does not say which customer list the audience "{audience.name}" ({audience.id}) is '
                "made of. Choose another audience name in the settings.",
            )
        return list_id

    def _with_lists(
        self, update: TargetUpdate, every_list: Sequence[CustomerList], free: Sequence[CustomerList]
    ) -> TargetUpdate:
        target, notes = update.target, update.notes
        if target.shadow is not None:
            target = self._with_shadow_list(target, target.shadow, free)
            if target.audience_id is None:
                target = replace(target, adoptable=_adoptable(target, every_list, free))
        elif target.list_id is None:
            adopted = _adoptable(target, every_list, free)
            if adopted is not None:
                self._pinterest.expect(adopted.id)
                notes = (*notes, _adoption_note(adopted, free))
                target = replace(target, list_id=adopted.id, live=adopted)
        left_over = [one for one in free if is_shadow_list_of(one.name or "", target.name) and one.id != target.list_id]
        unfinished = [one for one in left_over if not _could_pass_for_finished(one, target)]
        target = replace(
            target,
            left_over_list_ids=tuple(one.id for one in left_over),
            fallback_list_id=_newest(unfinished).id if unfinished else None,
        )
        return TargetUpdate(target, notes)

    def _with_shadow_list(
        self, target: AudienceTarget, shadow: ShadowList, free: Iterable[CustomerList]
    ) -> AudienceTarget:
        live = target.live
        if live is not None and shadow.continues_from(live.name or "") and self._is_young(live):
            return target  # An earlier attempt of the job has swapped its list in: write to that one.
        target = replace(target, list_id=None)
        if shadow.spans == "attempt":
            return target
        # A list that a killed attempt asked for may appear late. Attempts since then used the list they found, so the
        # one in use comes first, then the oldest.
        ours = [one for one in free if _is_of(one, target, shadow) and self._is_young(one)]
        ours.sort(key=lambda one: int(one.id))
        if live is not None and _is_of(live, target, shadow) and self._is_young(live):
            ours.insert(0, live)
        if not ours:
            return target
        self._pinterest.expect(ours[0].id)
        return replace(target, resumed=ours[0], list_id=ours[0].id)

    def _is_young(self, customer_list: CustomerList) -> bool:
        created = customer_list.created_time
        return created is None or self._now() - created <= SHADOW_LIST_MAX_AGE_S


def _without_audience(
    every_list: Iterable[CustomerList], every_audience: Iterable[Audience], found: Iterable[AudienceTarget]
) -> list[CustomerList]:
    """The lists that no audience is made from.

    Lists of other audiences count as used too: an audience renamed by hand leaves its old name to its list. A listing
        may omit an audience's list, so the targets' lists are added.
    """
    used = {audience.customer_list_id for audience in every_audience}
    used |= {target.live.id for target in found if target.live is not None}
    return [one for one in every_list if one.id not in used]


def _adoptable(
    target: AudienceTarget, every_list: Iterable[CustomerList], free: Iterable[CustomerList]
) -> CustomerList | None:
    """The newest list of an audience that does not exist, apart from the list that is written to.

    It may be the replacement of an earlier list. The earlier one is not used: its members have been removed.
    """
    made = [one for one in every_list if one.id != target.list_id and _is_made_for(one, target)]
    newest = _newest(made) if made else None
    return newest if newest is not None and newest.id in {one.id for one in free} else None


def _is_made_for(customer_list: CustomerList, target: AudienceTarget) -> bool:
    name = customer_list.name or ""
    return name == target.name or is_shadow_list_of(name, target.name)


def _adoption_note(adopted: CustomerList, free: Iterable[CustomerList]) -> str:
    namesakes = sum(one.name == adopted.name for one in free)
    if namesakes > 1:
        return f"{namesakes} customer lists are named so; the newest is used ({adopted.id})."
    return f"A customer list without an audience was found and is used ({adopted.id})."


def _is_of(customer_list: CustomerList, target: AudienceTarget, shadow: ShadowList) -> bool:
    if target.chosen_id is None:
        return customer_list.name == target.list_name
    # The audience may have had another name when the list was created, so the label has its id.
    return (customer_list.name or "").endswith(f" [{shadow.label}]")


def _could_pass_for_finished(left_over: CustomerList, target: AudienceTarget) -> bool:
    """Whether a later attempt would take this list, if an audience were made from it, for the whole table."""
    shadow = target.shadow
    return shadow is not None and (shadow.continues_from(left_over.name or "") or _is_of(left_over, target, shadow))


def _require_list_to_remove_from(target: AudienceTarget, every_audience: Iterable[Audience]) -> None:
    if not target.only_removes or target.list_id is not None:
        return
    names = {one.name for one in every_audience if one.name and one.audience_type == CUSTOMER_LIST}
    raise NotFoundError(
        Code.AUDIENCE_TO_REMOVE_FROM_MISSING,
        f'There is no audience "{target.name}" to remove people from. Correct the audience name in the settings: '
        f"{_nearest(target.name, names)}.",
    )


def _nearest(name: str, existing: Iterable[str]) -> str:
    """Names the existing names that resemble a name most, as a clause."""
    by_folded = {one.casefold(): one for one in sorted(existing)}
    nearest = [by_folded[one] for one in get_close_matches(name.casefold(), by_folded, _MOST_NAMES, 0.0)]
    if not nearest:
        return "the ad account has no audience made from a customer list"
    return "the nearest that exist are " + ", ".join(f'"{one}"' for one in nearest)


def _shared_lists(updates: Mapping[int, TargetUpdate]) -> list[tuple[int, AudienceConflictError]]:
    """Returns a failure for each target that leads to the customer list of another."""
    by_list: dict[str, list[int]] = {}
    for number, update in updates.items():
        if update.target.list_id is not None:
            by_list.setdefault(update.target.list_id, []).append(number)
    found = []
    for list_id, numbers in by_list.items():
        if len(numbers) > 1:
            failure = _shared(list_id, [updates[number].target for number in numbers])
            found += [(number, failure) for number in numbers]
    return found


def _shared(list_id: str, targets: Sequence[AudienceTarget]) -> AudienceConflictError:
    remedy = "Choose another audience name for one of them, or one name for both."
    if any(target.chosen_id for target in targets):
        remedy = "Choose one destination object for both streams in the connection's settings."
    names = " and ".join(f'"{target.name}"' for target in targets)
    return AudienceConflictError(
        Code.CUSTOMER_LIST_SHARED,
        f"The audiences {names} are made of the same customer list ({list_id}), so two streams would contradict each "
        f"other. {remedy}",
    )


Named = TypeVar("Named", Audience, CustomerList)


def _by_name(things: Iterable[Named], wanted: set[str]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for thing in things:
        if thing.name is not None and thing.name in wanted:
            found.setdefault(thing.name, []).append(thing)
    return found


def _newest(things: list[Named]) -> Named:
    # Ids grow with time and are always given; creation times may be missing.
    return max(things, key=lambda thing: int(thing.id))
