"""A source of customers in a SQLite file, as small as a source can be; nothing but Python's own library.

    customers_source.py spec|check|discover|read [--config FILE] [--catalog FILE] [--state FILE]

Incremental by `updated_at`. It says everything that a source may say besides its rows: a log line, an estimate, the
statuses of its stream, and a config to be kept.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

STREAM = {"name": "customers", "namespace": None}
ROWS_PER_STATE = 1_000
SPEC = {
    "connectionSpecification": {
        "type": "object",
        "required": ["database"],
        "properties": {"database": {"type": "string"}},
    }
}
TYPES = {"INTEGER": "integer", "TEXT": "string"}


def main() -> None:
    """Answers one command of Airbyte's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    for option in ("--config", "--catalog", "--state"):
        parser.add_argument(option, type=Path)
    given = parser.parse_args()
    match given.command:
        case "spec":
            say("SPEC", spec=SPEC)
        case "check":
            say("CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
        case "discover":
            say("CATALOG", catalog={"streams": [discovered(database_of(given.config))]})
        case "read":
            read(json.loads(given.config.read_text()), cursor_of(given.state))


def discovered(database: Path) -> dict[str, Any]:
    """The stream, with the columns as the table names them."""
    with closing(sqlite3.connect(database)) as connection:
        columns = connection.execute("SELECT name, type FROM pragma_table_info('customers')").fetchall()
    return {
        "name": "customers",
        "json_schema": {
            "type": "object",
            "properties": {name: {"type": ["null", TYPES[kind]]} for name, kind in columns},
        },
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_cursor": True,
        "default_cursor_field": ["updated_at"],
        "source_defined_primary_key": [["id"]],
    }


def database_of(config_file: Path) -> Path:
    """The file that the settings name."""
    return Path(json.loads(config_file.read_text())["database"])


def cursor_of(state_file: Path | None) -> int:
    """Where the run before ended; below every row if there was none."""
    states = json.loads(state_file.read_text()) if state_file else []
    return max((state["stream"]["stream_state"]["updated_at"] for state in states), default=-1)


def read(config: dict[str, Any], cursor: int) -> None:
    """Says the rows beyond the cursor, and a state after every thousand and at the end."""
    trace("STREAM_STATUS", stream_status={"stream_descriptor": STREAM, "status": "STARTED"})
    control = {"type": "CONNECTOR_CONFIG", "emitted_at": now_ms(), "connectorConfig": {"config": config}}
    say("CONTROL", control=control)
    say("LOG", log={"level": "INFO", "message": f"Reading customers after {cursor}."})
    trace("ESTIMATE", estimate={"name": "customers", "type": "STREAM", "row_estimate": 1})
    trace("STREAM_STATUS", stream_status={"stream_descriptor": STREAM, "status": "RUNNING"})
    since_state = 0
    for row in rows(Path(config["database"]), cursor):
        say("RECORD", record={"stream": "customers", "data": row, "emitted_at": now_ms()})
        cursor = row["updated_at"]
        since_state += 1
        if since_state == ROWS_PER_STATE:
            state(cursor, since_state)
            since_state = 0
    state(cursor, since_state)
    trace("STREAM_STATUS", stream_status={"stream_descriptor": STREAM, "status": "COMPLETE"})


def rows(database: Path, cursor: int) -> Iterator[dict[str, Any]]:
    """The rows that changed after the cursor, in order of their change."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM customers WHERE updated_at > ? ORDER BY updated_at", [cursor])
        yield from map(dict, found)


def state(cursor: int, row_count: int) -> None:
    """Says how far it came."""
    stream = {"stream_descriptor": STREAM, "stream_state": {"updated_at": cursor}}
    say("STATE", state={"type": "STREAM", "stream": stream, "sourceStats": {"recordCount": float(row_count)}})


def trace(kind: str, **content: Any) -> None:
    """Says something about the run."""
    say("TRACE", trace={"type": kind, "emitted_at": now_ms(), **content})


def say(kind: str, **content: Any) -> None:
    """Prints one message."""
    print(json.dumps({"type": kind, **content}), flush=True)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
