"""The manifest: a small object that says which files a ledger has, whose it is, and which sync has leased it.

The ledger is exactly the files that the manifest names. The manifest is replaced as a whole, by compare-and-swap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Final

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InternalError, StoreMismatchError
from destination_pinterest.json_document import SMALL_BYTES
from destination_pinterest.membership.keys import AudienceKeys, DamagedSealError
from destination_pinterest.membership.store_key import UnknownStretchingError

# 1: version 0.1.0. 2: the manifest numbers identity columns, and a stored kind has the number of its column;
# `marks` is new. 3: `sending`, `epoch`, `counters`, `wrapped` and `next_key` are new, and the changes leave out the
# holder of rows without a key, as base does.
FORMAT: Final = 3
FILE_NAME: Final = "manifest.json"
_START_ANEW: Final = (
    "or delete the folder {folder} to start anew: then nobody who was added so far is ever removed automatically"
)


class Lease(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lease of a sync. `beat` increases while that sync is alive."""

    owner: str
    beat: int


class DataFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Parquet file in the ledger's folder, and what it must contain."""

    name: str
    sha256: str
    rows: int


class Sending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is being sent.

    Args:
        identifiers: what is sent, numbered in the order of sending.
        changes: all changes of the holdings that come with it, and those for which nothing is sent; they count as far
            as Pinterest has accepted their identifiers. None if there are none.
        begun: what has a lower number may have been sent.
        accepted: what has these numbers was accepted: from the first of a pair to the one before the second.
    """

    identifiers: DataFile
    changes: DataFile | None
    begun: int
    accepted: tuple[tuple[int, int], ...] = ()


class KeySlot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A store key that opens the ledger.

    Args:
        salt, stretching, check: see Manifest.
        wrapped: the ledger's keys, encrypted with those of this store key; empty if they are the same.
    """

    salt: str
    stretching: int
    check: str
    wrapped: str


class ListCounters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that Pinterest's counters of a customer list can show, as far as the store's syncs moved them.

    Args:
        customer_list_id: the list.
        added, removed: records.
        epoch: the ledger's epoch at that moment: if it is another by now, a sync ended without saying what it sent.
    """

    customer_list_id: str
    added: int
    removed: int
    epoch: int


# Fields with another name in the file: stores outlive the names in the code.
_NAMES_IN_FILE: Final = {"delta": "changes", "in_doubt": "maybes"}


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_NAMES_IN_FILE):
    """The content of a manifest.

    Args:
        format: the version of this format.
        ad_account_id, audience: the audience whose ledger it is.
        salt: the salt of its keys, as hexadecimal digits.
        stretching: the version of the parameters that stretch the store key.
        key_check: a digest that only the right key gives.
        sequence: incremented with every change of the content.
        customer_list_id: the list whose members the ledger records, once anything is committed.
        streams: the names behind the stream numbers in the files.
        members: distinct identifiers that are confirmed.
        base: the holdings as of an earlier commit.
        delta: the holdings gained and lost since.
        in_doubt: identifiers that were about to be sent and are not confirmed, besides those in `sending`.
        sending: what is being sent now, or was when a sync ended.
        generations: for each stream, the caller's name for the rows that last replaced it.
        columns: keyed digests of the identity columns' names; the files number them by their places here, from 1.
        has_former_keys: whether it began in format 1, in which a row key was digested as JSON spelled it.
        lease: the lease of the sync that works on it.
        epoch: incremented with every change of its files; Pinterest keeps it too, so that an older copy is noticed.
        counters: what Pinterest's counters of the list are compared with.
        wrapped: the ledger's keys, encrypted with those that the store key gives; empty if they are the same, as they
            are until the store key is changed.
        next_key: a second store key that opens the ledger, while the store key is being changed.
        marks: what the last sync of each set of streams left to be compared with; names and words are the caller's.
    """

    format: int = FORMAT
    ad_account_id: str
    audience: str
    salt: str
    stretching: int
    key_check: str
    sequence: int = 0
    customer_list_id: str | None = None
    streams: tuple[str, ...] = ()
    members: int = 0
    base: DataFile | None = None
    delta: DataFile | None = None
    in_doubt: DataFile | None = None
    sending: Sending | None = None
    generations: dict[str, str] = {}
    columns: tuple[str, ...] = ()
    has_former_keys: bool = False
    lease: Lease | None = None
    marks: dict[str, str] = {}
    epoch: int = 0
    counters: ListCounters | None = None
    wrapped: str = ""
    next_key: KeySlot | None = None

    @property
    def key_slots(self) -> list[KeySlot]:
        """The store keys that open the ledger."""
        first = KeySlot(self.salt, self.stretching, self.key_check, self.wrapped)
        return [first] if self.next_key is None else [first, self.next_key]

    @property
    def files(self) -> list[DataFile]:
        """The files that belong to the ledger."""
        sending = () if self.sending is None else (self.sending.identifiers, self.sending.changes)
        return [file for file in (self.base, self.delta, self.in_doubt, *sending) if file is not None]


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    manifest: msgspec.Raw
    mac: str


# Ledgers are opened side by side, and msgspec completes a type when it is first decoded: a second thread that comes
# meanwhile crashes the process. So the types are completed here, once, by the import.
# Source: msgspec 0.22.0, StructInfo_Convert caches what it has not filled in yet (crashed so 2026-11-27).
_decode_sealed: Final = msgspec.json.Decoder(_Sealed).decode
_decode_manifest: Final = msgspec.json.Decoder(Manifest).decode


def folder_of(ad_account_id: str, audience: str) -> str:
    """Returns the folder of an audience's ledger: a digest, since not every name can be a file name."""
    return hashlib.sha256(json.dumps([ad_account_id, audience]).encode()).hexdigest()[:32]


