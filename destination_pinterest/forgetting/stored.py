"""What the membership store has of the ad accounts: which list each ledger is of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from destination_pinterest.config.membership_store import LocalMembershipStore, S3MembershipStore
from destination_pinterest.errors import ConnectorError, StoreMismatchError
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.store import open_blobs
from destination_pinterest.membership.store_key import StoreKey


@dataclass(frozen=True, slots=True)
class StoredLedger:
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


def stored_ledgers(
    settings: LocalMembershipStore | S3MembershipStore | None, store_key: StoreKey | None
) -> list[StoredLedger]:
    """Returns the ledgers of a store; none if there is no store.

    Raises:
        StorageRefusedError, StorageFailedError: the place does not exist, or failed.
    """
    if settings is None or store_key is None:
        return []
    blobs = open_blobs(settings)
    return [_stored(blobs, folder, store_key) for folder in ledger_folders(blobs)]


def lists_by_account(ledgers: Iterable[StoredLedger]) -> dict[str, Collection[str]]:
    """Returns the ids of the lists that ledgers are of, by ad account."""
    found: dict[str, set[str]] = {}
    for ledger in ledgers:
        if ledger.customer_list_id is not None:
            found.setdefault(ledger.ad_account_id, set()).add(ledger.customer_list_id)
    return dict(found)


def _stored(blobs: Blobs, folder: LedgerFolder, store_key: StoreKey) -> StoredLedger:
    try:
        _, manifest = read_ledger(blobs, folder, store_key)
    except StoreMismatchError as problem:
        return StoredLedger("", folder.name, None, problem)
    return StoredLedger(manifest.ad_account_id, manifest.audience, manifest.customer_list_id)
