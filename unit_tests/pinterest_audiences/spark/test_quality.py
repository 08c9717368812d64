from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import UnusableRowsError
from pinterest_audiences.spark.chunks import Tally
from pinterest_audiences.spark.quality import check_quality


def tally(read: int, **rejected: int) -> Tally:
    found = Tally()
    found.take_counts([("n", read), *((f"r\temail\t{reason}", rows) for reason, rows in rejected.items())])
    return found


def test_rows_that_are_mostly_wrong_are_no_success() -> None:
    with pytest.raises(UnusableRowsError, match="51 of the 100 rows of the DataFrame") as raised:
        check_quality(tally(100, invalid_email=51), "VIP", 50, is_whole=True)

    assert raised.value.code is Code.TOO_MANY_ROWS_REJECTED
    check_quality(tally(100, invalid_email=50), "VIP", 50, is_whole=True)


def test_rows_without_a_value_say_nothing() -> None:
    check_quality(tally(100, no_identity=100), "VIP", 50, is_whole=True)


def test_no_row_that_can_be_used_is_no_success_of_a_whole_table() -> None:
    with pytest.raises(UnusableRowsError) as raised:
        check_quality(tally(3, invalid_email=3), "VIP", 100, is_whole=True)

    assert raised.value.code is Code.NO_ROW_USABLE
    check_quality(tally(3, invalid_email=3), "VIP", 100, is_whole=False)
