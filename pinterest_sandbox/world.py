"""The state of the pretended Pinterest: every entity by its id, the people of every list, and its own clock.

People known by one identifier that `records` can carry are members, all others are rows.

It knows no rule of the API; the handlers do. `save` and the other changing methods reach the store at once, `commit`
makes them durable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from pinterest_sandbox.entities import (
    AccessToken,
    AdAccount,
    App,
    Audience,
    AuthorizationCode,
    CustomerList,
    RefreshToken,
    Share,
    Upload,
    User,
    UserListOperation,
)
from pinterest_sandbox.members import Member, Records
from pinterest_sandbox.rows import RowBatch, Rows, apply_rows, remove_by_records
from pinterest_sandbox.storage import Store

# Ids of lists, audiences and uploads go up from here: thirteen digits, as in Pinterest's examples.
_FIRST_ID = 2_542_620_000_001


class Odometer(msgspec.Struct):
    """The world's own counters: the next id, and by how much its clock is ahead of the wall clock."""

    next_id: int = _FIRST_ID
    clock_ahead_s: float = 0.0
    id: str = "world"


Entity = (
    User
    | App
    | AccessToken
    | RefreshToken
    | AuthorizationCode
    | AdAccount
    | CustomerList
    | Audience
    | Share
    | Upload
    | Odometer
)


class World:
    """Everything that there is. `clock` tells the wall clock's time in seconds."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._forget()

    def now(self) -> float:
        """The world's time in unix seconds."""
        return self._clock() + self.odometer.clock_ahead_s

    def advance(self, seconds: float) -> None:
        """Move the world's clock ahead."""
        self.odometer.clock_ahead_s += seconds
        self.save(self.odometer)

    def next_id(self) -> str:
        """An id that is greater than every one before it."""
        given = self.odometer.next_id
        self.odometer.next_id += 1
        self.save(self.odometer)
        return str(given)

    def save(self, entity: Entity) -> None:
        """Add an entity, or store what was changed in one."""
        kind, key = kind_of(entity), key_of(entity)
        self.place(entity)
        self._store.put(kind, key, entity)

    def place(self, entity: Entity) -> None:
        """Put an entity where it belongs, without storing it."""
        if isinstance(entity, Odometer):
            self.odometer = entity
            return
        self._tables[kind_of(entity)][key_of(entity)] = entity
        if isinstance(entity, CustomerList):
            self.members.setdefault(entity.id, set())
            self.rows.setdefault(entity.id, Rows())

    def apply(self, customer_list: CustomerList, operation: UserListOperation, batch: Records | RowBatch) -> None:
        """Add people to a list, or take them out."""
        self.replay(customer_list.id, operation, batch)
        self._store.add_batch(customer_list.id, operation, batch)

    def replay(self, list_id: str, operation: UserListOperation, batch: Records | RowBatch) -> None:
        """Change the people of a list, without storing it."""
        members, rows = self.members[list_id], self.rows[list_id]
        if isinstance(batch, RowBatch):
            apply_rows(members, rows, operation, batch)
        elif operation == "ADD":
            members.update(batch.members)
        else:
            members.difference_update(batch.members)
            remove_by_records(rows, batch.members)

    def keep_part(self, upload: Upload, number: int, body: bytes) -> None:
        """Keep one part of an upload, over an earlier one of that number."""
        self.parts.setdefault(upload.id, {})[number] = body
        self._store.put_part(upload.id, number, body)

    def take_parts(self, upload: Upload) -> list[bytes]:
        """Hand over an upload's parts in order, and forget them."""
        parts = self.parts.pop(upload.id, {})
        self._store.drop_parts(upload.id)
        return [parts[number] for number in sorted(parts)]

    def drop_list(self, list_id: str) -> bool:
        """Make a customer list vanish; False if there was none."""
        if self.customer_lists.pop(list_id, None) is None:
            return False
        del self.members[list_id]
        del self.rows[list_id]
        self._store.drop("CustomerList", list_id)
        self._store.drop_batches(list_id)
        return True

    def drop_audience(self, audience: Audience) -> None:
        """Remove an audience and what was shared of it."""
        del self.audiences[audience.id]
        self._store.drop("Audience", audience.id)
        for share in [share for share in self.shares.values() if share.audience_id == audience.id]:
            self.drop_share(share)

    def drop_share(self, share: Share) -> None:
        """Take a share back; one that is not there is fine."""
        if self.shares.pop(share.id, None) is not None:
            self._store.drop("Share", share.id)

    def clear(self) -> None:
        """Forget everything, the clock's advance included."""
        self._store.clear()
        self._forget()

    def commit(self) -> None:
        """Make every change up to here durable."""
        self._store.commit()

    def _forget(self) -> None:
        self.odometer = Odometer()
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.ad_accounts: dict[str, AdAccount] = {}
        self.customer_lists: dict[str, CustomerList] = {}
        self.audiences: dict[str, Audience] = {}
        self.shares: dict[str, Share] = {}
        self.uploads: dict[str, Upload] = {}
        self.members: dict[str, set[Member]] = {}
        self.rows: dict[str, Rows] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self._tables = cast(
            "dict[str, dict[str, Entity]]",
            {
                "User": self.users,
                "App": self.apps,
                "AccessToken": self.access_tokens,
                "RefreshToken": self.refresh_tokens,
                "AuthorizationCode": self.codes,
                "AdAccount": self.ad_accounts,
                "CustomerList": self.customer_lists,
                "Audience": self.audiences,
                "Share": self.shares,
                "Upload": self.uploads,
            },
        )


def kind_of(entity: Entity) -> str:
    """The name under which entities of this kind are stored."""
    return type(entity).__name__


def key_of(entity: Entity) -> str:
    """What tells an entity from the others of its kind."""
    if isinstance(entity, AccessToken | RefreshToken):
        return entity.token
    if isinstance(entity, AuthorizationCode):
        return entity.code
    if isinstance(entity, App):
        return entity.client_id
    return entity.id
