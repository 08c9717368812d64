"""What `audiences` does: how is every customer-list audience of the ad account now, and which lists have none?

It reads two lists, page by page, and asks for a single audience only where the list does not say what it is made of: an
account with thousands of audiences costs some tens of requests.

Source: Pinterest OpenAPI 5.23.0, audiences/list and customer_lists/list (read 2026-11-22).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate, counts_of, estimate_match
from destination_pinterest.audiences.shadow_list import is_shadow_list_of
from destination_pinterest.markers import LISTING_PREFIX
from destination_pinterest.reporting.status_text import status_text
from destination_pinterest.routing.destination_object import CUSTOMER_LIST

SCHEMA_VERSION: Final = 1


class ListedList(msgspec.Struct, frozen=True):
    """A customer list. Times are ISO 8601 in UTC; what Pinterest does not tell is None, as everywhere here."""

    customer_list_id: str
    name: str | None = None
    status: str | None = None
    counts: ListCounts | None = None
    exceptions: str | None = None
    created: str | None = None
    updated: str | None = None


class FreeList(ListedList, frozen=True):
    """One that no audience is made of; `left_over_of` is the audience that was, or was to be, made of it."""

    left_over_of: str | None = None


class ListedAudience(msgspec.Struct, frozen=True):
    """An audience; of its customer list only the id is known where the list is gone."""

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
    """An ad account, newest first. `other_audiences` counts those of other types. Keys are only ever added."""

    ad_account_id: str
    audiences: list[ListedAudience]
    customer_lists_without_audience: list[FreeList]
    other_audiences: dict[str, int]
    status: Literal["succeeded"] = "succeeded"
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """One line for a program."""
        return LISTING_PREFIX + msgspec.json.encode(self).decode()


class AudienceListing:
    """Looks at an ad account.

    Args:
        client: for that account.
    """

    def __init__(self, client: PinterestClient) -> None:
        self._client = client

    def run(self) -> Listing:
        """How everything is now.

        Raises:
            ConnectorError: what is wrong and what to do about it.
        """
        # What is created meanwhile moves the others to later pages, where they are seen again.
        audiences = {audience.id: audience for audience in self._client.audiences()}.values()
        usable = [audience for audience in audiences if audience.audience_type == CUSTOMER_LIST]
        made_of = {audience.id: self._list_of(audience) for audience in usable}
        lists = {customer_list.id: customer_list for customer_list in self._client.customer_lists()}
        others = Counter(each.audience_type or "UNKNOWN" for each in audiences if each.audience_type != CUSTOMER_LIST)
        used = frozenset(made_of.values())
        replaced = _replaced_names(usable, made_of, lists)
        return Listing(
            self._client.ad_account_id,
            [_audience(audience, made_of[audience.id], lists) for audience in usable],
            [_free_list(each, replaced) for each in lists.values() if each.id not in used],
            dict(sorted(others.items())),
        )

    def _list_of(self, audience: Audience) -> str | None:
        return audience.customer_list_id or self._client.audience(audience.id).customer_list_id


def _audience(audience: Audience, list_id: str | None, lists: Mapping[str, CustomerList]) -> ListedAudience:
    customer_list = None if list_id is None else lists.get(list_id, CustomerList(id=list_id))
    listed = None if customer_list is None else _list(customer_list)
    status, counts = (None, None) if listed is None else (listed.status, listed.counts)
    return ListedAudience(
        audience.name,
        audience.id,
        audience.status,
        audience.size,
        estimate_match(audience.size, None, counts),
        status_text(status, audience.status, audience.size, has_audience=True),
        _moment(audience.created_timestamp),
        _moment(audience.updated_timestamp),
        listed,
    )


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


def _free_list(customer_list: CustomerList, replaced: Mapping[str, bool]) -> FreeList:
    listed = msgspec.structs.asdict(_list(customer_list))
    return FreeList(**listed, left_over_of=_left_over_of(customer_list.name or "", replaced))


def _replaced_names(
    audiences: Iterable[Audience], made_of: Mapping[str, str | None], lists: Mapping[str, CustomerList]
) -> dict[str, bool]:
    """The names of audiences, and whether one of that name is made of a list that was made to replace another."""
    names: dict[str, bool] = {}
    for audience in audiences:
        if audience.name is None:
            continue
        customer_list = lists.get(made_of[audience.id] or "")
        is_replaced = customer_list is not None and is_shadow_list_of(customer_list.name or "", audience.name)
        names[audience.name] = names.get(audience.name, False) or is_replaced
    return names


def _left_over_of(list_name: str, replaced: Mapping[str, bool]) -> str | None:
    """The audience that a list without one was made for, by the names: Pinterest itself does not tell."""
    if replaced.get(list_name):
        return list_name  # What the audience was made of before it was replaced for the first time.
    audience = list_name.rpartition(" [")[0]
    return audience if audience in replaced and is_shadow_list_of(list_name, audience) else None


def _moment(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # No time that anybody lives in: of another unit, perhaps.
        return None
