"""Forms the people of a delivery: what goes into a `records` string, and what into rows of `records_v2`.

An addition is a row for each person, with everything that is known of that person, if anything of it needs a row.
Pinterest does not say whom a removal with several identifiers takes out: whoever has any of them, or only who has all.
So a removal has one identifier a row, which means the same either way; it takes out the whole row that has it.

Source: models of API 5.28.0, CustomerListRecordRow (pinterestsdk 2.1.0, read 2026-11-26): every field is optional and
    has one value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from destination_pinterest.identity.row_field import field_of, needs_rows
from destination_pinterest.vocabulary import Identifier, Operation

Row = dict[str, str]


class Place(msgspec.Struct, frozen=True):
    """Where an identifier belongs.

    Args:
        person: a number for whose it is.
        kind: its kind, if it has no tag that says so.
    """

    person: int
    kind: Identifier | None = None


# None: it belongs to nobody else's row.
Places = Mapping[str, Place | None]


def split(operation: Operation, identifiers: Places) -> tuple[list[str], list[Row]]:
    """Returns the identifiers to send as `records`, and the rows."""
    if operation is Operation.REMOVE:
        return _alone(identifiers)
    in_rows = {place.person for one, place in identifiers.items() if place is not None and needs_rows(one)}
    records, rows = _alone(one for one, place in identifiers.items() if place is None or place.person not in in_rows)
    people: dict[int, Row] = {person: {} for person in in_rows}
    left: list[str] = []
    for one, place in identifiers.items():
        if place is None or place.person not in in_rows:
            continue
        field = field_of(one, place.kind)
        row = people[place.person]
        if field is None or field[0] in row:
            left.append(one)
        else:
            row[field[0]] = field[1]
    more_records, more_rows = _alone(left)
    return records + more_records, rows + list(people.values()) + more_rows


def merged(identifiers: Places) -> int:
    """Returns how many of the identifiers of an addition go in a row with another."""
    records, rows = split(Operation.ADD, identifiers)
    return len(identifiers) - len(records) - len(rows)


def as_rows(identifiers: Iterable[str]) -> Iterator[Row]:
    """Yields a row for each identifier that needs one."""
    for one in identifiers:
        field = field_of(one)
        if field is not None:
            yield dict([field])


def _alone(identifiers: Iterable[str]) -> tuple[list[str], list[Row]]:
    records: list[str] = []
    tagged: list[str] = []
    for one in identifiers:
        (tagged if needs_rows(one) else records).append(one)
    return records, list(as_rows(tagged))
