from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.column_words import words_of

KNOWN = frozenset({"email", "address", "customer", "ad", "id", "google", "sha"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("E-mail 2 - Value", ("email", "2", "value")),
        ("customer.emailAddress", ("customer", "email", "address")),
        ("CUSTOMEREMAIL", ("customer", "email")),
        ("SHA256EMAIL1", ("sha256", "email", "1")),
        ("email_sha-256", ("email", "sha256")),
        ("MD5", ("md5",)),
        ("b64", ("base64",)),
        ("googleadid", ("google", "ad", "id")),
        ("iOS MAIDs", ("ios", "maids")),
        ("Correo electr\u00f3nico", ("correo", "electronico")),
        ("npe01__HomeEmail__c", ("home", "email", "c")),
        ("Email address (required)*", ("email", "address")),
        ("userEMail", ("user", "email")),
        ("adad", ("ad", "ad")),
        ("unheard", ("unheard",)),
        ("", ()),
        ("___", ()),
        ("e" * 1000, ()),
    ],
)
def test_a_name_is_split_into_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name, KNOWN) == words


@given(st.text())
def test_no_name_makes_it_raise(name: str) -> None:
    words_of(name, KNOWN)
