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
from pinterest_audiences.telemetry.metrics import METRICS, Sample
from pinterest_audiences.whole_files import write_whole

_FOR_EVERYBODY_TO_READ: Final = 0o644


def write_textfile(path: Path, samples: Iterable[Sample]) -> None:
    """Replaces the file. Of two values of the same metric and labels, the last counts. Raises: OSError."""
    write_whole(path, "".join(_lines(samples)).encode(), mode=_FOR_EVERYBODY_TO_READ)


def _lines(samples: Iterable[Sample]) -> Iterator[str]:
    values = {(each.metric, each.labels): each.value for each in samples}
    for metric in METRICS:
        of_it = [(labels, value) for (other, labels), value in values.items() if other is metric]
        if of_it:
            yield f"# HELP {metric.name} {_escaped(metric.help)}\n# TYPE {metric.name} gauge\n"
        for labels, value in of_it:
            inner = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            yield f"{metric.name}{{{inner}}} {value!r}\n"


def _escaped(text: str) -> str:
    whole = cleaned(text).encode("utf-8", "replace").decode()
    return whole.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
