"""The people in the body of a customer-list request: in either form, counted, and cut where the settings say so.

Source: Pinterest OpenAPI 5.23.0 (`records`) and models of API 5.28.0 (`records_v2`: "Provide exactly one"). No limit on
records or bytes is published, so what happens to a request that is too large is a setting.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import UNSET

from pinterest_sandbox.call import Call
from pinterest_sandbox.contract import (
    CustomerListRecordRow,
    CustomerListRequest,
    CustomerListUpdateRequest,
    invalid_body,
)
from pinterest_sandbox.entities import UserListOperation
from pinterest_sandbox.members import Records, parse_records
from pinterest_sandbox.refusals import invalid, too_large, too_many
from pinterest_sandbox.rows import Row, RowBatch
from pinterest_sandbox.settings import Settings

People = Records | RowBatch


def people_of(
    call: Call, request: CustomerListRequest | CustomerListUpdateRequest, operation: UserListOperation
) -> People:
    """Everybody whom the request holds, noted in the record of requests.

    Raises:
        Refusal: 400; it has neither form or both. 413 or 400; it has too many identifiers for a plan of faults.
    """
    people = _read(call, request)
    call.seen.record_format = "records_v2" if isinstance(people, RowBatch) else "records"
    call.counts_identifiers(people.identifiers, operation)
    return people


def taken_in(call: Call, people: People) -> People:
    """Those who take effect: all, or as many as the settings let in without a word.

    Raises:
        Refusal: 400; there is nobody. 413 or 400; there are more than the settings allow.
    """
    if not len(people) and call.settings.empty_records == "refuse":
        raise invalid(f"Invalid request: '{call.seen.record_format}' must hold at least one record")
    limit = call.settings.max_records
    if not limit or len(people) <= limit:
        return people
    if call.settings.above_max_records == "refuse":
        raise too_large(limit)
    if call.settings.above_max_records == "refuse_with_400":
        raise too_many(limit)
    return people.first(limit)


def slowness_s(body: bytes, settings: Settings) -> float:
    """How much longer a request takes for the people it holds."""
    if not settings.slow_ms_per_record:
        return 0.0
    with suppress(msgspec.MsgspecError):
        held = msgspec.json.decode(body, type=_Held)
        people = held.records.count(",") + 1 if held.records else len(held.records_v2)
        return max(0, people - settings.slow_above_records) * settings.slow_ms_per_record / 1000
    return 0.0


class _Held(msgspec.Struct):
    """Whom a body may hold, in either form."""

    records: str = ""
    records_v2: list[msgspec.Raw] = []


def _read(call: Call, request: CustomerListRequest | CustomerListUpdateRequest) -> People:
    if call.settings.records_v2 == "refuse":
        # As before 5.28: an unknown key is passed over, and `records` is required.
        if request.records is UNSET:
            raise invalid_body(call.body, "Object missing required field 'records'")
        return parse_records(request.records)
    if (request.records is UNSET) == (request.records_v2 is UNSET):
        raise invalid_body(call.body, "give exactly one of 'records' and 'records_v2'")
    if request.records is not UNSET:
        return parse_records(request.records)
    rows: list[CustomerListRecordRow] = request.records_v2  # type: ignore[assignment]
    return RowBatch(tuple(row for row in map(_row, rows) if row), call.settings.removal_by)


def _row(row: CustomerListRecordRow) -> Row:
    """The identifiers of a row; blank ones don't count."""
    given: dict[str, str] = msgspec.to_builtins(row)
    return tuple((field, value) for field, value in given.items() if value.strip())
