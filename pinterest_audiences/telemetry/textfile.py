"""Writes metrics as a file in Prometheus's text format, which the node exporter's textfile collector reads.

Source: prometheus.io/docs/instrumenting/exposition_formats (text format 0.0.4); prometheus/node_exporter, README,
    Textfile Collector: a file is to be replaced in one step, its name to end in .prom, and it must be readable (read
    2026-11-27).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from destination_pinterest.foreign_text import cleaned
from pinterest_audiences.telemetry.metrics import METRICS, Metric, Sample
from pinterest_audiences.whole_files import write_whole

_FOR_EVERYBODY_TO_READ: Final = 0o644


def write_textfile(path: Path, samples: Iterable[Sample]) -> None:
    """Replaces the file. Of two values of the same metric and labels as they are written, the last counts.

    Raises: OSError.
    """
    write_whole(path, "".join(_lines(samples)).encode(), mode=_FOR_EVERYBODY_TO_READ)


def _lines(samples: Iterable[Sample]) -> Iterator[str]:
    written: dict[Metric, dict[str, float]] = {}
    # A reader refuses the whole file if a series is in it twice, and names that differ may look alike once written.
    for each in samples:
        written.setdefault(each.metric, {})[_inner(each)] = each.value
    for metric in METRICS:
        if metric in written:
            yield f"# HELP {metric.name} {_escaped(metric.help)}\n# TYPE {metric.name} gauge\n"
        for inner, value in written.get(metric, {}).items():
            yield f"{metric.name}{{{inner}}} {value!r}\n"


def _inner(sample: Sample) -> str:
    return ",".join(f'{name}="{_escaped(text)}"' for name, text in sample.labels)


def _escaped(text: str) -> str:
    return cleaned(text).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
