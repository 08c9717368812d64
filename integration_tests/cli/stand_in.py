"""A stand-in for a destination connector that speaks the protocol and misbehaves as its first argument says.

Keeps what it was given in the folder that is its second argument: config.json, catalog.json, and stdin line by line.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path


def say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def log(level: str, text: str) -> None:
    say({"type": "LOG", "log": {"level": level, "message": text}, "state": None})


def main() -> int:
    mode, folder, _, _, config, _, catalog = sys.argv[1:]
    kept = Path(folder)
    for name, path in (("config.json", config), ("catalog.json", catalog)):
        (kept / name).write_bytes(Path(path).read_bytes())
    (kept / "pid").write_text(str(os.getpid()))
    if mode == "refuse":
        say(
            {
                "type": "TRACE",
                "trace": {
                    "type": "ERROR",
                    "error": {"message": "The token is expired.", "failure_type": "config_error"},
                },
            }
        )
        return 1
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if mode in {"stubborn", "stall"}:
        log("INFO", "Standing still.")
        time.sleep(600)
    if mode == "rotate":
        new = json.loads((kept / "config.json").read_text())
        new["credentials"]["refresh_token"] = "pinr_new"
        say({"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": new}}})
    records = 0
    with (kept / "stdin").open("wb") as received:
        for line in sys.stdin.buffer:
            received.write(line)
            received.flush()
            message = json.loads(line)
            records += message["type"] == "RECORD"
            if mode == "die" and records == 30:
                sys.stderr.write("Killed from inside.\n")
                os._exit(9)
            if mode == "slow":
                time.sleep(0.002)
            if message["type"] == "STATE" and mode != "forgetful":
                if mode == "numberless":
                    del message["state"]["id"]
                say(message)
            if mode == "chatty":
                log("INFO", "x" * 1000)
    if mode in {"unbegun", "unfinished"}:
        log("WARN", "pinterest_sync_report: " + json.dumps(failed_report(records if mode == "unfinished" else 0)))
        say(
            {
                "type": "TRACE",
                "trace": {"type": "ERROR", "error": {"message": "Pinterest is not there. Try again when it is."}},
            }
        )
        return 1
    log("WARN", "It was a fine day.")
    return 0


def failed_report(entered: int) -> dict[str, object]:
    audience = {
        "audience": "VIPs", "audience_id": "1", "customer_list_id": "2", "streams": ["people"], "entered": entered,
        "synced": 0, "not_synced": {}, "pending": entered, "errored": 0, "identifiers_added": 0,
        "identifiers_removed": 0, "identifiers_refused": {}, "requests": 1, "retries": 0, "waited_s": 0,
        "rows_per_second": 1, "customer_list_status": None, "audience_status": None, "audience_size": None, "notes": [],
    }  # fmt: skip
    totals = {"duration_s": 1, "rows_per_second": 1, "requests": 1, "retries": 0, "waited_s": 0}
    return {"schema_version": 1, "status": "failed", **totals, "audiences": [audience]}


if __name__ == "__main__":
    sys.exit(main())
