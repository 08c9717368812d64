"""The least that a store can do: hash, seal, and compare by one anti-join. What a sync is held against.

    python -m benchmarks.membership_bare FOLDER ROWS

The first run writes the sealed rows to a file in FOLDER, and the next ones count the rows that it lacks. Keys and
identifiers are sealed as the store does it; nothing is numbered, told apart by stream, written ahead or read to send.
Both make their rows by the same function, so what parsing takes is left out of both.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

import destination_pinterest.connector  # noqa: F401
from benchmarks.membership_sync import CHUNK, STREAM, digest
from destination_pinterest.membership.keys import SALT_BYTES, SECRET_BYTES, AudienceKeys
from destination_pinterest.membership.sealing import BatchSeals
from destination_pinterest.membership.workspace import Workspace

_BATCH = 50_000
_COLUMNS = "h1, h2, t1, t2, c1, c2, c3, c4"


def main() -> None:
    """Runs it once."""
    file, rows = Path(sys.argv[1]) / "bare.parquet", int(sys.argv[2])
    keys = AudienceKeys(bytes(SECRET_BYTES), bytes(SALT_BYTES))
    seals = BatchSeals(keys)
    workspace = Workspace()
    words = ", ".join(f"{name} UBIGINT" for name in _COLUMNS.split(", "))
    workspace.execute(f"CREATE TABLE spool ({words})")
    for start in range(1, rows + 1, _BATCH):
        holders: list[bytes] = []
        digests: list[str | None] = []
        for first in range(start, min(start + _BATCH, rows + 1), CHUNK):
            numbers = range(first, min(first + CHUNK, rows + 1))
            digests += [digest(number, is_new=False) for number in numbers]
            holders += keys.row_keys(STREAM, [(number,) for number in numbers])
        sealed = seals.seal(digests).words
        held = np.frombuffer(b"".join(holders), dtype="<u8").reshape(-1, 2)
        columns = np.hstack([held, sealed])
        batch = {name: np.ascontiguousarray(columns[:, at]) for at, name in enumerate(_COLUMNS.split(", "))}
        workspace.insert(f"INSERT INTO spool SELECT {_COLUMNS} FROM batch", batch)
    if file.exists():
        by_key = "USING (h1, h2, t1, t2)"
        found = workspace.number(f"SELECT count(*) FROM spool ANTI JOIN read_parquet('{file}') base {by_key}")
    else:
        workspace.execute(f"COPY spool TO '{file}' (FORMAT parquet, COMPRESSION uncompressed)")
        found = rows
    workspace.close()
    print(json.dumps({"found": found}))


if __name__ == "__main__":
    main()
