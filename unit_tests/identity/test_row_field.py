from __future__ import annotations

import pytest

from destination_pinterest.identity.identifiers import IDENTIFIERS
from destination_pinterest.identity.row_field import TAGS, field_of, needs_rows
from destination_pinterest.vocabulary import ROWS_ONLY, Identifier


def test_the_kinds_that_only_rows_can_carry_have_tags_of_their_own() -> None:
    assert set(TAGS) == ROWS_ONLY
    assert len(set(TAGS.values())) == len(TAGS)


@pytest.mark.parametrize("kind", sorted(ROWS_ONLY))
def test_no_name_of_a_column_stands_for_such_a_kind(kind: Identifier) -> None:
    assert IDENTIFIERS[kind].column_names == ()


@pytest.mark.parametrize(
    ("identifier", "kind", "field"),
    [
        ("@pab12", None, ("hashed_phone_number", "ab12")),
        ("@xC-1005", Identifier.EMAIL, ("external_id", "C-1005")),
        ("@lAB==", None, ("liveramp_envelope", "AB==")),
        ("ab12", Identifier.EMAIL, ("email", "ab12")),
        ("ab12", Identifier.GAID, ("maid", "ab12")),
        ("ab12", Identifier.HASHED_PINNER_ID, ("hashed_pinner_id", "ab12")),
        ("XY1005", Identifier.LR_ID, None),
        ("ab12", None, None),
    ],
)
def test_an_identifier_has_the_field_of_its_kind(
    identifier: str, kind: Identifier | None, field: tuple[str, str] | None
) -> None:
    assert field_of(identifier, kind) == field
    assert needs_rows(identifier) == identifier.startswith("@")
