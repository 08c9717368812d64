from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.placeholder import UNAVAILABLE_VALUE
from destination_pinterest.identity.value_form import ValueForm, form_of

ADDRESS = b"ada@example.com"
DIGEST = hashlib.sha256(ADDRESS)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        ([None, "", " \u00a0", []], None),
        (
            [
                "REDACTED",
                "***",
                "•••••",
                "xxxx",
                "XXX-XX-XXXX",
                "[deleted]",
                "a***@example.com",
                "<masked>",
                "Anonymized user",
            ],
            ValueForm.MASKED,
        ),
        ([UNAVAILABLE_VALUE], ValueForm.UNCHANGED),
        (["null", "N/A", "NaN", "unknown", "\\N"], ValueForm.MISSING),
        ([hashlib.md5(ADDRESS).hexdigest()], ValueForm.MD5),
        ([hashlib.sha1(ADDRESS).hexdigest()], ValueForm.SHA1),
        ([DIGEST.hexdigest(), DIGEST.hexdigest().upper(), [DIGEST.hexdigest()]], ValueForm.SHA256),
        ([hashlib.sha512(ADDRESS).hexdigest()], ValueForm.SHA512),
        (
            [
                base64.b64encode(DIGEST.digest()).decode(),
                base64.b64encode(DIGEST.digest()).decode().rstrip("="),
                base64.urlsafe_b64encode(DIGEST.digest()).decode(),
            ],
            ValueForm.BASE64_SHA256,
        ),
        ([base64.b64encode(hashlib.md5(ADDRESS).digest()).decode()], ValueForm.BASE64_MD5),
        ([base64.b64encode(hashlib.sha1(ADDRESS).digest()).decode()], ValueForm.BASE64_SHA1),
        ([base64.b64encode(hashlib.sha512(ADDRESS).digest()).decode()], ValueForm.BASE64_SHA512),
        (
            [f"0x{DIGEST.hexdigest()}", f"\\x{DIGEST.hexdigest()}", f"sha256:{DIGEST.hexdigest()}"],
            ValueForm.PREFIXED_HEX,
        ),
        (["6f9619ff-8b86-d011-b42d-00cf4fc964ff"], ValueForm.UUID),
        (["ada@", "@example", "Ada Lovelace <ada@example.com>", "ada@example,com"], ValueForm.WITH_AT_SIGN),
        (["+1 (555) 010-0199", "555-010-0199", "0049 30 555 01 99"], ValueForm.PHONE),
        (["12345", "-3.5", "1e9", 7, 7.5], ValueForm.NUMBER),
        (["2026-11-22", "2026-11-22T10:00:00Z", "22.11.2026", "11/22/26"], ValueForm.DATE),
        (["https://example.com/ada"], ValueForm.URL),
        (['{"email": "ada@example.com"}', '["a"]'], ValueForm.JSON),
        (["Ada Lovelace", "Zoë", "O'Hara, Scarlett", "nobody"], ValueForm.WORDS),
        (["user_12345", "§ 17 b"], ValueForm.TEXT),
        ([True, False], ValueForm.BOOLEAN),
        ([["a", "b"]], ValueForm.ARRAY),
        ([{"a": 1}], ValueForm.OBJECT),
    ],
)
def test_a_form_is_named(values: list[Any], form: ValueForm | None) -> None:
    assert [form_of(value) for value in values] == [form] * len(values)


@given(st.text() | st.none() | st.integers() | st.lists(st.text()))
def test_any_value_has_a_form_or_is_none(value: Any) -> None:
    form = form_of(value)
    assert form is None or form in ValueForm
