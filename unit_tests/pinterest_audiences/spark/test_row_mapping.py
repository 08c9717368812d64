from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.rejection import RejectionReason
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from pinterest_audiences.spark.row_mapping import (
    READ,
    REFUSED,
    REJECTED,
    RowMapping,
    count_of,
    fed_format,
    is_row,
    without_tag,
)

EMAIL = IdentityColumn("email", Identifier.EMAIL)
PHONE = IdentityColumn("phone", Identifier.PHONE, country="DE")
GAID = IdentityColumn("gaid", Identifier.GAID)
LR_ID = IdentityColumn("lr", Identifier.LR_ID)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mapped(
    *columns: IdentityColumn, rows: list[tuple[Any, ...]], by_identifier: bool = False, batch_rows: int = 100
) -> tuple[Counter[str], dict[tuple[str, str | None, RejectionReason], int], int]:
    """What all batches come to: rows as JSON, counts of rejections, and the rows that were read."""
    mapping = pickle.loads(pickle.dumps(RowMapping(columns, LetterCase.LOWER, by_identifier)))
    names = [column.column for column in columns]
    arrays = [pa.array([row[place] for row in rows]) for place in range(len(columns))]
    batches = pa.Table.from_arrays(arrays, names=names).to_batches(max_chunksize=batch_rows)
    total: Counter[str] = Counter()
    for batch in mapping(batches):
        total.update(dict(zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)))
    read = total.pop(READ, 0)
    is_found = (lambda key: key.startswith("i\t")) if by_identifier else is_row
    found = Counter({key: rows for key, rows in total.items() if is_found(key)})
    return found, {count_of(key): rows for key, rows in total.items() if not is_found(key)}, read


def test_a_column_becomes_digests_each_with_the_rows_that_have_it() -> None:
    found, counts, read = mapped(
        EMAIL, rows=[("Ada@Example.com",), (" ada@example.com",), ("bob@example.com",), ("nobody",), (None,)]
    )

    assert found == {f'"{sha256("ada@example.com")}"': 2, f'"{sha256("bob@example.com")}"': 1}
    assert counts == {
        (REJECTED, "email", RejectionReason.INVALID_EMAIL): 1,
        (REJECTED, None, RejectionReason.NO_IDENTITY): 1,
    }
    assert read == 5


def test_batches_add_up_however_the_rows_are_cut() -> None:
    rows = [(f"person.{number % 7}@example.com" if number % 3 else "no address",) for number in range(50)]

    assert mapped(EMAIL, rows=rows, batch_rows=1) == mapped(EMAIL, rows=rows, batch_rows=50)


def test_several_addresses_in_a_row_stay_together_and_the_refused_one_is_counted() -> None:
    found, counts, _ = mapped(EMAIL, rows=[(["b@example.com", "a@example.com", "nobody"],)])

    assert found == {msgspec.json.encode(sorted([sha256("a@example.com"), sha256("b@example.com")])).decode(): 1}
    assert counts == {(REFUSED, "email", RejectionReason.INVALID_EMAIL): 1}


def test_several_columns_stay_in_their_order_without_tags() -> None:
    rows = [("a@example.com", "030 901820"), (None, "+49 30 901820"), ("nobody", None), (None, None)]

    found, counts, read = mapped(EMAIL, PHONE, rows=rows)

    phone = sha256("4930901820")
    assert found == {f'["{sha256("a@example.com")}","{phone}"]': 1, f'[null,"{phone}"]': 1}
    assert counts == {
        (REJECTED, "email", RejectionReason.INVALID_EMAIL): 1,
        (REJECTED, None, RejectionReason.NO_IDENTITY): 1,
    }
    assert read == 4


def test_by_identifier_each_is_a_row_of_its_own() -> None:
    rows = [("a@example.com", "id-1"), ("a@example.com", "id-2")]

    found, _, _ = mapped(EMAIL, LR_ID, rows=rows, by_identifier=True)

    assert found == {
        f"i\tEMAIL/sha256\t{sha256('a@example.com')}": 2,
        "i\tLR_ID/auto\tid-1": 1,
        "i\tLR_ID/auto\tid-2": 1,
    }


