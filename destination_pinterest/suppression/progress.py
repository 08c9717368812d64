"""How far a forgetting has come: which lists it has been through, and what that cost.

It is told by whom it forgets, wherever it goes on: the digest of their digests names it. It holds no identifier.
"""

from __future__ import annotations

from typing import Final

import msgspec

from destination_pinterest.suppression.head import FOLDER

FORMAT: Final = 1


class DoneList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A customer list that people were taken out of.

    Args:
        ad_account_id, customer_list_id: the list.
        name: its name.
        audience: the audience that is made of it, or was.
        kind: see audiences.list_kinds.
        identifiers: how many it was sent; who was not in it is not known.
        requests: how many requests that took.
        at: when it was done, in seconds since 1970.
        not_sent: how many identifiers no request can carry, since Pinterest refuses `records_v2`.
    """

    ad_account_id: str
    customer_list_id: str
    name: str
    audience: str | None
    kind: str
    identifiers: int
    requests: int
    at: float
    not_sent: int = 0


class DoneLedger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ledger of the membership store that people were taken out of.

    Args:
        ad_account_id, audience: whose ledger it is.
        members: how many of its members were among them.
        at: when it was done.
    """

    ad_account_id: str
    audience: str
    members: int
    at: float


class Progress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How far a forgetting has come.

    Args:
        format: the version of this form.
        begun: when, in seconds since 1970.
        runs: how often it was begun or gone on with.
        newly_suppressed: identifiers that the suppression store did not have before.
        lists, ledgers: what is done.
    """

    format: int = FORMAT
    begun: float
    runs: int = 1
    newly_suppressed: int = 0
    lists: tuple[DoneList, ...] = ()
    ledgers: tuple[DoneLedger, ...] = ()

    def done(self, ad_account_id: str, customer_list_id: str) -> DoneList | None:
        """Returns how people were taken out of a list; None if they were not."""
        named = (one for one in self.lists if one.ad_account_id == ad_account_id)
        return next((one for one in named if one.customer_list_id == customer_list_id), None)


def name_of(job: str) -> str:
    """Returns the name of a forgetting's progress in the store."""
    return f"{FOLDER}/progress-{job}.json"
