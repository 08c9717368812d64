"""Looking for what exists already: audiences by name or id, their customer lists, and lists that were left without one.

Source: Pinterest OpenAPI 5.23.0, customer_lists/list and audiences/list; Amperity takes the newest of several lists of
one name (both read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.chosen import find_chosen
from destination_pinterest.audiences.shadow_list import SHADOW_LIST_MAX_AGE_S, ShadowList, is_shadow_list_of
from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import AudienceConflictError, NotFoundError
from destination_pinterest.routing.destination_object import CUSTOMER_LIST, ChosenAudience


class AudienceLookup:
    """Finds.

    Args:
        pinterest: the client.
        now: seconds since the epoch.
    """

    def __init__(self, pinterest: PinterestClient, *, now: Callable[[], float]) -> None:
        self._pinterest = pinterest
        self._now = now
        self._used_lists: frozenset[str] = frozenset()
        self._lists_before: frozenset[str] = frozenset()

    def find(self, targets: Sequence[AudienceTarget]) -> None:
        """Fills in what exists already.

        Raises:
            AudienceConflictError: a name is taken by an audience of another kind, a chosen audience is of another
                kind, or two targets lead to one customer list.
            NotFoundError: a chosen audience or an audience's customer list is gone.
        """
        self._find_audiences(targets)
        _refuse_shared_lists(targets)
        if any(not target.is_open or target.generation for target in targets):
            self._find_lists(targets)

    def newest_list(self, name: str) -> CustomerList | None:
        """The newest list of a name that was not there yet when the sync began."""
        found = [one for one in self._pinterest.customer_lists() if one.name == name]
        made_since = [one for one in found if one.id not in self._lists_before]
        return _newest(made_since) if made_since else None

    def newest_audience(self, name: str, list_id: str) -> Audience | None:
        """The newest audience of a name that is made of a list."""
        ours = [
            audience
            for audience in _by_name(self._pinterest.audiences(), {name}).get(name, [])
            if audience.audience_type == CUSTOMER_LIST and self._list_of(audience) == list_id
        ]
        return _newest(ours) if ours else None

    def _find_audiences(self, targets: Sequence[AudienceTarget]) -> None:
        wanted = {target.name for target in targets if target.chosen_id is None}
        every_audience = list(self._pinterest.audiences())
        audiences = _by_name(every_audience, wanted)
        # Also lists of other audiences: one that was renamed by hand leaves its old name to its list.
        made_of = (audience.customer_list_id for audience in every_audience)
        self._used_lists = frozenset(list_id for list_id in made_of if list_id is not None)
        for target in targets:
            if target.chosen_id is None:
                self._adopt_audience(target, audiences.get(target.name, []))
            else:
                chosen = find_chosen(ChosenAudience(target.name, target.chosen_id), every_audience, self._pinterest)
                target.name = chosen.name or target.name
                self._adopt(target, chosen, "Choose another destination object in the connection's settings.")

    def _find_lists(self, targets: Sequence[AudienceTarget]) -> None:
        every_list = list(self._pinterest.customer_lists())
        self._lists_before = frozenset(one.id for one in every_list)
        # An audience of the list may not say in a listing what it is made of.
        self._used_lists |= {target.before.id for target in targets if target.before is not None}
        free = [one for one in every_list if one.id not in self._used_lists]
        for target in targets:
            if target.generation is not None:
                self._take_generation(target, target.generation, free)
            elif not target.is_open:
                _adopt_list(target, every_list, free)
            left_over = [
                one for one in free if is_shadow_list_of(one.name or "", target.name) and one.id != target.list_id
            ]
            target.left_over_list_ids = [one.id for one in left_over]
            beginnings = [one for one in left_over if not _could_pass_for_finished(one, target)]
            target.beginning_list_id = _newest(beginnings).id if beginnings else None

    def _take_generation(self, target: AudienceTarget, generation: ShadowList, free: Iterable[CustomerList]) -> None:
        target.list_id = None
        live = target.before
        if live is not None and generation.goes_on_with(live.name or "") and self._is_young(live):
            target.list_id = live.id
            return
        if generation.spans == "attempt":
            return
        # Pinterest may create a list late that a killed attempt asked for. Whoever looked since took what was there, so
        # the list that is in use comes first, and then the oldest.
        ours = [one for one in free if _is_of(one, target, generation) and self._is_young(one)]
        ours.sort(key=lambda one: int(one.id))
        if live is not None and _is_of(live, target, generation) and self._is_young(live):
            ours.insert(0, live)
        if ours:
            target.generation_before = ours[0]
            target.list_id = ours[0].id

    def _is_young(self, customer_list: CustomerList) -> bool:
        created = customer_list.created_time
        return created is None or self._now() - created <= SHADOW_LIST_MAX_AGE_S

    def _adopt_audience(self, target: AudienceTarget, namesakes: list[Audience]) -> None:
        usable = [audience for audience in namesakes if audience.audience_type == CUSTOMER_LIST]
        if not usable:
            if namesakes:
                raise AudienceConflictError(
                    Code.AUDIENCE_OF_OTHER_TYPE,
                    f'The ad account has an audience "{target.name}" of the type {namesakes[0].audience_type}, '
                    "which can't take members from a table. Choose another audience name in the settings, "
                    "or rename that audience in Pinterest Ads Manager.",
                )
            return
        newest = _newest(usable)
        if len(namesakes) > 1:
            target.notes.append(
                f"{len(namesakes)} audiences are named so; the newest made from a customer list is used ({newest.id})."
            )
        self._adopt(
            target,
            newest,
            "Remove or rename the audience in Pinterest Ads Manager, then sync again: a new one is created.",
        )

    def _adopt(self, target: AudienceTarget, audience: Audience, if_list_is_gone: str) -> None:
        list_id = self._list_of(audience)
        try:
            target.before = self._pinterest.customer_list(list_id)
        except NotFoundError as error:
            raise NotFoundError(
                Code.CUSTOMER_LIST_GONE,
                f'The audience "{target.name}" ({audience.id}) is made of the customer list {list_id}, which is '
                f"gone. {if_list_is_gone}",
                answer=error.answer,
            ) from None
        target.audience_id = audience.id
        target.list_id = list_id

    def _list_of(self, audience: Audience) -> str:
        list_id = audience.customer_list_id or self._pinterest.audience(audience.id).customer_list_id
        if list_id is None:
            raise AudienceConflictError(
                Code.CUSTOMER_LIST_UNKNOWN,
                f'Pinterest does not say which customer list the audience "{audience.name}" ({audience.id}) is '
                "made of. Choose another audience name in the settings.",
            )
        return list_id


def _adopt_list(target: AudienceTarget, every_list: Iterable[CustomerList], free: Iterable[CustomerList]) -> None:
    """Takes the list that was made last for an audience which does not exist.

    It may have been made to replace an earlier one. That one is not taken: its people have left.
    """
    made = [one for one in every_list if one.name == target.name or is_shadow_list_of(one.name or "", target.name)]
    if not made:
        return
    newest = _newest(made)
    if newest.id not in {one.id for one in free}:
        return
    namesakes = sum(one.name == newest.name for one in free)
    if namesakes > 1:
        target.notes.append(f"{namesakes} customer lists are named so; the newest is used ({newest.id}).")
    else:
        target.notes.append(f"A customer list without an audience was found and is used ({newest.id}).")
    target.list_id = newest.id
    target.before = newest


def _is_of(customer_list: CustomerList, target: AudienceTarget, generation: ShadowList) -> bool:
    if target.chosen_id is None:
        return customer_list.name == target.list_name
    # The audience may have had another name when the list was created; its id is in the label.
    return (customer_list.name or "").endswith(f" [{generation.label}]")


def _could_pass_for_finished(left_over: CustomerList, target: AudienceTarget) -> bool:
    """Whether a later attempt would believe, were the audience made of this list, that the list is the whole table."""
    generation = target.generation
    return generation is not None and (
        generation.goes_on_with(left_over.name or "") or _is_of(left_over, target, generation)
    )


def _refuse_shared_lists(targets: Sequence[AudienceTarget]) -> None:
    by_list: dict[str, AudienceTarget] = {}
    for target in targets:
        other = target if target.list_id is None else by_list.setdefault(target.list_id, target)
        if other is not target:
            remedy = "Choose another audience name for one of them, or one name for both."
            if target.chosen_id or other.chosen_id:
                remedy = "Choose one destination object for both streams in the connection's settings."
            raise AudienceConflictError(
                Code.CUSTOMER_LIST_SHARED,
                f'The audiences "{other.name}" and "{target.name}" are made of the same customer list '
                f"({target.list_id}), so two streams would contradict each other. {remedy}",
            )


Named = TypeVar("Named", Audience, CustomerList)


def _by_name(things: Iterable[Named], wanted: set[str]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for thing in things:
        if thing.name is not None and thing.name in wanted:
            found.setdefault(thing.name, []).append(thing)
    return found


def _newest(things: list[Named]) -> Named:
    # Ids grow with time and are always there; creation times may be missing.
    return max(things, key=lambda thing: int(thing.id))
