"""The command `store`: verifies a membership store, changes its key, copies it, or drops audiences from it.

It needs nothing of Pinterest. The command line `pinterest-audiences store` asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final, Literal

import msgspec

from destination_pinterest.config import Config, LocalMembershipStore, S3MembershipStore, read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import (
    ConnectorError,
    InternalError,
    InvalidConfigError,
    NotFoundError,
    StoreMismatchError,
)
from destination_pinterest.markers import STORE_PREFIX
from destination_pinterest.membership.blobs import Blobs
from destination_pinterest.membership.copying import copy
from destination_pinterest.membership.dropping import drop
from destination_pinterest.membership.exclusive import Exclusive
from destination_pinterest.membership.held_leases import HeldLeases
from destination_pinterest.membership.inventory import LedgerFolder, ledger_folders, read_ledger
from destination_pinterest.membership.manifest import Manifest, folder_of
from destination_pinterest.membership.rekeying import rekey
from destination_pinterest.membership.store import open_blobs
from destination_pinterest.membership.store_key import StoreKey
from destination_pinterest.membership.verification import verify
from destination_pinterest.private_folder import PrivateFolder
from destination_pinterest.system import System

SCHEMA_VERSION: Final = 1
_STATES: Final = {Code.STORE_KEY_WRONG: "other_key", Code.STORE_OF_LATER_VERSION: "later_version"}


class StoreRequest(msgspec.Struct, frozen=True):
    """What is asked for.

    Args:
        action: `list` reads the manifests alone.
        new_key: for `rekey`, the new store key.
        old_key: for `rekey`, the present one, if it is not the one of the settings.
        target: for `copy`, the settings of the other store.
        audiences: the audiences that `list` and `drop` are about, by their names in the store.
        everything: whether they are about all of the store.
    """

    action: Literal["verify", "list", "rekey", "copy", "drop"]
    new_key: str = ""
    old_key: str = ""
    target: dict[str, Any] | None = None
    audiences: list[str] = []
    everything: bool = False


class StoredAudience(msgspec.Struct, frozen=True):
    """An audience's part of a store. What can't be read is None."""

    folder: str
    state: str
    ad_account_id: str | None = None
    audience: str | None = None
    members: int | None = None
    change: int | None = None
    files: int | None = None
    bytes: int | None = None
    left_over_files: int | None = None
    in_use: bool | None = None
    error: str | None = None
    error_code: str | None = None


class StoreReport(msgspec.Struct, frozen=True):
    """What was done. Keys are only ever added."""

    action: str
    store: str
    target: str | None
    audiences: list[StoredAudience]
    status: Literal["succeeded"] = "succeeded"
    schema_version: int = SCHEMA_VERSION

    def as_line(self) -> str:
        """Returns the report as one line for a program."""
        return STORE_PREFIX + msgspec.json.encode(self).decode()


def read_request(content: Mapping[str, Any]) -> StoreRequest:
    """Reads a request from JSON's values.

    Raises:
        InternalError: it is none; the command line writes it.
    """
    try:
        return msgspec.convert(content, StoreRequest)
    except msgspec.ValidationError as error:
        raise InternalError(
            Code.STORE_MISUSED, f"The request about the membership store is not one ({error}). Please report this."
        ) from None


class StoreUpkeep:
    """Does what is asked for, once.

    Args:
        config: the settings as they came.
        request: what is asked for.
        system: clock and sleep.

    Raises:
        InvalidConfigError: the settings are wrong, or name no store.
    """

    def __init__(self, config: Mapping[str, Any], request: StoreRequest, system: System) -> None:
        known = read_config(config)
        settings = _store_of(known)
        self._request = request
        self._ad_account_ids = known.ad_account_ids
        self._blobs = open_blobs(settings)
        self._key = StoreKey(settings.store_key)
        self._target: Blobs | None = None
        if request.target is not None:
            self._target = open_blobs(_store_of(read_config({**config, "membership_store": request.target})))
        self._system = system
        self._held = HeldLeases()

    def run(self) -> StoreReport:
        """Returns what was done.

        Raises:
            ConnectorError: what is wrong and what to do about it. What was done before it stays done.
        """
        act = {
            "verify": self._verify,
            "list": self._list,
            "rekey": self._rekey,
            "copy": self._copy,
            "drop": self._drop,
        }[self._request.action]
        target = None if self._target is None else self._target.address("")
        return StoreReport(self._request.action, self._blobs.address(""), target, list(act()))

    def stop(self) -> bool:
        """See `sigterm.Command`: every step may be the last."""
        return False

    def give_back(self) -> None:
        """See `sigterm.Command`."""
        self._held.give_back()

    def _verify(self) -> Iterator[StoredAudience]:
        with closing(PrivateFolder()) as scratch:
            for found in verify(self._blobs, self._key, scratch.path):
                if found.problem is not None:
                    yield _unreadable(found.folder, found.problem, found.manifest)
                elif found.manifest is not None:
                    described = _described(found.manifest, "whole")
                    yield msgspec.structs.replace(described, bytes=found.size, left_over_files=found.left_over)

    def _list(self) -> Iterator[StoredAudience]:
        for folder in self._chosen():
            try:
                _, manifest = read_ledger(self._blobs, folder, self._key)
            except StoreMismatchError as problem:
                yield _unreadable(folder, problem, None)
            else:
                yield _described(manifest, "readable")

    def _rekey(self) -> Iterator[StoredAudience]:
        old = StoreKey(self._request.old_key) if self._request.old_key else self._key
        for manifest, was_done in rekey(self._exclusive(self._blobs), old, StoreKey(self._request.new_key)):
            described = _described(manifest, "unchanged" if was_done else "rekeyed")
            yield msgspec.structs.replace(described, in_use=None)  # It was by this command itself.

    def _copy(self) -> Iterator[StoredAudience]:
        if self._target is None:
            raise InternalError(Code.STORE_MISUSED, "A copy of the membership store goes nowhere. Please report this.")
        with closing(PrivateFolder()) as scratch:
            for manifest, was_same in copy(self._blobs, self._exclusive(self._target), self._key, scratch.path):
                yield _described(manifest, "unchanged" if was_same else "copied")

    def _drop(self) -> Iterator[StoredAudience]:
        described = {each.folder: each for each in self._list()}
        for folder in self._chosen():
            drop(self._exclusive(self._blobs), folder, self._key)
            each = described[folder.name]
            yield msgspec.structs.replace(each, state="dropped", in_use=None, error=None, error_code=None)

    def _chosen(self) -> list[LedgerFolder]:
        folders = ledger_folders(self._blobs)
        if self._request.everything:
            return folders
        by_name = {folder.name: folder for folder in folders}
        chosen = []
        for audience in self._request.audiences:
            found = [by_name.get(folder_of(account, audience)) for account in self._ad_account_ids]
            if not any(found):
                place = self._blobs.address("")
                accounts = f"ad account{'s' if len(found) > 1 else ''} {' and '.join(self._ad_account_ids)}"
                raise NotFoundError(
                    Code.STORE_PART_MISSING,
                    f'The membership store at {place} knows no audience "{audience}" of the {accounts}. '
                    "Give its name as `pinterest-audiences store verify` shows it.",
                )
            chosen += [folder for folder in found if folder is not None]
        return chosen

    def _exclusive(self, blobs: Blobs) -> Exclusive:
        return Exclusive(blobs, self._system.sleep, self._system.clock, held=self._held)


def _store_of(config: Config) -> LocalMembershipStore | S3MembershipStore:
    if config.membership_store is None:
        raise InvalidConfigError(
            Code.STORE_NOT_SET, "The settings name no membership store. Set membership_store in the config."
        )
    return config.membership_store


def _described(manifest: Manifest, state: str) -> StoredAudience:
    return StoredAudience(
        manifest.folder,
        state,
        manifest.ad_account_id,
        manifest.audience,
        members=manifest.members,
        change=manifest.epoch,
        files=len(manifest.files),
        in_use=manifest.lease is not None,
    )


def _unreadable(folder: LedgerFolder, problem: ConnectorError, manifest: Manifest | None) -> StoredAudience:
    state = _STATES.get(problem.code, "damaged")
    described = StoredAudience(folder.name, state) if manifest is None else _described(manifest, state)
    return msgspec.structs.replace(described, error=str(problem), error_code=problem.code.value)
