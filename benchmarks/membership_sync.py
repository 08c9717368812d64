"""One sync against a membership store as a process of its own: records rows, diffs them, reads what to send, commits.

What is to be sent is read slice by slice, as a sync sends it, and counted.

    python -m benchmarks.membership_sync FOLDER ROWS CHANGED

Every row has a key and one identifier; of CHANGED (0 to 1) of the rows, the identifier is another one than usual. The
whole connector is imported, so that its memory counts. Prints one JSON object: what was found, and seconds by step.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import destination_pinterest.connector  # noqa: F401
from destination_pinterest.config import LocalMembershipStore
from destination_pinterest.membership import open_membership_store
from destination_pinterest.vocabulary import Operation

STREAM: Final = "customers"
_LIST: Final = "2680060704746"
_AD_ACCOUNT: Final = "549755885175"
_KEY: Final = "a secret of the benchmark"
_BATCH: Final = 1_900
# At Standard quota.
_SLICE: Final = 34 * _BATCH

_COLUMN: Final = "email"
# About as many rows as a connector reads at once.
CHUNK: Final = 1_000

_seconds: dict[str, float] = {}


@contextmanager
def _timed(step: str) -> Iterator[None]:
    started_s = time.perf_counter()
    yield
    _seconds[step] = time.perf_counter() - started_s


def digest(number: int, *, is_new: bool) -> str:
    """The identifier of a row."""
    return hashlib.sha256(f"{'new' if is_new else 'old'}-{number}@example.com".encode()).hexdigest()


def main() -> None:
    """Runs the sync."""
    folder, rows, changed = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    store = open_membership_store(LocalMembershipStore(path=folder, store_key=_KEY))
    every = int(1 / changed) if changed else rows + 1
    with _timed("open"):
        ledger = store.open(_AD_ACCOUNT, "Customers")
    with ledger:
        with _timed("record"):
            for first in range(1, rows + 1, CHUNK):
                numbers = range(first, min(first + CHUNK, rows + 1))
                digests = [digest(number, is_new=number % every == 0) for number in numbers]
                ledger.record_all(STREAM, [(number,) for number in numbers], Operation.ADD, digests, _COLUMN)
        with _timed("diff"):
            delta = ledger.diff([STREAM])
        with _timed("write ahead"):
            ledger.write_ahead(delta, _SLICE)
        with _timed("read"):
            sent = 0
            while sent < delta.total:
                last = min(sent + _SLICE, delta.total)
                if sent:
                    ledger.advance(delta, [(0, sent)], last, _LIST)
                sent += sum(len(piece) for _, piece, _ in ledger.pieces(delta, sent, last, _BATCH))
        with _timed("commit"):
            ledger.commit(delta, _LIST)
        found = {"additions": delta.additions, "removals": delta.removals, "sent": sent, "members": ledger.members}
    print(json.dumps({**found, "seconds": _seconds}))


if __name__ == "__main__":
    main()
