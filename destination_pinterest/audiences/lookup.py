"""Looks up what exists: audiences by name or id, their customer lists, and lists without an audience.

Lists for new customer acquisition (`is_nca`) and the audiences made of them are passed over: expanded matching makes
other audiences of the same people, and a list stays what it was created as.

Source: Pinterest OpenAPI 5.23.0, customer_lists/list and audiences/list; Amperity takes the newest of several lists of
one name (both read 2026-11-22); `is_nca` and `exclude_nca` in the models of 5.28.0 (read 2026-11-26).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final, TypeVar

from msgspec.structs import replace

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.chosen import find_chosen
from destination_pinterest.audiences.gone import IfGone, take_up
from destination_pinterest.audiences.list_names import ListNames
from destination_pinterest.audiences.list_use import ListUse
from destination_pinterest.audiences.shadow_list import (
    SHADOW_LIST_MAX_AGE_S,
    ShadowList,
    is_shadow_list_of,
    read_label,
)
from destination_pinterest.audiences.stored_names import by_folded_name, folded, is_cut_from, marked, named
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.audiences.typed import typed
from destination_pinterest.audiences.waiting import is_note, list_in_force, read_waiting
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError, ConnectorError, NotFoundError
from destination_pinterest.routing.audience_names import spelling_key
from destination_pinterest.routing.destination_object import CUSTOMER_LIST, ChosenAudience

# For more targets, everything is listed instead of asking for each.
_FEW: Final = 20
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
        installation: the name of this installation, if the settings have one.
        if_gone: what to do if there is a list of an audience's name and no such audience.
    """

    def __init__(
        self,
        pinterest: PinterestClient,
        *,
        now: Callable[[], float],
        installation: str | None = None,
        if_gone: IfGone = "recreate",
    ) -> None:
        self._pinterest = pinterest
        self._now = now
        self._installation = installation
        self._if_gone = if_gone
        self._wanted: frozenset[str] = frozenset()
        self._lists_before: frozenset[str] | None = None
        self._audiences_before: frozenset[str] | None = None
        self._listed: Mapping[str, CustomerList] = {}
        # Lists that earlier targets lead to, by their ids, with these targets.
        self._led_to: dict[str, AudienceTarget] = {}
        self.listed: list[Audience] = []
        """The ad account's audiences of every type, as `find` listed them last."""

    def find(self, targets: Sequence[AudienceTarget], on_failure: OnFailure = _raise) -> list[TargetUpdate]:
        """Returns the targets, in order, completed with what exists.

        Args:
            targets: the audiences.
            on_failure: takes the number of a target that can't be used, which then stays as it is, and one of these:
                AudienceConflictError: its name is taken by an audience of another kind, or is that of a list in which
                    another audience is replaced; it was chosen and is of another kind, another target leads to the same
                    customer list, it is not certain which audience or list is meant, or the audience is gone and the
                    settings say to fail then.
                NotFoundError: it was chosen and is gone, its customer list is gone, or people are only to be removed
                    and there is neither an audience nor a list of that name.
                ConnectorError: Pinterest refused what only this target needs.

        Raises:
            ConnectorError: the account's audiences or lists can't be listed, or what `on_failure` raises.
        """
        every_audience = self.listed = _ordinary(self._pinterest.audiences(exclude_nca=True))
        are_many = len(targets) > _FEW or any(target.ignores_case for target in targets)
        every_list = self._every_list() if are_many else None
        self._listed = {one.id: one for one in every_list or ()}
        self._keep_before(every_audience, every_list)
        targets = _as_spelled(targets, [*every_audience, *(every_list or ())])
        self._wanted |= frozenset(target.list_name for target in targets)
        updates = self._find_audiences(targets, every_audience, on_failure)
        for number, failure in self._shared_lists(updates):
            on_failure(number, failure)
            updates.pop(number, None)
        found = [update.target for update in updates.values()]
        names, free = ListNames((), self._wanted), set[str]()
        if any(target.list_id is None or target.shadow is not None for target in found):
            if every_list is None:
                every_list = self._every_list()
                self._keep_before(every_audience, every_list)
            names = ListNames(every_list, self._wanted)
            needed = [one for target in found for one in self._needed(target, names)]
            free = {one.id for one in ListUse(self._pinterest, every_audience, found).free(every_list, needed)}
        for number, update in list(updates.items()):
            try:
                updates[number] = completed = self._with_lists(update, names, free)
                _require_list_to_remove_from(completed.target, every_audience)
            except ConnectorError as failure:
                on_failure(number, failure)
                del updates[number]
        return [updates.get(number, TargetUpdate(target)) for number, target in enumerate(targets)]

    def _keep_before(self, audiences: Sequence[Audience], lists: Sequence[CustomerList] | None) -> None:
        """Keeps what there was when the sync began; audiences that rows name are looked up later."""
        if self._audiences_before is None:
            self._audiences_before = frozenset(one.id for one in audiences)
        if self._lists_before is None and lists is not None:
            self._lists_before = frozenset(one.id for one in lists)

    def _every_list(self) -> list[CustomerList]:
        return _ordinary(self._pinterest.customer_lists(exclude_nca=True))

    def newest_list(self, name: str) -> CustomerList | None:
        """Returns the newest list of a name that did not exist when the sync began."""
        made_since = [one for one in self._every_list() if one.id not in (self._lists_before or ())]
        found = ListNames(made_since, self._wanted).of(name)
        if not found:
            return None
        newest = _newest(found)
        self._pinterest.expect(newest.id)
        return newest

    def audiences_of(self, name: str, list_id: str) -> list[Audience]:
        """Returns the audiences of a name that are made from a list, the oldest first."""
        return oldest_first(one for one in self.namesakes(name) if self.list_of(one) == list_id)

    def is_new(self, audience: Audience) -> bool:
        """Whether an audience did not exist when the sync began."""
        return audience.id not in (self._audiences_before or ())

    def from_customer_lists(self) -> list[Audience]:
        """Returns all audiences that are made from customer lists, and those of which the listing does not say."""
        listed = _ordinary(self._pinterest.audiences(exclude_nca=True))
        return [one for one in listed if one.audience_type in {CUSTOMER_LIST, None}]

    def namesakes(self, name: str) -> list[Audience]:
        """Returns the audiences of a name that are made from customer lists."""
        every_audience = self.from_customer_lists()
        found = named(name, by_folded_name(every_audience)) or [
            one for one in every_audience if is_cut_from(one.name or "", name)
        ]
        return [one for one in found if typed(one, self._pinterest).audience_type == CUSTOMER_LIST]

    def _shared_lists(self, updates: Mapping[int, TargetUpdate]) -> list[tuple[int, AudienceConflictError]]:
        """Returns a failure for each target that leads to the customer list of another, found now or earlier."""
        by_list: dict[str, list[int]] = {}
        for number, update in updates.items():
            if update.target.list_id is not None:
                by_list.setdefault(update.target.list_id, []).append(number)
        found = []
        for list_id, numbers in by_list.items():
            sharing = [updates[number].target for number in numbers]
            earlier = self._led_to.setdefault(list_id, sharing[0])
            # Only audiences that rows name are looked up later than the others.
            others = [earlier] if earlier is not sharing[0] and sharing[0].ignores_case else []
            if len(numbers) > 1 or others:
                failure = _shared(list_id, [*others, *sharing])
                found += [(number, failure) for number in numbers]
        return found

    def _find_audiences(
        self, targets: Sequence[AudienceTarget], every_audience: Sequence[Audience], on_failure: OnFailure
    ) -> dict[int, TargetUpdate]:
        """Returns the targets that can be used, by their numbers."""
        alike = _names_alike(targets, every_audience)
        by_name = by_folded_name(every_audience)
        updates = {}
        for number, target in enumerate(targets):
            try:
                if number in alike:
                    raise alike[number]
                if target.chosen_id is None:
                    namesakes = named(target.name, by_name) or marked(target.name, every_audience)
                    updates[number] = self._with_namesake(target, namesakes)
                else:
                    updates[number] = self._with_chosen(target, target.chosen_id, every_audience)
            except ConnectorError as failure:
                on_failure(number, failure)
        return updates

    def _with_chosen(self, target: AudienceTarget, chosen_id: str, every_audience: Sequence[Audience]) -> TargetUpdate:
        wanted = ChosenAudience(target.name, chosen_id, self._pinterest.ad_account_id)
        chosen = find_chosen(wanted, every_audience, self._pinterest)
        renamed = replace(target, name=chosen.name or target.name)
        remedy = "Choose another destination object in the connection's settings."
        return TargetUpdate(self._with_audience(renamed, chosen, remedy))

    def _with_namesake(self, target: AudienceTarget, namesakes: list[Audience]) -> TargetUpdate:
        namesakes = [typed(audience, self._pinterest) for audience in namesakes]
        usable = [audience for audience in namesakes if audience.audience_type == CUSTOMER_LIST]
        if not namesakes:
            _require_no_label(target)
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
        # Two syncs at once may have made an audience each of one list; both then keep the older one.
        twins = [one for one in usable if one.customer_list_id is not None and _are_twins(one, newest)]
        used = oldest_first(twins)[0] if twins else newest
        found = self._with_audience(target, used, remedy)
        if len(namesakes) == 1:
            return TargetUpdate(found, _name_notes(target, used))
        which = "oldest made from the newest customer list" if len(twins) > 1 else "newest made from a customer list"
        note = f"{len(namesakes)} audiences are named so; the {which} is used ({used.id})."
        return TargetUpdate(found, (note,))

    def _with_audience(self, target: AudienceTarget, audience: Audience, if_list_is_gone: str) -> AudienceTarget:
        list_id = self.list_of(audience)
        try:
            live = self._listed.get(list_id) or self._pinterest.customer_list(list_id)
        except NotFoundError as error:
            raise NotFoundError(
                Code.CUSTOMER_LIST_GONE,
                f'The audience "{target.name}" ({audience.id}) is made of the customer list {list_id}, which is '
                f"gone. {if_list_is_gone}",
                answer=error.answer,
            ) from None
        return replace(target, audience_id=audience.id, list_id=list_id, live=live, description=audience.description)

    def list_of(self, audience: Audience) -> str:
        """Returns the customer list that an audience is made from; asks for the audience if that was not listed.

        Raises:
            AudienceConflictError: Pinterest does not say.
        """
        self._pinterest.expect(audience.id, audience.customer_list_id)
        list_id = audience.customer_list_id or self._pinterest.audience(audience.id).customer_list_id
        if list_id is None:
            raise AudienceConflictError(
                Code.CUSTOMER_LIST_UNKNOWN,
                f'Pinterest does not say which customer list the audience "{audience.name}" ({audience.id}) is '
                "made of. Choose another audience name in the settings.",
            )
        return list_id

    def _with_lists(self, update: TargetUpdate, names: ListNames, free: Collection[str]) -> TargetUpdate:
        target, notes = update.target, update.notes
        if target.shadow is not None:
            target = self._with_shadow_list(target, target.shadow, names, free)
            notes = (*notes, *_unmarked_note(target.resumed))
        if target.audience_id is None and (target.list_id is None or target.shadow is not None):
            target, adoptable = self._adoptable(target, names, free)
            made = [one for one in self._made_for(target, names) if one.id in free]
            namesakes = sum(adoptable is not None and one.name == adoptable.name for one in made)
            taken = take_up(target, adoptable, self._if_gone, namesakes=namesakes)
            notes = (
                *notes,
                *self._foreign_notes(target, names, free),
                *taken.notes,
                *_unmarked_note(taken.target.live),
            )
            target = taken.target
            self._pinterest.expect(target.list_id)
        left_over = [one for one in self._shadow_lists_of(target, names) if one.id in free and one.id != target.list_id]
        abandoned = target.left_over_list_ids  # Nothing begins with the list of an audience that begins afresh.
        unfinished = [
            one
            for one in left_over
            if one.id not in abandoned and not is_note(one) and not _could_pass_for_finished(one, target)
        ]
        fallback = None if target.waiting is None else target.adoptable
        if fallback is None or _could_pass_for_finished(fallback, target):
            fallback = _newest(unfinished) if unfinished else None
        target = replace(
            target,
            left_over_list_ids=tuple(dict.fromkeys([*abandoned, *(one.id for one in left_over)])),
            fallback_list_id=None if fallback is None else fallback.id,
        )
        return TargetUpdate(target, notes)

    def _with_shadow_list(
        self, target: AudienceTarget, shadow: ShadowList, names: ListNames, free: Collection[str]
    ) -> AudienceTarget:
        live = target.live
        if live is not None and shadow.continues_from(live.name or "") and self._is_young(live):
            return target  # An earlier attempt of the job has swapped its list in: write to that one.
        target = replace(target, list_id=None)
        if shadow.spans == "attempt":
            return target
        # A list that a killed attempt asked for may appear late. Attempts since then used the list they found, so the
        # one in use comes first, then the oldest.
        ours = [one for one in self._resumable(target, shadow, names) if one.id in free]
        ours.sort(key=lambda one: int(one.id))
        if live is not None and _is_of(live, target, shadow) and self._is_young(live):
            ours.insert(0, live)
        if not ours:
            return target
        self._pinterest.expect(ours[0].id)
        return replace(target, resumed=ours[0], list_id=ours[0].id)

    def _resumable(self, target: AudienceTarget, shadow: ShadowList, names: ListNames) -> list[CustomerList]:
        return [one for one in names.labelled(shadow) if _is_of(one, target, shadow) and self._is_young(one)]

    def _needed(self, target: AudienceTarget, names: ListNames) -> list[CustomerList]:
        """The lists that would be taken up for a target if they are free."""
        shadow = target.shadow
        needed = self._made_for(target, names) if target.audience_id is None else []
        if shadow is not None and shadow.spans == "job":
            needed += self._resumable(target, shadow, names)
        return [one for one in needed if one.id != target.list_id and not is_note(one)]

    def _adoptable(
        self, target: AudienceTarget, names: ListNames, free: Collection[str]
    ) -> tuple[AudienceTarget, CustomerList | None]:
        """The list of an audience that does not exist, apart from the list that is written to."""
        ours = [one for one in self._made_for(target, names) if one.id != target.list_id]
        chosen = list_in_force(ours, {one.id for one in ours}.difference(free))
        if chosen is None or chosen.id not in free:
            return target, None
        waiting = read_waiting(ours)
        is_noted = waiting is not None and waiting.list_id == chosen.id
        return replace(target, waiting=chosen.id if is_noted else None), chosen

    def _made_for(self, target: AudienceTarget, names: ListNames) -> list[CustomerList]:
        """The lists that are an audience's by their names, and of this installation by their labels."""
        # A list with a label belongs to the audience in the label, whoever is called like the whole.
        named = [one for one in names.of(target.name) if read_label(one.name) is None]
        return [*named, *self._shadow_lists_of(target, names)]

    def _shadow_lists_of(self, target: AudienceTarget, names: ListNames) -> list[CustomerList]:
        return [one for one in names.shadows_of(target.name) if self._is_ours(one)]

    def _is_ours(self, customer_list: CustomerList) -> bool:
        """Whether this installation made a shadow list. Those of version 0.1.0 may be its own for as long as any is."""
        label = read_label(customer_list.name)
        if label is None or not label.is_of(self._installation):
            return False
        return label.form > 1 or self._installation is None or self._is_young(customer_list)

    def _foreign_notes(self, target: AudienceTarget, names: ListNames, free: Collection[str]) -> list[str]:
        foreign = [one for one in names.shadows_of(target.name) if one.id in free and not self._is_ours(one)]
        return [_foreign_note(foreign)] if foreign else []

    def _is_young(self, customer_list: CustomerList) -> bool:
        created = customer_list.created_time
        return created is None or self._now() - created <= SHADOW_LIST_MAX_AGE_S


