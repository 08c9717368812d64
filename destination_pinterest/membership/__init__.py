"""The membership store: which identifiers this connector put into an audience, and for which row.

Pinterest can't be asked who is in a list, so who wants people to leave with their rows must remember who came with
them. One book per audience, kept in a folder or in a bucket, sealed with the key of the settings.

    store      opens books, and checks that it can
    book       one audience: rows are noted, settled, and committed once Pinterest has them
    changes    what a settlement asks of Pinterest
    spool      the rows of an epoch      holdings   who holds whom now      settlement   the one against the other
    store_key  what people type, made dear to guess       keys         what is sealed with it and how
    manifest   what belongs to a book    lease      one sync at a time
    blobs      what a book needs of a place; folder and bucket are the two places
    workspace  DuckDB and the private folder that it works in
"""

from destination_pinterest.membership.delta import Delta
from destination_pinterest.membership.ledger import MembershipLedger
from destination_pinterest.membership.store import MembershipStore, open_membership_store

__all__ = ["Delta", "MembershipLedger", "MembershipStore", "open_membership_store"]
