"""The command `audiences`: lists the ad account's customer-list audiences, and the lists without an audience.

It reads two lists, page by page, and requests a single audience only if the listing omits its type or its customer
    list: an account with thousands of audiences takes some tens of requests.

Source: Pinterest OpenAPI 5.23.0, audiences/list and customer_lists/list (read 2026-11-22).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.description_mark import read_mark
from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate, counts_of, estimate_match
from destination_pinterest.audiences.shadow_list import is_shadow_list_of, read_label
from destination_pinterest.audiences.typed import Completion
from destination_pinterest.audiences.waiting import list_in_force
from destination_pinterest.markers import LISTING_PREFIX
from destination_pinterest.reporting.status_text import status_text
from destination_pinterest.routing.destination_object import CUSTOMER_LIST

SCHEMA_VERSION: Final = 1


class ListedList(msgspec.Struct, frozen=True):
    """A customer list. Times are ISO 8601 in UTC; what Pinterest does not give is None, as everywhere here."""

    customer_list_id: str
    name: str | None = None
    status: str | None = None
    counts: ListCounts | None = None
    exceptions: str | None = None
    created: str | None = None
    updated: str | None = None


class FreeList(ListedList, frozen=True):
    """A list without an audience.

    `left_over_of` is the audience that was, or was to be, made from it; `awaits_audience` the one that does not exist
    and that a sync would make of it.
    """

    left_over_of: str | None = None
    awaits_audience: str | None = None


class ListedAudience(msgspec.Struct, frozen=True):
    """An audience; if its customer list is gone, only the list's id is known."""

    name: str | None
    audience_id: str
    audience_status: str | None
    audience_size: int | None
    match_estimate: MatchEstimate | None
    outlook: str | None
    created: str | None
    updated: str | None
    customer_list: ListedList | None


class Listing(msgspec.Struct, frozen=True):
    """An ad account, newest first. `other_audiences` counts those of other types. Keys are only ever added.

    `further_ad_accounts` are listed alike.
    """

    ad_account_id: str
    audiences: list[ListedAudience]
    customer_lists_without_audience: list[FreeList]
    other_audiences: dict[str, int]
    status: Literal["succeeded"] = "succeeded"
    schema_version: int = SCHEMA_VERSION
    further_ad_accounts: list[Listing] = []

    def as_line(self) -> str:
        """Returns the listing as one line for a program."""
        return LISTING_PREFIX + msgspec.json.encode(self).decode()


class AudienceListing:
    """Lists the audiences of an ad account.

    Args:
        client: the client for that account.
        installation: the name of this installation, if the settings have one.
    """

    def __init__(self, client: PinterestClient, installation: str | None = None) -> None:
        self._client = client
        self._installation = installation

    def run(self) -> Listing:
        """Returns the listing.

        Raises:
            ConnectorError: what is wrong and what to do about it.
        """
        # Objects created meanwhile move others to later pages, where they appear again.
        completion = Completion(self._client)
        listed = {audience.id: audience for audience in self._client.audiences()}.values()
        audiences = [completion.typed(audience) for audience in listed]
        usable = [audience for audience in audiences if audience.audience_type == CUSTOMER_LIST]
        made_of = {audience.id: completion.list_of(audience) for audience in usable}
        lists = {customer_list.id: customer_list for customer_list in self._client.customer_lists()}
        others = Counter(each.audience_type or "UNKNOWN" for each in audiences if each.audience_type != CUSTOMER_LIST)
        used = frozenset(made_of.values())
        free = [each for each in lists.values() if each.id not in used]
        replaced = _replaced_names(usable, made_of, lists)
        awaiting = _awaiting(lists.values(), used, {audience.name for audience in usable}, self._installation)
        return Listing(
            self._client.ad_account_id,
            [_audience(audience, made_of[audience.id], lists) for audience in usable],
            [_free_list(each, replaced, awaiting) for each in free],
            dict(sorted(others.items())),
        )


def _audience(audience: Audience, list_id: str | None, lists: Mapping[str, CustomerList]) -> ListedAudience:
    customer_list = None if list_id is None else lists.get(list_id, CustomerList(id=list_id))
    listed = None if customer_list is None else _list(customer_list)
    status = None if listed is None else listed.status
    return ListedAudience(
        audience.name,
        audience.id,
        audience.status,
        audience.size,
        _match_estimate(audience, customer_list),
        status_text(status, audience.status, audience.size, has_audience=True),
        _moment(audience.created_timestamp),
        _moment(audience.updated_timestamp),
        listed,
    )


def _match_estimate(audience: Audience, customer_list: CustomerList | None) -> MatchEstimate | None:
    """Returns the estimate if the description's mark says how many people the list has, and nothing changed since."""
    members = read_mark(audience.description).members
    if customer_list is None or members is None or not members.is_still_exact(customer_list):
        return None
    return estimate_match(audience.size, members.people, members.counted_on)


def _list(customer_list: CustomerList) -> ListedList:
    return ListedList(
        customer_list.id,
        customer_list.name,
        customer_list.status,
        counts_of(customer_list),
        customer_list.described_exceptions or None,
        _moment(customer_list.created_time),
        _moment(customer_list.updated_time),
    )


def _free_list(customer_list: CustomerList, replaced: Mapping[str, bool], awaiting: Mapping[str, str]) -> FreeList:
    listed = msgspec.structs.asdict(_list(customer_list))
    name = customer_list.name or ""
    label = read_label(name)
    audience = name if label is None else label.audience
    awaits = audience if awaiting.get(audience) == customer_list.id else None
    left_over_of = audience if audience in awaiting and awaits is None else _left_over_of(name, replaced)
    return FreeList(**listed, left_over_of=left_over_of, awaits_audience=awaits)


def _awaiting(
    lists: Iterable[CustomerList],
    used: Collection[str | None],
    existing: Collection[str | None],
    installation: str | None,
) -> dict[str, str]:
    """Returns, by the names of audiences that do not exist, the lists that a sync would make them of."""
    by_audience: dict[str, list[CustomerList]] = {}
    for each in lists:
        label = read_label(each.name)
        audience = each.name if label is None else label.audience
        if audience and audience not in existing and (label is None or label.is_of(installation)):
            by_audience.setdefault(audience, []).append(each)
    in_force = {audience: list_in_force(found, used) for audience, found in by_audience.items()}
    return {audience: one.id for audience, one in in_force.items() if one is not None and one.id not in used}


def _replaced_names(
    audiences: Iterable[Audience], made_of: Mapping[str, str | None], lists: Mapping[str, CustomerList]
) -> dict[str, bool]:
    """Returns the names of audiences, and whether one of that name is made from a shadow list."""
    names: dict[str, bool] = {}
    for audience in audiences:
        if audience.name is None:
            continue
        customer_list = lists.get(made_of[audience.id] or "")
        is_replaced = customer_list is not None and is_shadow_list_of(customer_list.name or "", audience.name)
        names[audience.name] = names.get(audience.name, False) or is_replaced
    return names


def _left_over_of(list_name: str, replaced: Mapping[str, bool]) -> str | None:
    """Returns the audience that a left-over list was made for, judged by the names: Pinterest does not say."""
    if replaced.get(list_name):
        return list_name  # What the audience was made from before its first swap.
    audience = list_name.rpartition(" [")[0]
    return audience if audience in replaced and is_shadow_list_of(list_name, audience) else None


def _moment(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # Not a plausible time: in another unit, perhaps.
        return None