def _require_no_label(target: AudienceTarget) -> None:
    """Refuses to make an audience under the name of a list in which another one is, or was, replaced.

    Raises:
        AudienceConflictError: its name is one.
    """
    label = read_label(target.name) or read_label(folded(target.name))
    if label is not None:
        raise AudienceConflictError(
            Code.AUDIENCE_NAMED_LIKE_LABEL,
            f'"{target.name}" is the name of a customer list in which the audience "{label.audience}" is replaced, or '
            f'that was left over from that. Choose another audience name, such as "{label.audience}".',
        )


def _is_of(customer_list: CustomerList, target: AudienceTarget, shadow: ShadowList) -> bool:
    if target.chosen_id is None:
        return is_shadow_list_of(customer_list.name or "", target.name) and shadow.is_label_of(customer_list.name or "")
    # The audience may have had another name when the list was created, so the label has its id.
    return shadow.is_label_of(customer_list.name or "")


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


def _ordinary(listed: Iterable[Named]) -> list[Named]:
    """Leaves out what is for new customer acquisition, also where Pinterest does not: none of it is ever ours."""
    return [one for one in listed if not one.is_nca]


def oldest_first(audiences: Iterable[Audience]) -> list[Audience]:
    """Returns audiences in the order of their creation, the same for everybody who lists the same ones."""
    found = list(audiences)
    if any(one.created_timestamp is None for one in found):
        return sorted(found, key=lambda one: int(one.id))
    return sorted(found, key=lambda one: (one.created_timestamp, int(one.id)))


