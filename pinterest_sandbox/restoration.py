"""Takes a world up again from the file in which an earlier sandbox left it."""

from __future__ import annotations

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
)
from pinterest_sandbox.storage import Sqlite, StorageError
from pinterest_sandbox.world import Entity, Odometer, World

_KINDS: dict[str, type[Entity]] = {
    kind.__name__: kind
    for kind in (
        User,
        App,
        AccessToken,
        RefreshToken,
        AuthorizationCode,
        AdAccount,
        CustomerList,
        Audience,
        Share,
        Upload,
        Odometer,
    )
}
# A list's history is rewritten at the start when it is this many times longer than its outcome.
_HISTORY_PER_MEMBER = 4
# A row of two digests, as JSON, is about so many times larger than a member.
_RECORDS_PER_ROW = 6


def restore(world: World, store: Sqlite) -> bool:
    """Fill an empty world from the store; False if the store is empty too.

    Raises:
        StorageError: the file holds something that this version does not know.
    """
    found = False
    for kind, key, body in store.entities():
        found = True
        try:
            world.place(msgspec.json.decode(body, type=_KINDS[kind]))
        except (KeyError, msgspec.MsgspecError) as error:
            raise StorageError(f"the database holds a {kind} {key} that this version cannot read: {error}") from error
    for list_id, operation, batch in store.batches():
        world.replay(list_id, operation, batch)
    for upload_id, number, body in store.parts():
        world.parts.setdefault(upload_id, {})[number] = body
    for list_id, members in world.members.items():
        stored, rows = store.stored_records(list_id), world.rows[list_id]
        outcome = len(members) + _RECORDS_PER_ROW * len(rows)
        if stored > store.smallest_history and stored > _HISTORY_PER_MEMBER * outcome:
            store.rewrite_batches(list_id, members, rows)
    store.commit()
    return found
