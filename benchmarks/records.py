"""The input of every benchmark: a customers table of six columns as Airbyte messages, a STATE every 10,000 records.

A line has some 250 bytes. E-mail addresses are plain and as people type them: every tenth with capitals, every
hundredth with a blank at its end; all are valid and none comes twice. `python -m benchmarks.records 5000` prints them;
`python -m benchmarks.records 5000 maid segment` with two of MORE_COLUMNS.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
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
# What tables of other shapes have beside these. Every second row has a mobile ID, of the other kinds every third.
MORE_COLUMNS: Final[Mapping[str, Callable[[int], str | None]]] = {
    "maid": lambda number: _device(number) if number % 2 == 0 else None,
    "gaid": lambda number: _device(number) if number % 3 == 0 else None,
    "idfa": lambda number: _device(-1 - number).upper() if number % 3 == 1 else None,
    "work_email": lambda number: f"desk.{number}@work.example.com" if number % 3 == 2 else None,
    "lr_id": lambda number: f"XY{number:044}" if number % 3 == 0 else None,
    "operation": lambda number: "remove" if number % 100 == 7 else "add",
    "segment": lambda number: f"Segment {number % 5}",
}
_DEVICES: Final = 0x6F9619FF_8B86_4011_8000_000000000000


def catalog(more: Sequence[str] = (), *, is_replaced: bool = False) -> dict[str, Any]:
    """The configured catalog of the table, with `more` of MORE_COLUMNS; `is_replaced`: it is refreshed as a whole."""
    kinds = {**_COLUMNS, **dict.fromkeys(more, "string")}
    properties = {column: {"type": ["null", kind]} for column, kind in kinds.items()}
    stream = {
        "name": STREAM,
        "namespace": NAMESPACE,
        "json_schema": {"type": "object", "properties": properties},
        "supported_sync_modes": ["full_refresh", "incremental"],
    }
    configured = {
        "stream": stream,
        "sync_mode": "full_refresh" if is_replaced else "incremental",
        "destination_sync_mode": "overwrite" if is_replaced else "append_dedup",
        "cursor_field": ["updated_at"],
        "primary_key": [["id"]],
        "generation_id": 1,
        "minimum_generation_id": 1 if is_replaced else 0,
        "sync_id": 1,
    }
    return {"streams": [configured]}


def chunks(rows: int, more: Sequence[str] = ()) -> Iterator[str]:
    """The table's first `rows` as whole lines; each chunk but the last ends in a STATE."""
    for start in range(0, rows, RECORDS_A_STATE):
        end = min(start + RECORDS_A_STATE, rows)
        lines = [_record(number, more) for number in range(start, end)]
        yield "".join([*lines, _state(end, end - start)])


def written(path: Path, rows: int, more: Sequence[str] = ()) -> Path:
    """The table as a file; read once, so that it is in the page cache."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="utf-8") as lines:
        lines.writelines(chunks(rows, more))
    return unfinished.replace(path)


def _record(number: int, more: Sequence[str]) -> str:
    first = _FIRST_NAMES[number % len(_FIRST_NAMES)]
    email = _email(number, first, _LAST_NAMES[number % len(_LAST_NAMES)])
    return (
        f'{{"type":"RECORD","record":{{"stream":"{STREAM}","namespace":"{NAMESPACE}","data":{{"id":{number},'
        f'"email":"{email}","first_name":"{first.title()}","country":"{_COUNTRIES[number % len(_COUNTRIES)]}",'
        f'"updated_at":"2026-03-{1 + number % 28:02}T09:26:53Z","lifetime_value":{number % 2000}.{number % 100:02}'
        f"{''.join(_field(column, MORE_COLUMNS[column](number)) for column in more)}}},"
        f'"emitted_at":1773480000000}}}}\n'
    )


def _field(column: str, value: str | None) -> str:
    return f',"{column}":null' if value is None else f',"{column}":"{value}"'


def _device(number: int) -> str:
    return str(uuid.UUID(int=_DEVICES + number))


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
    for chunk in chunks(int(sys.argv[1]), sys.argv[2:]):
        sys.stdout.write(chunk)
