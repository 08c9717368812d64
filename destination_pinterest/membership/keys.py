"""Encrypts the store: identifiers so that they can be compared and decrypted, row keys so that they can't be decrypted.

An identifier is encrypted with AES-SIV, which gives the same output for the same input. The first 16 bytes of that, the
SIV, are a keyed digest (a pseudo-random function of the identifier) by which everything is joined; the rest decrypts
to the identifier. A digest alone would not do: to remove a member, Pinterest must be sent the identifier again. As with
    a keyed digest, the store reveals nothing about its members without the key.

A row key is only ever compared, so it is a keyed digest and nothing else.

Source: RFC 5297 (AES-SIV), RFC 5869 (HKDF), RFC 7693 (keyed BLAKE2b); cryptography 50, AESSIV and HKDF
(read 2026-11-22).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from destination_pinterest.vocabulary import PHONE_TAG, TAG

TAG_BYTES: Final = 16
# The length of a SHA-256, which nearly every identifier is. Shorter ones are padded to it, so that they don't stand
# out.
BODY_BYTES: Final = 32
SALT_BYTES: Final = 16
SECRET_BYTES: Final = 32
_PURPOSE: Final = b"destination-pinterest membership store, version 1: "
_LONGEST_SHORT: Final = BODY_BYTES - 1
# Those that orjson writes.
_LEAST_INTEGER: Final = -(1 << 63)
_MOST_INTEGER: Final = (1 << 64) - 1
# In the place of a short text's length.
_IS_LONG: Final = 255
# The bits of a stored kind that are the Kind; those above it are the number of the identifier's column.
KIND_BITS: Final = 3
KIND_MASK: Final = (1 << KIND_BITS) - 1
NEEDS_ROWS: Final = f"kind & {KIND_MASK} IN (4, 5)"
"""Whether a stored kind is of an identifier that only rows of `records_v2` can carry, as SQL."""


class Kind(IntEnum):
    """How an identifier was written before it was encrypted."""

    SHA256 = 0  # 64 lower-case hexadecimal digits, as 32 bytes
    HEX = 1  # fewer such digits: SHA-1, MD5
    TEXT = 2  # any other text of up to 31 bytes
    LONG = 3  # any other text
    TAGGED_SHA256 = 4  # 64 such digits behind the tag of phone numbers, as 32 bytes
    TAGGED = 5  # any other text behind a tag; long ones are as long as they are
    UNCHANGED = 6  # no identifier: the row keeps those that it has in a column
    NOBODY = 7  # a row without an identifier


class DamagedSealError(Exception):
    """What was to be decrypted was not encrypted with this key."""


class AudienceKeys:
    """The keys of one audience, derived from the stretched store key and the audience's salt.

    Args:
        secret: unguessable bytes; see store_key.
        salt: SALT_BYTES random bytes, made once for the audience and kept in its manifest.

    `check` tells whether keys are the right ones; `name` is a short name of the ledger, which no store key changes.
    """

    def __init__(self, secret: bytes, salt: bytes) -> None:
        # Of AES-SIV, for those who encrypt many identifiers at once.
        self.identifier_key = _derive(secret, salt, b"identifiers", 64)
        self._siv = AESSIV(self.identifier_key)
        self._row_key = _derive(secret, salt, b"row keys", 32)
        self._manifest_key = _derive(secret, salt, b"manifest", 32)
        self._root = secret + salt
        self._wrapping_key = _derive(secret, salt, b"other keys", 64)
        # Of a suppression store, which digests the people themselves.
        self.people_key = _derive(secret, salt, b"suppressed people", 32)
        self.check = _derive(secret, salt, b"check", 16).hex()
        self.name = _derive(secret, salt, b"name", 4).hex()

    def wrap(self, others: AudienceKeys) -> str:
        """Returns other keys, encrypted with these, as hexadecimal digits."""
        return AESSIV(self._wrapping_key).encrypt(others._root, None).hex()

    def unwrap(self, wrapped: str) -> AudienceKeys:
        """Returns the keys that these have encrypted.

        Raises:
            DamagedSealError: these keys did not.
        """
        try:
            root = AESSIV(self._wrapping_key).decrypt(bytes.fromhex(wrapped), None)
        except (InvalidTag, ValueError):
            raise DamagedSealError from None
        return AudienceKeys(root[:-SALT_BYTES], root[-SALT_BYTES:])

    def seal(self, identifier: str) -> tuple[int, bytes]:
        """Returns the kind, and TAG_BYTES of tag with the encrypted body: BODY_BYTES, or more of a long text."""
        if len(identifier) == 64 and (raw := _from_hex(identifier)) is not None:
            return Kind.SHA256, self._siv.encrypt(raw, None)
        kind, body = _encode(identifier)
        return kind, self._siv.encrypt(body, [bytes([kind])])

    def unseal(self, kind: int, sealed: bytes) -> str:
        """Returns the decrypted identifier.

        Raises:
            DamagedSealError: this key did not seal it.
        """
        try:
            body = self._siv.decrypt(sealed, None if kind == Kind.SHA256 else [bytes([kind])])
        except InvalidTag:
            raise DamagedSealError from None
        if kind == Kind.SHA256:
            return body.hex()
        if kind == Kind.TAGGED_SHA256:
            return PHONE_TAG + body.hex()
        if kind == Kind.LONG or (kind == Kind.TAGGED and body[0] == _IS_LONG):
            return body[kind == Kind.TAGGED :].decode(errors="surrogatepass")
        content = body[1 : 1 + body[0]]
        return content.hex() if kind == Kind.HEX else content.decode(errors="surrogatepass")

    def row_key(self, stream: str, values: Sequence[Any]) -> bytes:
        """Returns the keyed digest of a primary key, TAG_BYTES long. `values` are JSON values, in the key's order."""
        try:
            text = orjson.dumps((stream, *values))
        except TypeError:  # Numbers beyond 64 bits, and halves of surrogate pairs.
            text = json.dumps((stream, *values), separators=(",", ":")).encode()
        return hashlib.blake2b(text, digest_size=TAG_BYTES, key=self._row_key).digest()

    def row_keys(self, stream: str, keys: Sequence[Sequence[Any]]) -> list[bytes]:
        """Returns the keyed digests of many primary keys; see `row_key`."""
        values = [key[0] for key in keys]
        are_integers = {1}.issuperset(map(len, keys)) and {int}.issuperset(map(type, values))
        if not are_integers or not values or min(values) < _LEAST_INTEGER or max(values) > _MOST_INTEGER:
            return [self.row_key(stream, key) for key in keys]
        blake2b, row_key, before = hashlib.blake2b, self._row_key, orjson.dumps((stream,))[:-1]
        return [blake2b(b"%b,%d]" % (before, value), digest_size=TAG_BYTES, key=row_key).digest() for value in values]

    def column_digest(self, name: str) -> str:
        """Returns the keyed digest by which a manifest names an identity column, as hexadecimal digits."""
        return hashlib.blake2b(_encoded(name), digest_size=8, key=self._row_key, person=b"column").hexdigest()

    def manifest_mac(self, content: bytes) -> str:
        """Returns the keyed digest of a manifest, as hexadecimal digits."""
        return hashlib.blake2b(content, digest_size=32, key=self._manifest_key).hexdigest()


