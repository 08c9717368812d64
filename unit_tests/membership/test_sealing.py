from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import example, given, settings
from hypothesis import strategies as st

from destination_pinterest.membership.keys import AudienceKeys, DamagedSealError
from destination_pinterest.membership.sealing import BatchSeals, BatchSiv, Words
from unit_tests.support.examples import examples

KEYS = st.binary(min_size=64, max_size=64)
TEXTS = st.lists(st.binary(min_size=32, max_size=32), max_size=5)


def words(rows: list[bytes]) -> Words:
    return np.frombuffer(b"".join(rows), dtype="<u8").reshape(len(rows), -1)


@settings(max_examples=examples(100), deadline=None)
@given(KEYS, TEXTS)
@example(bytes(64), [bytes(32)])
@example(bytes(range(64)), [bytes([255]) * 32, bytes(32)])
def test_texts_are_encrypted_together_as_the_library_encrypts_each_and_decrypted_again(
    key: bytes, texts: list[bytes]
) -> None:
    siv, library = BatchSiv(key), AESSIV(key)
    sealed = siv.encrypt(words(texts) if texts else np.empty((0, 4), dtype="<u8"))
    assert sealed.tobytes() == b"".join(library.encrypt(text, None) for text in texts)
    opened = siv.decrypt(sealed)
    assert opened is not None
    assert opened.tobytes() == b"".join(texts)


def test_many_keys_and_texts_come_to_what_the_library_makes_of_them() -> None:
    chance = np.random.default_rng(7)
    for _ in range(50):
        key, texts = chance.bytes(64), [chance.bytes(32) for _ in range(40)]
        sealed = BatchSiv(key).encrypt(words(texts)).tobytes()
        assert sealed == b"".join(AESSIV(key).encrypt(text, None) for text in texts)


@pytest.mark.parametrize("bit", [0, 70, 127, 128, 300, 383])
def test_a_single_changed_bit_is_noticed(bit: int) -> None:
    siv = BatchSiv(bytes(range(64)))
    sealed = bytearray(siv.encrypt(words([bytes(32), bytes([1]) * 32])).tobytes())
    sealed[48 + bit // 8] ^= 1 << bit % 8
    assert siv.decrypt(words([bytes(sealed[:48]), bytes(sealed[48:])])) is None


IDENTIFIERS = st.none() | st.sampled_from(
    ["a" * 64, "A" * 64, "é" * 64, "0" * 40, " " + "0" * 63, "XY1", "@p" + "b" * 64, "@x" + "long" * 20, "Z" * 100, ""]
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(IDENTIFIERS | st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=6))
def test_identifiers_are_encrypted_together_as_each_alone(identifiers: list[str | None]) -> None:
    keys = AudienceKeys(bytes(32), bytes(16))
    seals = BatchSeals(keys)
    sealed = seals.seal(identifiers)
    for at, identifier in enumerate(identifiers):
        content = sealed.words[at].tobytes()
        if at in sealed.long:
            content = content[:16] + sealed.long[at]
        assert (sealed.kinds[at], content) == ((0, bytes(48)) if identifier is None else keys.seal(identifier))
    given_ones = [one for one in identifiers if one is not None]
    assert seals.unseal(seals.seal(given_ones)) == given_ones


def test_identifiers_that_another_key_encrypted_are_not_decrypted() -> None:
    sealed = BatchSeals(AudienceKeys(bytes(32), bytes(16))).seal(["a" * 64])
    with pytest.raises(DamagedSealError):
        BatchSeals(AudienceKeys(bytes(32), bytes([1]) * 16)).unseal(sealed)
