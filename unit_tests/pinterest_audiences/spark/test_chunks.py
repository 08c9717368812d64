from __future__ import annotations

import pyarrow as pa

from destination_pinterest.identity.rejection import RejectionReason
from pinterest_audiences.spark.chunks import Tally, packed, rows_of, unpacked


def batch(keys: dict[str, int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(list(keys), pa.string()), pa.array(list(keys.values()), pa.int64())], ["key", "rows"]
    )


def test_a_batch_becomes_one_value_that_holds_rows_and_counts() -> None:
    (chunk,) = packed([batch({'"aa"': 3, "n": 5, '["bb","cc"]': 1, "r\temail\tinvalid_email": 1})])

    found = unpacked(chunk.column(0).to_pylist()[0])

    assert found.rows == ["aa", ["bb", "cc"]]
    assert found.of == 4
    assert rows_of(found, 1) == [("aa",), (["bb", "cc"],)]


def test_rows_of_several_columns_are_as_they_were() -> None:
    (chunk,) = packed([batch({'["aa",null]': 1})])

    assert rows_of(unpacked(chunk.column(0).to_pylist()[0]), 2) == [["aa", None]]


def test_chunks_add_up() -> None:
    tally = Tally()
    for keys in (
        {'"aa"': 3, "n": 5, "r\temail\tinvalid_email": 2},
        {"n": 7, "r\temail\tinvalid_email": 1, "r\t\tno_identity": 4, "v\temail\tinvalid_email": 9, '"bb"': 2},
    ):
        for chunk in packed([batch(keys)]):
            tally.take(unpacked(chunk.column(0).to_pylist()[0]))

    assert (tally.read, tally.different, tally.usable) == (12, 2, 5)
    assert tally.rejected == {"invalid_email": 3, "no_identity": 4}
    assert tally.refused_values == {"invalid_email": 9}
    assert tally.rejections["email", RejectionReason.INVALID_EMAIL] == 3