def _derive(secret: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, _PURPOSE + purpose).derive(secret)


def _from_hex(text: str) -> bytes | None:
    """Returns the bytes if `text` has lower-case hexadecimal digits only, as `.hex()` writes them; else None."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if raw.hex() == text else None


def _encode(identifier: str) -> tuple[Kind, bytes]:
    if identifier.startswith(TAG):
        return _encode_tagged(identifier)
    raw = _from_hex(identifier)
    kind, content = (Kind.TEXT, _encoded(identifier)) if raw is None else (Kind.HEX, raw)
    if len(content) > _LONGEST_SHORT:
        return Kind.LONG, _encoded(identifier)
    return kind, bytes([len(content)]) + content.ljust(_LONGEST_SHORT, b"\0")


def _encode_tagged(identifier: str) -> tuple[Kind, bytes]:
    tag, digest = identifier[: len(PHONE_TAG)], identifier[len(PHONE_TAG) :]
    if tag == PHONE_TAG and len(digest) == 2 * BODY_BYTES and (raw := _from_hex(digest)) is not None:
        return Kind.TAGGED_SHA256, raw
    content = _encoded(identifier)
    if len(content) > _LONGEST_SHORT:
        return Kind.TAGGED, bytes([_IS_LONG]) + content
    return Kind.TAGGED, bytes([len(content)]) + content.ljust(_LONGEST_SHORT, b"\0")


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON may have halves of surrogate pairs; they must not end a sync.
