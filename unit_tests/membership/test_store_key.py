from __future__ import annotations

import pytest

from destination_pinterest.membership.keys import AudienceKeys
from destination_pinterest.membership.store_key import STRETCHINGS, Scrypt, StoreKey, UnknownStretchingError
from unit_tests.membership.shop import CHEAP, STORE_KEY, person

SALT = bytes(range(16))


def test_a_guess_costs_what_was_measured_and_fits_into_memory() -> None:
    newest = STRETCHINGS[max(STRETCHINGS)]
    assert newest.n * newest.r * newest.p >= 1 << 18
    assert 1 << 25 <= 128 * newest.n * newest.r < 1 << 26


def test_parameters_that_ledgers_were_made_with_stay_as_they_are() -> None:
    assert STRETCHINGS[1] == Scrypt(n=32768, r=8, p=1)
    # Another implementation's: cryptography 50, Scrypt(SALT, 32, 2**15, 8, 1).
    secret = bytes.fromhex("3b402d8abecbd541eafb9dd581f161a22c3afbd69618bcce32b7be4482c49aa2")
    assert StoreKey(STORE_KEY).keys(SALT, 1).check == AudienceKeys(secret, SALT).check


def test_a_key_is_stretched_once_for_each_salt_and_version() -> None:
    key = StoreKey(STORE_KEY, {**CHEAP, 2: Scrypt(n=4, r=8, p=1)})
    asked = [(salt, version) for salt in (SALT, bytes(16)) for version in (1, 2)]
    stretched = [key.keys(*one) for one in asked]
    assert len({keys.check for keys in stretched}) == 4
    assert all(key.keys(*one) is keys for one, keys in zip(asked, stretched, strict=True))


def test_another_key_stretches_to_another() -> None:
    keys = [StoreKey(typed, CHEAP).keys(SALT, 1) for typed in (STORE_KEY, STORE_KEY + "!", "ключ из символов")]
    assert len({key.seal(person("a"))[1] for key in keys}) == len({key.check for key in keys}) == 3


def test_a_version_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UnknownStretchingError):
        StoreKey(STORE_KEY, CHEAP).keys(SALT, 2)
