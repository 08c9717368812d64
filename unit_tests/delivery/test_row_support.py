from __future__ import annotations

from datetime import date

import pytest

from destination_pinterest.audiences.description_mark import decode, encode
from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.delivery.row_support import RowFilter, RowSupport, filter_for
from destination_pinterest.identity.mapping import IdentityColumn, MappedRow
from destination_pinterest.identity.rejection import Rejection, RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase

TODAY = date(2026, 11, 27)
EMAIL, PHONE = IdentityColumn("email", Identifier.EMAIL), IdentityColumn("tel", Identifier.PHONE)


@pytest.mark.parametrize(
    ("day", "is_refused"),
    [(date(2026, 11, 27), True), (date(2026, 10, 29), True), (date(2026, 10, 28), False), (date(2026, 11, 28), False)],
)
def test_a_refusal_counts_for_a_month(day: date, *, is_refused: bool) -> None:
    support = RowSupport("auto", TODAY)
    support.recall(decode(encode(Remembered(rows_refused_on=day))))
    assert support.is_refused == is_refused
    assert (support.noted(Remembered()).rows_refused_on == day) == is_refused


def test_settings_that_insist_ask_again_and_settings_that_rule_out_never_do() -> None:
    insisting, ruling_out = RowSupport("records_v2", TODAY), RowSupport("records", TODAY)
    for support in (insisting, ruling_out):
        support.recall(Remembered(rows_refused_on=TODAY))
    assert not insisting.is_known
    assert ruling_out.is_refused
    remembered = Remembered(rows_refused_on=TODAY)
    assert ruling_out.noted(remembered) == remembered


def test_only_streams_with_such_columns_have_a_filter() -> None:
    support = RowSupport("records", TODAY)
    assert filter_for(support, [EMAIL], LetterCase.LOWER) is None
    assert isinstance(filter_for(support, [EMAIL, PHONE], LetterCase.LOWER), RowFilter)


def test_what_can_not_be_sent_is_taken_out_and_rejected_by_its_column() -> None:
    of_rows = RowFilter(RowSupport("records", TODAY), [EMAIL, PHONE], LetterCase.LOWER)
    refused = Rejection("tel", Identifier.PHONE, RejectionReason.NEEDS_RECORDS_V2)
    assert of_rows.sendable(MappedRow(("e", "@pf"), ())) == MappedRow(("e",), (refused,))
    assert of_rows.sendable(MappedRow(("@pf",), ())) == MappedRow((), (refused,))
    assert of_rows.sendable(MappedRow(("e",), ())) == MappedRow(("e",), ())
