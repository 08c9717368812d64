"""The membership store: which identifiers this connector put into an audience, and for which row.

Pinterest can't be asked who is in a list. To remove people together with their rows, the connector has to remember who
came with which row: in one ledger for each audience, kept in a folder or a bucket and encrypted with a key from the
settings.

    store      opens ledgers, and checks that it can
    ledger     one audience: rows are recorded, diffed, written ahead, and committed once Pinterest has them
    delta      what must be sent
    spool      the rows of an epoch      spooled_rows   their table      holdings   which row holds which identifier
    diff       compares the two
    store_key  the key from the settings, made expensive to brute-force      keys   what is encrypted with it, and how
    manifest   what a ledger consists of      lease   one sync at a time      held_leases   those of this process
    blobs      what a ledger needs of a place; folder and bucket are the two places
    workspace  DuckDB      scratch   the tables that a comparison makes
    sizes      the amounts at which a ledger works in another way
    inventory  all ledgers of a store      verification, copying, rekeying, dropping   what is done to them
    exclusive  leases a ledger for that

Stores outlive the code, so names in files stay as released: a manifest's "changes" and "maybes", and the files of these
names, are the `delta` since `base` and the identifiers `in_doubt`. While something is sent, `sending` names one more
file of each.
"""

from destination_pinterest.membership.delta import Delta
from destination_pinterest.membership.ledger import MembershipLedger
from destination_pinterest.membership.store import MembershipStore, open_membership_store

__all__ = ["Delta", "MembershipLedger", "MembershipStore", "open_membership_store"]
