"""The customer lists of an ad account, with the ledgers of the membership store that know them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.api.models import Audience
from destination_pinterest.audiences.list_kinds import KnownList, known_lists
from destination_pinterest.audiences.typed import MOST_ASKED, Completion
from destination_pinterest.routing.destination_object import CUSTOMER_LIST


class AccountLists(msgspec.Struct, frozen=True):
    """The customer lists of an ad account.

    Args:
        ad_account_id: the ad account.
        lists: its lists, newest first.
        untold: audiences of which Pinterest does not say whether they are made of one, or of which.
    """

    ad_account_id: str
    lists: tuple[KnownList, ...]
    untold: int


def lists_of(
    client: PinterestClient,
    remembered: Collection[str] = (),
    exclusions: Collection[str] = (),
    *,
    most_asked: int = MOST_ASKED,
) -> AccountLists:
    """Lists the customer lists of an ad account.

    Args:
        client: the client for that account.
        remembered: see `known_lists`.
        exclusions: see `known_lists`.
        most_asked: of how many audiences Pinterest is asked what a listing leaves out.

    Raises:
        ConnectorError: the account's lists or audiences can't be listed.
    """
    # Objects created meanwhile move others to later pages, where they appear again.
    audiences = {audience.id: audience for audience in client.audiences()}.values()
    lists = {customer_list.id: customer_list for customer_list in client.customer_lists()}.values()
    completion = Completion(client, most_asked)
    made_of: dict[str, list[Audience]] = {}
    untold = 0
    for audience in map(completion.typed, audiences):
        if audience.audience_type not in {CUSTOMER_LIST, None}:
            continue
        list_id = completion.list_of(audience) if audience.audience_type is not None else None
        if list_id is None:
            untold += 1
        else:
            made_of.setdefault(list_id, []).append(audience)
    return AccountLists(client.ad_account_id, tuple(known_lists(lists, made_of, remembered, exclusions)), untold)


def lists_of_each(
    clients: Mapping[str, PinterestClient],
    remembered: Mapping[str, Collection[str]],
    exclusions: Collection[str] = (),
    *,
    most_asked: int = MOST_ASKED,
) -> list[AccountLists]:
    """Lists the customer lists of several ad accounts.

    Args:
        clients: the client for each, in order.
        remembered: by ad account, the lists that the membership store knows.
        exclusions: see `lists_of`.
        most_asked: see `lists_of`.
    """
    return [
        lists_of(client, remembered.get(account, ()), exclusions, most_asked=most_asked)
        for account, client in clients.items()
    ]
