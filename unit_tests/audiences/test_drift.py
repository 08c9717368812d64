from __future__ import annotations

import pytest

from destination_pinterest.audiences.drift import DriftGuard, IdentityFill, falls
from destination_pinterest.error_codes import Code
from destination_pinterest.vocabulary import Identifier
from unit_tests.support.raises import raises

EMAIL, GAID = Identifier.EMAIL, Identifier.GAID


def fill(rows: int = 1_000, looked_at: int | None = None, **shares: float) -> IdentityFill:
    return IdentityFill(rows, {Identifier(kind): share for kind, share in shares.items()}, looked_at)


@pytest.mark.parametrize(
    ("before", "now", "fallen"),
    [
        (fill(EMAIL=1.0), fill(EMAIL=1.0), []),
        (fill(EMAIL=1.0), fill(EMAIL=0.51), []),
        (fill(EMAIL=1.0), fill(EMAIL=0.49), [EMAIL]),
        (fill(EMAIL=1.0), fill(), [EMAIL]),
        (fill(EMAIL=1.0, GAID=0.4), fill(EMAIL=1.0), [GAID]),
        (fill(EMAIL=1.0), fill(EMAIL=1.0, GAID=0.5), []),
        (fill(rows=99, EMAIL=1.0), fill(), []),
        (fill(EMAIL=1.0), fill(rows=99), []),
        (fill(EMAIL=1.0), fill(rows=9_000, looked_at=99), []),
        (None, fill(), []),
        # Of 100 rows, 2 or 0 is chance.
        (fill(EMAIL=1.0, GAID=0.05), fill(rows=100, EMAIL=1.0, GAID=0.0), []),
        (fill(EMAIL=1.0, GAID=0.05), fill(rows=10_000, EMAIL=1.0, GAID=0.0), [GAID]),
    ],
)
def test_a_kind_has_fallen_if_it_is_missing_or_lost_more_than_half_and_more_than_chance_explains(
    before: IdentityFill | None, now: IdentityFill, fallen: list[Identifier]
) -> None:
    assert [fall.kind for fall in falls(before, now)] == fallen


def test_a_fall_stops_whoever_is_about_to_remove_and_says_what_was_compared() -> None:
    said = (
        r'^PIN-GUARD-007: The audience "VIP" keeps its members: 0 % of 1,000 rows have a usable GAID '
        r"\(40 % of 12,000 in the last sync\)\. Correct the table .* \(allow_identity_drift\)"
    )
    with raises(Code.IDENTITY_DRIFT, match=said):
        DriftGuard(allows=False).check("VIP", fill(12_000, EMAIL=1.0, GAID=0.4), fill(EMAIL=1.0))


def test_a_fall_that_the_settings_allow_is_noted() -> None:
    (note,) = DriftGuard(allows=True).check("VIP", fill(EMAIL=1.0, GAID=0.4), fill(EMAIL=1.0))
    assert note.startswith("0 % of 1,000 rows have a usable GAID (40 % of 1,000 in the last sync).")


def test_rows_that_only_add_are_warned_of() -> None:
    (note,) = DriftGuard.warn(fill(EMAIL=1.0), fill(EMAIL=0.004))
    assert note.startswith("0.4 % of 1,000 rows have a usable EMAIL (100 % of 1,000 in the last sync). Nobody left")
    assert DriftGuard.warn(fill(EMAIL=1.0), fill(EMAIL=0.9)) == []


@pytest.mark.parametrize(
    ("now", "resembles"),
    [
        (fill(EMAIL=1.0, GAID=0.4), True),
        (fill(EMAIL=0.85, GAID=0.35), True),
        (fill(EMAIL=1.0, GAID=0.3), False),
        (fill(EMAIL=1.0), False),
        (fill(EMAIL=1.0, GAID=0.4, IDFA=0.1), False),
        (fill(rows=1_900, EMAIL=1.0, GAID=0.4), True),
        (fill(rows=2_000, EMAIL=1.0, GAID=0.4), False),
    ],
)
def test_only_a_notable_change_is_worth_remembering(now: IdentityFill, resembles: bool) -> None:
    assert fill(EMAIL=1.0, GAID=0.4).resembles(now) is resembles


def test_on_an_exclusion_audience_rows_that_only_add_must_not_lack_identifiers_either() -> None:
    before, now = fill(EMAIL=1.0, GAID=0.4), fill(EMAIL=1.0)
    with raises(Code.EXCLUSION_INCOMPLETE, match="who then see ads"):
        DriftGuard(allows=False).require("customers", before, now)
    (note,) = DriftGuard(allows=True).require("customers", before, now)
    assert note.endswith("The settings allow that (allow_identity_drift).")
    assert DriftGuard(allows=False).require("customers", before, before) == []
