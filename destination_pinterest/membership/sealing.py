"""AES-SIV of many texts at once: the same output as one by one, at a twentieth of the cost.

Only texts of two blocks, without anything beside them, which digests are. A library's AES-SIV takes one text a call,
which costs more than the cipher; here each of the four encryptions of a block goes over all texts together.

Source: RFC 5297, 2.4 to 2.7 (S2V of a single string, SIV-CTR); RFC 4493, 2.3 and 2.4 (CMAC and its subkeys).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from destination_pinterest.membership.keys import BODY_BYTES, TAG_BYTES, AudienceKeys, DamagedSealError, Kind

Words = npt.NDArray[Any]
"""Little-endian 64-bit words, in rows."""

_BLOCK: Final = 16
_WORDS_A_BLOCK: Final = 2
# What is added to a number of 128 bits when its highest bit is lost by doubling it (RFC 4493).
_ROUND: Final = 0x87
# Of a counter in big-endian order, the highest bits of its last two 32-bit words are left out (RFC 5297).
_COUNTER_MASK: Final = np.frombuffer(b"\xff" * 8 + b"\x7f\xff\xff\xff" * 2, dtype="<u8")


_DIGITS: Final = 2 * BODY_BYTES
_SEALED_BYTES: Final = TAG_BYTES + BODY_BYTES
_SEALED_WORDS: Final = _SEALED_BYTES // 8


class Sealed(NamedTuple):
    """Encrypted identifiers.

    `kinds` are their Kinds; `words` the tag and the body of each; `long` the bodies that are longer, by their places.
    """

    kinds: Words
    words: Words
    long: Mapping[int, bytes]


class BatchSeals:
    """Encrypts and decrypts many identifiers of one audience, as `AudienceKeys` does each.

    Args:
        keys: the audience's.
    """

    def __init__(self, keys: AudienceKeys) -> None:
        self._keys = keys
        self._siv = BatchSiv(keys.identifier_key)

    def seal(self, identifiers: Sequence[str | None]) -> Sealed:
        """Encrypts identifiers; in the place of None there is nothing but zeros."""
        kinds = np.zeros(len(identifiers), dtype="<u8")
        texts = [one for one in identifiers if one is not None]
        if len(texts) == len(identifiers) and {_DIGITS}.issuperset(map(len, texts)):  # As a rule.
            digests = _from_hex(texts)
            if digests is not None:
                return Sealed(kinds, self._siv.encrypt(digests), {})
        are_digests = [one is not None and len(one) == _DIGITS for one in identifiers]
        digests = _from_hex([one for one in compress(identifiers, are_digests) if one is not None])
        words = np.zeros((len(identifiers), _SEALED_WORDS), dtype="<u8")
        if digests is None:
            are_digests = [False] * len(identifiers)
        else:
            words[are_digests] = self._siv.encrypt(digests)
        long: dict[int, bytes] = {}
        for at, (identifier, is_done) in enumerate(zip(identifiers, are_digests, strict=True)):
            if identifier is not None and not is_done:
                kinds[at], sealed = self._keys.seal(identifier)
                if len(sealed) > _SEALED_BYTES:
                    long[at] = sealed[TAG_BYTES:]
                    sealed = sealed[:TAG_BYTES] + bytes(BODY_BYTES)
                words[at] = np.frombuffer(sealed, dtype="<u8")
        return Sealed(kinds, words, long)

    def unseal(self, sealed: Sealed) -> list[str]:
        """Decrypts identifiers.

        Raises:
            DamagedSealError: this key did not encrypt one of them.
        """
        are_digests = sealed.kinds == Kind.SHA256
        texts = self._siv.decrypt(sealed.words[are_digests])
        if texts is None:
            raise DamagedSealError
        digits = texts.tobytes().hex()
        digests = [digits[start : start + _DIGITS] for start in range(0, len(digits), _DIGITS)]
        if len(digests) == len(sealed.kinds):
            return digests
        following = iter(digests)
        return [next(following) if is_digest else self._unseal(sealed, at) for at, is_digest in enumerate(are_digests)]

    def _unseal(self, sealed: Sealed, at: int) -> str:
        content = sealed.words[at].tobytes()
        if at in sealed.long:
            content = content[:TAG_BYTES] + sealed.long[at]
        return self._keys.unseal(int(sealed.kinds[at]), content)


def _from_hex(texts: Sequence[str]) -> Words | None:
    """Returns rows of words if all texts are lower-case hexadecimal digits as `.hex()` writes them; else None."""
    joined = "".join(texts)
    try:
        raw = bytes.fromhex(joined)
    except ValueError:
        return None
    return np.frombuffer(raw, dtype="<u8").reshape(-1, BODY_BYTES // 8) if raw.hex() == joined else None


class BatchSiv:
    """Encrypts texts of two blocks.

    Args:
        key: that of AES-SIV, of 64 bytes.
    """

    def __init__(self, key: bytes) -> None:
        half = len(key) // 2
        # A block cipher by itself: how the blocks are bound together is this module's.
        self._mac = Cipher(AES(key[:half]), ECB())  # noqa: S305
        self._stream = Cipher(AES(key[half:]), ECB())  # noqa: S305
        subkey = _doubled(self._one(bytes(_BLOCK)))
        # What the second block meets in any case: the MAC of nothing, and the subkey of a whole last block.
        self._last = np.frombuffer(self._one(subkey), dtype="<u8") ^ np.frombuffer(subkey, dtype="<u8")

    def encrypt(self, texts: Words) -> Words:
        """Returns rows of two words of tag and four of encrypted text."""
        tags = self._tags(texts)
        return np.hstack([tags, texts ^ self._pads(tags)])

    def decrypt(self, sealed: Words) -> Words | None:
        """Returns the texts; None if one of them was not encrypted with this key."""
        tags = np.ascontiguousarray(sealed[:, :_WORDS_A_BLOCK])
        texts = np.ascontiguousarray(sealed[:, _WORDS_A_BLOCK:] ^ self._pads(tags))
        return texts if np.array_equal(self._tags(texts), tags) else None

    def _tags(self, texts: Words) -> Words:
        first = _encrypted(self._mac, texts[:, :_WORDS_A_BLOCK])
        return _encrypted(self._mac, first ^ texts[:, _WORDS_A_BLOCK:] ^ self._last)

    def _pads(self, tags: Words) -> Words:
        counters = tags & _COUNTER_MASK
        following = counters.copy()
        lows = following.view(">u4").reshape(-1, 4)
        lows[:, 3] += 1  # It can't overflow: its highest bit is left out.
        return np.hstack([_encrypted(self._stream, counters), _encrypted(self._stream, following)])

    def _one(self, block: bytes) -> bytes:
        return self._mac.encryptor().update(block)


def _encrypted(cipher: Cipher[ECB], blocks: Words) -> Words:
    content = cipher.encryptor().update(np.ascontiguousarray(blocks).tobytes())
    return np.frombuffer(content, dtype="<u8").reshape(-1, _WORDS_A_BLOCK)


def _doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    if number >> 8 * _BLOCK:
        number = (number & ((1 << 8 * _BLOCK) - 1)) ^ _ROUND
    return number.to_bytes(_BLOCK, "big")
