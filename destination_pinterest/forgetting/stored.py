"""What the membership store has of the ad accounts: which list each ledger is of, and which ones a column names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import msgspec

from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.errors import ConnectorError, StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.store import open_blobs
from destination_pinterest.membership.store_key import StoreKey


class StoredLedger(msgspec.Struct, frozen=True):
    """An audience's ledger, by what its manifest says.

    Args:
        ad_account_id, audience: whose it is; the folder's name if that can't be read.
        customer_list_id: the list that it is of; None if there is none yet.
        problem: why it can't be read.
    """

    ad_account_id: str
    audience: str
    customer_list_id: str | None
    problem: ConnectorError | None = None


class StoredGroup(msgspec.Struct, frozen=True):
    """The audiences that a column names in an ad account, by what the manifest of their index says.

    Args:
        ad_account_id, template: how rows name them there.
        audiences: the names of all.
    """

    ad_account_id: str
    template: str
    audiences: tuple[str, ...]


@dataclass(slots=True)
class StoredParts:
    """The ledgers of a store, and the groups to which some of them belong."""

    ledgers: list[StoredLedger] = field(default_factory=list)
    groups: list[StoredGroup] = field(default_factory=list)


def stored_parts(settings: LocalMembershipStore | S3MembershipStore | None, store_key: StoreKey | None) -> StoredParts:
    """Returns what a store has; nothing if there is no store.

    Raises:
        StorageRefusedError, StorageFailedError: the place does not exist, or failed.
    """
    parts = StoredParts()
    if settings is not None and store_key is not None:
        blobs = open_blobs(settings)
        for folder in ledger_folders(blobs):
            _sort_in(parts, blobs, folder, store_key)
    return parts


def lists_by_account(ledgers: Iterable[StoredLedger]) -> dict[str, Collection[str]]:
    """Returns the ids of the lists that ledgers are of, by ad account."""
    found: dict[str, set[str]] = {}
    for ledger in ledgers:
        if ledger.customer_list_id is not None:
            found.setdefault(ledger.ad_account_id, set()).add(ledger.customer_list_id)
    return dict(found)


def _sort_in(parts: StoredParts, blobs: Blobs, folder: LedgerFolder, store_key: StoreKey) -> None:
    try:
        _, manifest = read_ledger(blobs, folder, store_key)
    except StoreMismatchError as problem:
        parts.ledgers.append(StoredLedger("", folder.name, None, problem))
        return
    if manifest.template:
        names = tuple(audience.name for audience in manifest.audiences)
        parts.groups.append(StoredGroup(manifest.ad_account_id, manifest.template, names))
    else:
        parts.ledgers.append(StoredLedger(manifest.ad_account_id, manifest.audience, manifest.customer_list_id))
