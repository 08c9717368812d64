"""Tables of other shapes beside the plainest: several identity columns, a column that decides, a store.

What is compared is processor time of the records alone, since each shape is a process of its own on the same number of
rows. A second identifier costs a second digest, so the time is also given by identifier.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import contenders, records
from benchmarks.children import Cost
from benchmarks.figures import Table, against_first, verdict
from benchmarks.sandbox import running_sandbox

_MOST_TIMES: Final = 1.5
_STORE_KEY: Final = "a secret of the benchmark"


@dataclass(frozen=True, slots=True)
class _Shape:
    """`columns`: more columns of the table; `identities`: those that identify people, by kind, beside the e-mail."""

    columns: Sequence[str] = ()
    identities: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    has_store: bool = False

    def identifiers(self, rows: int) -> int:
        more = (records.MORE_COLUMNS[column](number) for column in self.identities for number in range(rows))
        return rows + sum(value is not None for value in more)


_FIVE: Final = {"work_email": "EMAIL", "gaid": "GAID", "idfa": "IDFA", "lr_id": "LR_ID"}
# The first is what the others are held against.
SHAPES: Final[Mapping[str, _Shape]] = {
    "one identity column": _Shape(),
    "two identity columns": _Shape(["maid"], {"maid": "MAID"}),
    "five identity columns": _Shape(list(_FIVE), _FIVE),
    "an operation column": _Shape(
        ["operation"], settings={"operation_column": {"mode": "column", "column": "operation"}}
    ),
    "an audience column": _Shape(["segment"], settings={"audience_name": "{segment}"}),
    "a membership store": _Shape(has_store=True),
}


def measure(folder: Path, *, rows: int, rounds: int, shapes: Sequence[str] = tuple(SHAPES)) -> list[Table]:
    """Processor time of the records of each shape."""
    costs: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in shapes}
    sources = {
        name: records.written(folder / f"shape-{number}-{rows}.jsonl", rows, SHAPES[name].columns)
        for number, name in enumerate(shapes)
    }
    with running_sandbox(folder / "sandbox.log", tier="none") as sandbox:
        for number in range(rounds + 1):  # The first one warms up.
            for name, source in sources.items():
                shape, store = SHAPES[name], _emptied(folder / "shape-store")
                contender = contenders.connector(
                    sandbox,
                    folder,
                    records.catalog(shape.columns),
                    name,
                    access_tier="none",
                    **_settings(shape, store),
                )
                output = folder / "output.jsonl"
                cost = contender.take(rows, ["cat", source], sandbox, output, identifiers=shape.identifiers(rows))
                _emptied(store)
                empty = contender.take(0, None, sandbox, output)
                if number:
                    costs[name].append((cost, empty))
            if number:
                print(f"  round {number} of {rounds}", flush=True)
    for source in sources.values():
        source.unlink()
    return _tables(costs, rows)


def _emptied(store: Path) -> Path:
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    return store


def _settings(shape: _Shape, store: Path) -> dict[str, Any]:
    settings: dict[str, Any] = dict(shape.settings)
    if shape.identities:
        columns = {"email": "EMAIL", **shape.identities}
        settings["identity_columns"] = [
            {"column": column, "identifier": identifier} for column, identifier in columns.items()
        ]
    if shape.has_store:
        settings["membership_store"] = {"store_type": "local", "path": str(store), "store_key": _STORE_KEY}
    return settings


def _tables(costs: Mapping[str, Sequence[tuple[Cost, Cost]]], rows: int) -> list[Table]:
    by_row = {name: [(whole.cpu_s - empty.cpu_s) / rows * 1e6 for whole, empty in some] for name, some in costs.items()}
    by_identifier = {
        name: [figure * rows / SHAPES[name].identifiers(rows) for figure in figures] for name, figures in by_row.items()
    }
    named = f"{rows:,} records of each shape"
    rows_of_shapes = against_first(by_identifier)
    return [
        Table(f"Processor time by row, µs, {named}", against_first(by_row), "the first = 1"),
        Table(
            f"Processor time by identifier, µs, {named}",
            rows_of_shapes,
            "the first = 1",
            verdict(
                f"at most {_MOST_TIMES} times one column, but for the store",
                met=all(_middle(row.ratios) <= _MOST_TIMES for row in rows_of_shapes if "store" not in row.name),
            ),
        ),
    ]


def _middle(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2]
