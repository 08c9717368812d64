"""Opens the membership ledgers of a sync's audiences together, once the audiences are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from destination_pinterest.audiences.target import AudienceTarget
from destination_pinterest.config import Config
from destination_pinterest.delivery.mirror import MirrorStrategy
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError, StorageFailedError, StorageRefusedError
from destination_pinterest.system import System

if TYPE_CHECKING:
    from destination_pinterest.membership import MembershipStore
    from destination_pinterest.membership.lease import LeaseTiming
    from destination_pinterest.membership.store_key import Scrypt

# A killed sync leaves a lease on every ledger, and each is watched for a minute before it is taken over.
_AT_ONCE: Final = 16
# While other ledgers can be opened, these are about one ledger's files.
_OF_THE_STORE: Final = (StorageFailedError, StorageRefusedError)
# With a wrong key, a new ledger opens all the same, and would need that key from then on.
_CODES_OF_ALL: Final = frozenset({Code.STORE_KEY_WRONG, Code.LOCAL_DISK_FAILED, Code.NO_LOCAL_FOLDER})


def _raise(_mirror: MirrorStrategy, failure: ConnectorError) -> None:
    raise failure


def open_ledgers(
    mirrors: Sequence[MirrorStrategy],
    config: Config,
    *,
    system: System,
    stretchings: Mapping[int, Scrypt] | None = None,
    timing: LeaseTiming | None = None,
    only_look: bool = False,
    on_failure: Callable[[MirrorStrategy, ConnectorError], None] = _raise,
    on_store: Callable[[MembershipStore], None] | None = None,
) -> list[str]:
    """Opens the ledgers of mirrored audiences; returns remarks on them for the log.

    Args:
        mirrors: the strategies of mirrored audiences; each closes its own ledger.
        config: the settings.
        system: clock and sleep.
        stretchings: the cost of the store key, by version; None for the real one.
        timing: the pace of the store's leases; None for the real one.
        only_look: whether the ledgers are only compared with, without a lease and without a write.
        on_failure: takes a strategy whose ledger can't be opened, and why, if others can.
        on_store: is given the store before any ledger is opened.

    Raises:
        ConnectorError: no ledger can be opened, and the reason is the store itself, or what `on_failure` raises. The
            caller still has to close the ledgers that were opened.
    """
    if not mirrors or config.membership_store is None:
        return []
    # Imports DuckDB and NumPy, which other syncs don't need.
    from destination_pinterest.membership import open_membership_store  # noqa: PLC0415
    from destination_pinterest.membership.lease import DEFAULT_TIMING  # noqa: PLC0415
    from destination_pinterest.membership.store_key import STRETCHINGS  # noqa: PLC0415

    store = open_membership_store(
        config.membership_store,
        sleep=system.sleep,
        clock=system.clock,
        open_ledgers=len(mirrors),
        stretchings=STRETCHINGS if stretchings is None else stretchings,
        timing=timing or DEFAULT_TIMING,
    )
    if on_store is not None:
        on_store(store)
    open_one = store.view if only_look else store.open
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        opening = [
            (
                mirror,
                threads.submit(
                    open_one,
                    mirror.lane.target.ad_account_id,
                    _name(mirror.lane.target),
                    abandoned_list_id=mirror.lane.target.abandoned_list_id,
                ),
            )
            for mirror in mirrors
        ]
    failures: dict[MirrorStrategy, ConnectorError] = {}
    for mirror, ledger in opening:
        try:
            mirror.open(ledger.result())
        except ConnectorError as failure:
            failures[mirror] = failure
    opened = [mirror for mirror in mirrors if mirror not in failures]
    _agree(opened)
    none_is_open = not opened
    for found in failures.values():
        if found.code in _CODES_OF_ALL or (none_is_open and isinstance(found, _OF_THE_STORE)):
            raise found
    for mirror, found in failures.items():
        on_failure(mirror, found)
    return [remark for mirror in opened for remark in _remarks(mirror)]


def _agree(mirrors: Sequence[MirrorStrategy]) -> None:
    """Has a stream that one ad account still has to replace replaced in the others too: no attempt has returned it."""
    still = {(mirror.lane.target.ad_account_id, stream) for mirror in mirrors for stream in mirror.replaced}
    for mirror in mirrors:
        mirror.replace_again(lambda account, stream: (account, stream) in still)


def _name(target: AudienceTarget) -> str:
    """The store's name for an audience. One that was chosen by its id may be renamed at any time."""
    return target.name if target.chosen_id is None else f"audience {target.chosen_id}"


def _remarks(mirror: MirrorStrategy) -> list[str]:
    absent = mirror.absent_streams
    if not absent:
        return []
    remark = (
        f'The audience "{mirror.lane.target.name}" also has members from streams that are not in this sync: '
        f"{', '.join(absent)}. They stay in it."
    )
    return [remark]