def test_the_digest_of_a_phone_number_is_told_from_that_of_an_address() -> None:
    (key,) = mapped(PHONE, rows=[("030 901820",)], by_identifier=True)[0]

    assert key == f"i\tPHONE/sha256\t@p{sha256('4930901820')}"
    assert without_tag(key.split("\t")[2]) == sha256("4930901820")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, RejectionReason.NOT_TEXT),
        (1.5, RejectionReason.NOT_TEXT),
        (date(2026, 1, 1), RejectionReason.INVALID_EMAIL),
    ],
)
def test_a_value_of_another_type_is_judged_as_the_connector_would_read_it(
    value: object, reason: RejectionReason
) -> None:
    assert mapped(EMAIL, rows=[(value,)])[1] == {(REJECTED, "email", reason): 1}


def test_bytes_and_whole_decimals_are_read_as_from_a_database() -> None:
    digest = hashlib.sha256(b"a@example.com").digest()

    assert mapped(EMAIL, rows=[(digest,)])[0] == {f'"{digest.hex()}"': 1}
    assert mapped(PHONE, rows=[(Decimal(4930901820),)])[0] == {f'"{sha256("4930901820")}"': 1}


@given(
    st.lists(
        st.one_of(
            st.none(),
            st.sampled_from(
                ["a@example.com", "A@Example.com ", "x", "", "b@example.com; c@example.com", "{c@example.com}"]
            ),
            st.text(max_size=12),
            st.from_regex(r"[a-c]@[a-c]{1,3}\.(com|de)", fullmatch=True),
        ),
        max_size=30,
    )
)
def test_it_finds_what_the_mapper_finds_row_by_row(values: list[str | None]) -> None:
    mapper = IdentityMapper((EMAIL,))
    rows = [mapper.map((value,)) for value in values]

    found, counts, read = mapped(EMAIL, rows=[(value,) for value in values], by_identifier=True)

    assert Counter({key.split("\t")[2]: number for key, number in found.items()}) == Counter(
        identifier for row in rows for identifier in row.identifiers
    )
    rejected = Counter(row.rejections[0].reason for row in rows if not row.identifiers)
    assert {reason: number for (sort, _, reason), number in counts.items() if sort == REJECTED} == rejected
    assert read == len(values)


def test_what_is_fed_has_a_format_that_is_read_as_it_is() -> None:
    assert fed_format(EMAIL) is ValueFormat.SHA256
    assert fed_format(PHONE) is ValueFormat.SHA256
    assert fed_format(IdentityColumn("hash", Identifier.EMAIL, ValueFormat.MD5)) is ValueFormat.MD5
    assert fed_format(LR_ID) is ValueFormat.AUTO
    assert fed_format(IdentityColumn("own", Identifier.EXTERNAL_ID)) is ValueFormat.AUTO


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (EMAIL, "Ada@Example.com"),
        (IdentityColumn("hash", Identifier.EMAIL, ValueFormat.MD5), hashlib.md5(b"a@example.com").hexdigest().upper()),
        (GAID, "38400000-8CF0-11BD-B23E-10B96E40000D"),
        (PHONE, "030 901820"),
        (LR_ID, " Xy-1234567890 "),
        (IdentityColumn("own", Identifier.EXTERNAL_ID), " customer 7 "),
    ],
)
def test_what_is_fed_is_mapped_to_the_same_identifier_again(column: IdentityColumn, value: str) -> None:
    (key,) = mapped(column, rows=[(value,)])[0]
    fed = IdentityColumn(column.column, column.identifier, fed_format(column))

    again = IdentityMapper((fed,)).map((msgspec.json.decode(key),))

    assert again == IdentityMapper((column,)).map((value,))
    assert again.identifiers
