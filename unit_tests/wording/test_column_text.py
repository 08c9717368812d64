from __future__ import annotations

import pytest

from destination_pinterest.identity.column_sample import Finding, FindingKind
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, ValueFormat
from destination_pinterest.wording.column_text import finding_line

EMAIL = IdentityColumn("email", Identifier.EMAIL)


@pytest.mark.parametrize(
    ("seems", "said", "typed"),
    [
        (IdentityColumn("x", Identifier.EMAIL), "e-mail addresses", "--identity x=EMAIL."),
        (IdentityColumn("x", Identifier.MAID), "advertising IDs", "--identity x=MAID."),
        (IdentityColumn("x", Identifier.EMAIL, ValueFormat.SHA1), "SHA-1 digests", "--identity x=EMAIL:sha1."),
    ],
)
def test_an_unused_column_says_what_to_type_beside_what_is_used(seems: IdentityColumn, said: str, typed: str) -> None:
    finding = Finding(FindingKind.NOT_USED, "x", 3, 5, seems)
    level, text = finding_line(finding, "users", [EMAIL], are_declared=False)
    assert level == "WARN"
    assert f"is not used, but seems to hold {said} (3 of the first 5 values)." in text
    assert text.endswith(f"or pass --identity email=EMAIL {typed}")


def test_a_useless_column_says_why() -> None:
    finding = Finding(FindingKind.USELESS, "email", 5, 5, None, RejectionReason.INVALID_EMAIL)
    level, text = finding_line(finding, "users", [EMAIL], are_declared=True)
    assert level == "WARN"
    assert text == (
        'The column "email" of the stream "users" is used as EMAIL (auto), but none of its first 5 values can be used '
        f"(invalid_email). {RejectionReason.INVALID_EMAIL.sentence}"
    )
