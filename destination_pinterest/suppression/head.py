"""The head of a suppression store: a small object that names the file of digests, and proves the key.

It is replaced as a whole, by compare-and-swap. Every object but the file is sealed by a keyed digest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import StoreMismatchError
from destination_pinterest.json_document import SMALL_BYTES
from destination_pinterest.membership.keys import AudienceKeys
from destination_pinterest.membership.store_key import UnknownStretchingError

FORMAT: Final = 1
FOLDER: Final = "suppressions"
FILE_NAME: Final = f"{FOLDER}/head.json"

Content = TypeVar("Content")


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of the head.

    Args:
        format: the version of this format.
        salt: the salt of the key, as hexadecimal digits.
        stretching: the version of the parameters that stretch the store key.
        key_check: a digest that only the right key gives.
        sequence: incremented with every change.
        file: the name of the file of digests; empty if there are none.
        sha256: what it must contain.
        count: how many digests it has.
    """

    format: int = FORMAT
    salt: str
    stretching: int
    key_check: str
    sequence: int = 0
    file: str = ""
    sha256: str = ""
    count: int = 0


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    content: msgspec.Raw
    mac: str


def seal(content: msgspec.Struct, keys: AudienceKeys) -> bytes:
    """Returns the object for a content."""
    encoded = msgspec.json.encode(content)
    return msgspec.json.encode(_Sealed(msgspec.Raw(encoded), keys.manifest_mac(encoded)))


def unseal(body: bytes, form: type[Content], keys: AudienceKeys, address: str) -> Content:
    """Returns the content of an object.

    Raises:
        StoreMismatchError: it is damaged.
    """
    try:
        sealed = msgspec.json.decode(body, type=_Sealed)
        if keys.manifest_mac(bytes(sealed.content)) == sealed.mac:
            return msgspec.json.decode(sealed.content, type=form)
    except (msgspec.MsgspecError, RecursionError):
        pass
    raise damaged(address)


def read_head(body: bytes, keys_of: Callable[[bytes, int], AudienceKeys], address: str) -> tuple[Head, AudienceKeys]:
    """Returns the head and the keys of the store.

    Args:
        body: the object's content.
        keys_of: StoreKey.keys.
        address: its address, for people.

    Raises:
        StoreMismatchError: it is damaged, of a later version, or written with another key.
    """
    if len(body) > SMALL_BYTES:
        raise damaged(address)
    try:
        sealed = msgspec.json.decode(body, type=_Sealed)
        version = msgspec.json.decode(sealed.content, type=dict).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise _later(address)
        head = msgspec.json.decode(sealed.content, type=Head)
        keys = keys_of(bytes.fromhex(head.salt), head.stretching)
    except UnknownStretchingError:
        raise _later(address) from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise damaged(address) from None
    if keys.check != head.key_check:
        raise StoreMismatchError(
            Code.SUPPRESSION_KEY_WRONG,
            f"The suppression store at {address} was written with another store key. Enter the store key that it was "
            "written with.",
        )
    return unseal(body, Head, keys, address), keys


def damaged(address: str) -> StoreMismatchError:
    """Returns the error for a store that is not as the connector left it."""
    return StoreMismatchError(
        Code.SUPPRESSION_DAMAGED,
        f"The suppression store is damaged at {address}. Restore the folder {FOLDER} from a backup; without it, "
        "people who were forgotten would come back.",
    )


def _later(address: str) -> StoreMismatchError:
    return StoreMismatchError(
        Code.SUPPRESSION_OF_LATER_VERSION,
        f"The suppression store at {address} was written by a later version of the connector. Use that version or a "
        "later one.",
    )