def write_manifest(manifest: Manifest, keys: AudienceKeys) -> bytes:
    """Returns the content of the object."""
    content = msgspec.json.encode(manifest)
    return msgspec.json.encode(_Sealed(msgspec.Raw(content), keys.manifest_mac(content)))


def read_manifest(body: bytes, keys_of: Callable[[bytes, int], AudienceKeys], address: str) -> Manifest:
    """Reads a manifest from an object's content, in the present format or an earlier one.

    Args:
        body: that content.
        keys_of: StoreKey.keys.
        address: the object's address, for people.

    Raises:
        StoreMismatchError: the manifest is damaged, of a later version, or written with another key.
    """
    if len(body) > SMALL_BYTES:
        raise damaged(address, "it is larger than any that the connector writes")
    try:
        sealed = _decode_sealed(body)
        version = msgspec.json.decode(sealed.manifest, type=dict).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise _later(address, f"format {version}")
        manifest = _decode_manifest(sealed.manifest)
        keys = keys_to(manifest, keys_of)
    except UnknownStretchingError:
        raise _later(address, f"key stretching {manifest.stretching}") from None
    except (msgspec.MsgspecError, ValueError, RecursionError, DamagedSealError):
        raise damaged(address, "its content can't be read") from None
    if keys is None:
        raise StoreMismatchError(
            Code.STORE_KEY_WRONG,
            f"The membership store at {address} was written with another store key. Enter the store key that it was "
            f"written with, {_start_anew(address)}.",
        )
    if keys.manifest_mac(bytes(sealed.manifest)) != sealed.mac:
        raise damaged(address, "its content was changed by something else than the connector")
    began_in_first = manifest.format == 1
    return msgspec.structs.replace(manifest, format=FORMAT, has_former_keys=manifest.has_former_keys or began_in_first)


def keys_to(manifest: Manifest, keys_of: Callable[[bytes, int], AudienceKeys]) -> AudienceKeys | None:
    """Returns the keys of a ledger; None if the store key does not open it.

    Args:
        manifest: its manifest.
        keys_of: StoreKey.keys.

    Raises:
        DamagedSealError: the manifest was changed by something else.
        UnknownStretchingError: it is of a later version.
        ValueError: the same as the first.
    """
    for slot in manifest.key_slots:
        keys = keys_of(bytes.fromhex(slot.salt), slot.stretching)
        if keys.check == slot.check:
            return keys.unwrap(slot.wrapped) if slot.wrapped else keys
    return None


def opened_keys(manifest: Manifest, keys_of: Callable[[bytes, int], AudienceKeys]) -> AudienceKeys:
    """Returns the keys of a ledger whose manifest was read, or made, with this store key."""
    keys = keys_to(manifest, keys_of)
    if keys is None:
        raise InternalError(
            Code.STORE_MISUSED, "A manifest was opened with a store key that it is not of. Please report this."
        )
    return keys


def check_owner(manifest: Manifest, ad_account_id: str, audience: str, address: str) -> None:
    """Raises StoreMismatchError where the ledger is another audience's: folders were renamed or copied."""
    if (manifest.ad_account_id, manifest.audience) != (ad_account_id, audience):
        raise StoreMismatchError(
            Code.STORE_OF_OTHER_AUDIENCE,
            f'The membership store at {address} is about the audience "{manifest.audience}" of the ad account '
            f'{manifest.ad_account_id}, not about "{audience}" of {ad_account_id}. Put the right one there, '
            f"{_start_anew(address)}.",
        )


def begun_anew(manifest: Manifest) -> Manifest:
    """Returns the manifest of a ledger whose audience begins again with nobody; the next sync's marks go on."""
    return Manifest(
        ad_account_id=manifest.ad_account_id,
        audience=manifest.audience,
        salt=manifest.salt,
        stretching=manifest.stretching,
        key_check=manifest.key_check,
        sequence=manifest.sequence + 1,
        marks=manifest.marks,
        epoch=manifest.epoch + 1,
        wrapped=manifest.wrapped,
        next_key=manifest.next_key,
    )


def damaged(address: str, what: str) -> StoreMismatchError:
    """Returns the error for a ledger that is not as the connector left it."""
    return StoreMismatchError(
        Code.STORE_DAMAGED,
        f"The membership store is damaged at {address}: {what}. Restore the folder from a backup, "
        f"{_start_anew(address)}.",
    )


def _later(address: str, what: str) -> StoreMismatchError:
    return StoreMismatchError(
        Code.STORE_OF_LATER_VERSION,
        f"The membership store at {address} was written by a later version of the connector ({what} is not known to "
        "this one). Use that version or a later one.",
    )


def _start_anew(address: str) -> str:
    return _START_ANEW.format(folder=address.rpartition("/")[0])
