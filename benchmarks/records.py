"""The input of every benchmark: a customers table of six columns as Airbyte messages, a STATE every 10,000 records.

A line has some 250 bytes. E-mail addresses are plain and as people type them: every tenth with capitals, every
hundredth with a blank at its end; all are valid and none comes twice. `python -m benchmarks.records 5000` prints them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

STREAM: Final = "customers"
NAMESPACE: Final = "public"
RECORDS_A_STATE: Final = 10_000
_COLUMNS: Final = {
    "id": "integer",
    "email": "string",
    "first_name": "string",
    "country": "string",
    "updated_at": "string",
    "lifetime_value": "number",
}
_FIRST_NAMES: Final = ("anna", "ben", "carla", "david", "elena", "farid", "greta", "hugo", "ines", "jonas", "katharina")
_LAST_NAMES: Final = ("weber", "okafor", "lind", "moreau", "sato", "van-dijk", "rossi", "haddad", "novak")
_COUNTRIES: Final = ("DE", "FR", "US", "JP", "NG", "SE", "IT")


def catalog() -> dict[str, Any]:
    """The configured catalog of the table."""
    properties = {column: {"type": ["null", kind]} for column, kind in _COLUMNS.items()}
    stream = {
        "name": STREAM,
        "namespace": NAMESPACE,
        "json_schema": {"type": "object", "properties": properties},
        "supported_sync_modes": ["full_refresh", "incremental"],
    }
    configured = {
        "stream": stream,
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "cursor_field": ["updated_at"],
        "primary_key": [["id"]],
        "generation_id": 1,
        "minimum_generation_id": 0,
        "sync_id": 1,
    }
    return {"streams": [configured]}


def chunks(rows: int) -> Iterator[str]:
    """The table's first `rows` as whole lines; each chunk but the last ends in a STATE."""
    for start in range(0, rows, RECORDS_A_STATE):
        end = min(start + RECORDS_A_STATE, rows)
        lines = [_record(number) for number in range(start, end)]
        yield "".join([*lines, _state(end, end - start)])


def _record(number: int) -> str:
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    email = _email(number, first, _LAST_NAMES[number % len(_LAST_NAMES)])
    return (
        f'{{"type":"RECORD","record":{{"stream":"{STREAM}","namespace":"{NAMESPACE}","data":{{"id":{number},'
        f'"email":"{email}","first_name":"{first.title()}","country":"{_COUNTRIES[number % len(_COUNTRIES)]}",'
        f'"updated_at":"2026-03-{1 + number % 28:02}T09:26:53Z","lifetime_value":{number % 2000}.{number % 100:02}}},'
        f'"emitted_at":1773480000000}}}}\n'
    )


def _email(number: int, first: str, last: str) -> str:
    if number % 10 == 0:
        first, last = first.title(), last.title()
    return f"{first}.{last}{number}@example.com" + (" " if number % 100 == 0 else "")


def _state(cursor: int, records: int) -> str:
    return (
        f'{{"type":"STATE","state":{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"{STREAM}",'
        f'"namespace":"{NAMESPACE}"}},"stream_state":{{"cursor":{cursor}}}}},"id":{cursor // RECORDS_A_STATE},'
        f'"sourceStats":{{"recordCount":{records}.0}}}}}}\n'
    )


if __name__ == "__main__":
    for chunk in chunks(int(sys.argv[1])):
        sys.stdout.write(chunk)
