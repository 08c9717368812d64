from __future__ import annotations

from datetime import date

import pytest

from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.delivery.intake import ROWS_IN_FULL, IntakeCount
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.vocabulary import Identifier, LetterCase

EMAIL = IdentityColumn("email", Identifier.EMAIL)
WORK = IdentityColumn("work_email", Identifier.EMAIL)
IDFA = IdentityColumn("idfa", Identifier.IDFA)
ADDRESS, DEVICE = "ada@example.com", "00000000-0000-4000-8000-000000000001"


def counted(*columns: IdentityColumn, rows: list[tuple[str | None, ...]]) -> IdentityFill:
    count = IntakeCount({column.identifier for column in columns}, is_whole=True, day=date(2026, 11, 22))
    fill, mapper = count.new_stream(columns, LetterCase.LOWER), IdentityMapper(columns)
    for row in rows:
        fill.add_row(row, mapper.map(row))
    return count.intake.fill


def test_a_kind_is_there_if_any_of_its_columns_has_a_usable_value() -> None:
    rows = [(ADDRESS, None), (None, ADDRESS), ("no address", None), (None, None)]
    assert counted(EMAIL, WORK, rows=rows) == IdentityFill(4, {Identifier.EMAIL: 0.5}, 4)


def test_every_kind_is_counted_for_itself() -> None:
    rows = [(ADDRESS, DEVICE), (ADDRESS, "no device"), (None, None), (ADDRESS, None)]
    assert counted(EMAIL, IDFA, rows=rows) == IdentityFill(4, {Identifier.EMAIL: 0.75, Identifier.IDFA: 0.25}, 4)


def test_of_many_rows_with_several_kinds_some_are_looked_at() -> None:
    rows = [(ADDRESS, DEVICE if number % 4 else None) for number in range(10 * ROWS_IN_FULL)]
    fill = counted(EMAIL, IDFA, rows=rows)
    assert fill.rows == 10 * ROWS_IN_FULL
    assert ROWS_IN_FULL < fill.sample < 2 * ROWS_IN_FULL
    assert fill.shares[Identifier.EMAIL] == 1.0
    assert fill.shares[Identifier.IDFA] == pytest.approx(0.75, abs=0.01)


def test_streams_of_one_audience_are_weighted_by_their_rows() -> None:
    count = IntakeCount({Identifier.EMAIL, Identifier.IDFA}, is_whole=False, day=date(2026, 11, 22))
    count.new_stream([EMAIL], LetterCase.LOWER).add_rows(300, 150)
    count.new_stream([IDFA], LetterCase.LOWER).add_rows(100, 100)
    count.new_stream([IDFA], LetterCase.LOWER)
    assert count.intake.fill == IdentityFill(400, {Identifier.EMAIL: 0.375, Identifier.IDFA: 0.25}, 400)
    assert not count.has_rows_of_several