def _are_twins(one: Audience, other: Audience) -> bool:
    return one.customer_list_id == other.customer_list_id


def _name_notes(target: AudienceTarget, audience: Audience) -> tuple[str, ...]:
    if audience.name == target.name:
        return ()
    return (f'At Pinterest this audience is stored under the name "{audience.name}" ({audience.id}).',)


def _as_spelled(
    targets: Sequence[AudienceTarget], existing: Sequence[Audience | CustomerList]
) -> Sequence[AudienceTarget]:
    """Returns the targets, spelled like what exists where only the case differs and there is just one such name."""
    if not any(target.ignores_case for target in targets):
        return targets
    by_key: dict[str, set[str]] = {}
    for one in existing:
        if one.name is not None:
            by_key.setdefault(spelling_key(one.name), set()).add(one.name)
    spelled = []
    for target in targets:
        alike = by_key.get(spelling_key(target.name), set()) if target.ignores_case else set()
        is_other = len(alike) == 1 and target.name not in alike
        spelled.append(replace(target, name=min(alike)) if is_other else target)
    return spelled


def _names_alike(
    targets: Sequence[AudienceTarget], every_audience: Sequence[Audience]
) -> dict[int, AudienceConflictError]:
    """Returns a failure for each target whose name Pinterest may store like another's, unless it tells them apart."""
    existing = {audience.name for audience in every_audience}
    by_folded: dict[str, dict[str, list[int]]] = {}
    for number, target in enumerate(targets):
        if target.chosen_id is None:
            by_folded.setdefault(folded(target.name), {}).setdefault(target.name, []).append(number)
    failures: dict[int, AudienceConflictError] = {}
    for alike in by_folded.values():
        if len(alike) > 1 and not alike.keys() <= existing:
            names = " and ".join(f'"{name}"' for name in alike)
            failure = AudienceConflictError(
                Code.NAME_AMBIGUOUS,
                f"The audience names {names} differ only in blanks or in how their letters are encoded, and Pinterest "
                "may store them alike. Choose one name for both, or names that differ in more.",
            )
            failures |= {number: failure for numbers in alike.values() for number in numbers}
    return failures


def _unmarked_note(taken_up: CustomerList | None) -> list[str]:
    """Warns of a shadow list that is gone on with although nothing proves whose it is."""
    label = None if taken_up is None else read_label(taken_up.name)
    if taken_up is None or label is None or label.installation is not None:
        return []
    note = (
        f"This sync goes on with the customer list {taken_up.id}, which an earlier one began. Nothing in its name "
        "tells it from a list of another installation: if several write to this ad account, set Installation "
        "name (installation_name) in each."
    )
    return [note]


def _foreign_note(foreign: Sequence[CustomerList]) -> str:
    listed = ", ".join(f'"{one.name}" ({one.id})' for one in foreign[:_MOST_NAMES])
    return (
        f"Customer lists of this audience that another installation made are not used: {listed}. If they are this "
        "one's, set Installation name (installation_name) to the name in them."
    )


def _newest(things: list[Named]) -> Named:
    # Ids grow with time and are always given; creation times may be missing.
    return max(things, key=lambda thing: int(thing.id))
