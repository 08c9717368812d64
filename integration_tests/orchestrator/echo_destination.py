"""A destination that writes nothing anywhere and returns every state, correctly or with the fault it is asked for.

    python echo_destination.py FAULT write --config FILE --catalog FILE

It starts in no time: nothing but the standard library, and none of the code that judges it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections import Counter

FAULT = sys.argv[1]


def number(token: str) -> str:
    """A number as a text that `written` turns back into what it was."""
    return f"\0{token}"


def read(line: bytes) -> dict:
    if FAULT == "rounds numbers":
        return json.loads(line)
    return json.loads(line, parse_int=number, parse_float=number, parse_constant=number)


def written(message: dict) -> str:
    return re.sub(r'"\\u0000([^"]*)"', r"\1", json.dumps(message))


def say(message: dict) -> None:
    print(written(message), flush=FAULT != "does not flush")


def error(failure_type: str | None, emitted_at: float, text: str) -> None:
    content = {"message": text} | ({"failure_type": failure_type} if failure_type else {})
    say({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": emitted_at, "error": content}})


class Echo:
    """Counts records, and returns states with the counts."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.states = 0
        self.kept_back: dict | None = None

    def take(self, message: dict) -> None:
        if message["type"] == "RECORD":
            self.take_record(message["record"])
        elif message["type"] == "STATE":
            self.states += 1
            self.take_state(message)

    def take_record(self, record: dict) -> None:
        self.counts[f"{record.get('namespace')}.{record['stream']}"] += 1
        if FAULT == "says what is no JSON":
            print("Received a row.", flush=True)
        elif FAULT == "says what is no message":
            say({"type": "PROGRESS", "rows": 1})
        elif FAULT == "repeats records":
            say({"type": "RECORD", "record": {"stream": "a", "data": {}, "emitted_at": 1}})
        elif FAULT == "writes to standard error":
            sys.stderr.write("Deprecated.\n")

    def take_state(self, message: dict) -> None:
        state = message["state"]
        state["destinationStats"] = self.stats(self.taken_count(state))
        change = {
            "drops the id": lambda: state.pop("id"),
            "makes up ids": lambda: state.update(id=self.states + 100),
            "sends no counts": lambda: state.pop("destinationStats"),
            "drops the source's counts": lambda: state.pop("sourceStats"),
            "makes null an object": lambda: state["stream"].update(stream_state={}),
            "names another stream": lambda: state["stream"]["stream_descriptor"].update(name="b"),
            "sends an empty state": lambda: message.update(state=None),
        }.get(FAULT)
        if change is not None:
            change()
        if FAULT == "swaps states" and self.states == 1:
            self.kept_back = message
            return
        if FAULT == "loses a state" and self.states == 2:
            return
        say(message)
        if FAULT == "doubles a state" and self.states == 2:
            say(message)
        if self.kept_back is not None:
            say(self.kept_back)
            self.kept_back = None

    def taken_count(self, state: dict) -> int:
        if state["type"] != "STREAM":
            total = self.counts.total()
            self.counts.clear()
            return total
        stream = state["stream"]["stream_descriptor"]
        key = f"{stream.get('namespace')}.{stream['name']}"
        return self.counts[key] if FAULT == "counts from the start" else self.counts.pop(key, 0)

    @staticmethod
    def stats(count: int) -> dict:
        rejected = count // 2
        if FAULT == "forgets what it rejected":
            rejected, count = 0, count - rejected
        if FAULT == "counts without a decimal point":
            return {"recordCount": count - rejected, "rejectedRecordCount": float(rejected)}
        return {"recordCount": float(count - rejected), "rejectedRecordCount": float(rejected)}


def main() -> int:
    if FAULT == "exits with 143 at SIGTERM":
        signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
    if FAULT == "ends at once":
        return 0
    echo = Echo()
    for line in sys.stdin.buffer:
        echo.take(read(line))
        if FAULT == "fails at the first state" and echo.states == 1:
            error("config_error", 2.0, "later")
            error("transient_error", 1.0, "earlier")
            return 1
        if FAULT == "crashes at the first state" and echo.states == 1:
            os.kill(os.getpid(), signal.SIGSEGV)
    if FAULT == "lingers":
        time.sleep(60)
    if FAULT in {"succeeds after an error", "fails without a type"}:
        error(None, 1.0, "It went wrong.")
    return 1 if FAULT in {"fails without a word", "fails without a type"} else 0


if __name__ == "__main__":
    sys.exit(main())
