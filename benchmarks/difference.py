"""The difference in the warehouse: a DuckDB table of which a thousandth has changed, beside reading all of it.

Both make the audience equal to the table and send only what changed: the one compares in the database, the other reads
and maps every row and compares with its membership store.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from statistics import median
from typing import Final

import duckdb

from benchmarks.children import Child, ChildError, Command, Cost, run
from benchmarks.contenders import CHECKOUT
from benchmarks.figures import Table, against_first, verdict
from benchmarks.sandbox import ACCESS_TOKEN, AD_ACCOUNT_ID, Sandbox, running_sandbox

_BYTES_A_MIB: Final = 1 << 20
_CHANGED: Final = 1_000
# Below this, starting two processes of the connector is most of the time.
_LARGE: Final = 1_000_000
_TIMES_FASTER: Final = 2
_WAREHOUSE: Final = "in the warehouse"
_STORE: Final = "all rows read, membership store"
_OPTIONS: Final = {
    _WAREHOUSE: ("--difference", "warehouse", "--difference-schema", "pins"),
    _STORE: ("--replace",),
}


def measure(folder: Path, *, rows: int, rounds: int) -> list[Table]:
    """A fill and `rounds` differences of a table of `rows`."""
    work = folder / "difference"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    database = work / "people.duckdb"
    _change(
        database,
        "CREATE SCHEMA pins",
        f"CREATE TABLE people AS SELECT i AS id, 'person' || i || '@example.com' AS email FROM range({rows}) r(i)",
    )
    fills: dict[str, list[Cost]] = {}
    costs: dict[str, list[Cost]] = {name: [] for name in _OPTIONS}
    with running_sandbox(work / "sandbox.log", tier="none") as sandbox:
        configs = {name: _config(work, sandbox, name) for name in _OPTIONS}
        for name in _OPTIONS:
            fills[name] = [_sync(work, database, configs[name], name, rows)]
        for number in range(1, rounds + 1):
            print(f"  round {number} of {rounds}", flush=True)
            moved = max(1, rows // _CHANGED)
            first = (number - 1) * moved
            _change(
                database,
                f"UPDATE people SET email = 'new' || email WHERE id >= {first} AND id < {first + moved}",
            )
            for name in _OPTIONS:
                costs[name].append(_sync(work, database, configs[name], name, moved))
    shutil.rmtree(work)
    return _tables(rows, fills, costs)


def _sync(work: Path, database: Path, config: Path, name: str, added: int) -> Cost:
    """Raises: ChildError if it has not added as many as it should."""
    output = work / "report.json"
    command = (
        sys.executable,
        "-m",
        "pinterest_audiences",
        "sync",
        "--from",
        f"duckdb:///{database}",
        "--table",
        "people",
    )
    options: Command = ("--audience", name, "--config", config, "--quiet", "--json", *_OPTIONS[name])
    cost = run(Child((*command, *options), {}, CHECKOUT), None, output)
    (audience,) = json.loads(output.read_bytes())["audiences"]
    if audience["identifiers_added"] != added:
        raise ChildError(f"{name}: {audience['identifiers_added']:,} identifiers were added, not {added:,}.")
    return cost


def _config(work: Path, sandbox: Sandbox, name: str) -> Path:
    path = work / f"{name}.json"
    settings = {
        "credentials": {"auth_method": "access_token", "access_token": ACCESS_TOKEN},
        "ad_account_id": AD_ACCOUNT_ID,
        "api_base_url": sandbox.api_base_url,
        "access_tier": "none",
        "batch_size": 10_000,
    }
    if name == _STORE:
        (work / "store").mkdir()
        settings["membership_store"] = {
            "store_type": "local",
            "path": str(work / "store"),
            "store_key": "a key of the benchmark",
        }
    path.write_text(json.dumps(settings))
    path.chmod(0o600)
    return path


def _change(database: Path, *statements: str) -> None:
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            connection.execute(statement)


def _tables(rows: int, fills: dict[str, list[Cost]], costs: dict[str, list[Cost]]) -> list[Table]:
    processor = against_first({name: [cost.cpu_s for cost in some] for name, some in costs.items()})
    is_met = median(processor[-1].ratios) >= _TIMES_FASTER
    goal = verdict(f"reading all of it takes at least {_TIMES_FASTER} times the processor time", met=is_met)
    return [
        *_side_by_side(f"Difference of {rows:,} rows, 0.1 % changed", costs, goal if rows >= _LARGE else ""),
        *_side_by_side(f"First fill of {rows:,} rows", fills, ""),
    ]


def _side_by_side(title: str, costs: dict[str, list[Cost]], goal: str) -> list[Table]:
    ratio = f"{_WAREHOUSE} = 1"
    times = {name: [cost.wall_s for cost in some] for name, some in costs.items()}
    processor = {name: [cost.cpu_s for cost in some] for name, some in costs.items()}
    peaks = {name: [cost.peak_bytes / _BYTES_A_MIB for cost in some] for name, some in costs.items()}
    return [
        Table(f"{title}: time, s", against_first(times), ratio),
        Table(f"{title}: processor time, s", against_first(processor), ratio, goal),
        Table(f"{title}: peak memory, MiB", against_first(peaks), ratio),
    ]
