"""`.venvs/spark/bin/python -m benchmarks.spark_rows [ROWS …]`: DataFrames into the sandbox, and the driver's memory.

On this machine alone, with a heap of 1 GiB for Java, which does the executors' work as well. The section `spark` of
`python -m benchmarks` runs it in Spark's own environment, with AS_JSON=1. MODES="append mirror" picks modes.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pyspark.sql import SparkSession

from benchmarks.contenders import CHECKOUT
from benchmarks.sandbox import Sandbox, running_sandbox
from pinterest_audiences.spark import sync

_MODES: Final = tuple(os.environ.get("MODES", "append replace mirror").split())


def main() -> None:
    """Prints a line for each number of rows and mode."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    with (
        tempfile.TemporaryDirectory() as scratch,
        running_sandbox(Path(scratch) / "sandbox.log", tier="none") as sandbox,
    ):
        spark = _session()
        _once(spark, sandbox, Path(scratch), mode="append", rows=10_000)  # Java and the executors warm up.
        for rows in map(int, sys.argv[1:] or ["1000000", "5000000"]):
            for mode in _MODES:
                sandbox.reset()
                print(_once(spark, sandbox, Path(scratch), mode=mode, rows=rows), flush=True)


def _session() -> SparkSession:
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )


def _once(spark: SparkSession, sandbox: Sandbox, scratch: Path, *, mode: str, rows: int) -> str:
    config = scratch / "config.json"
    settings: dict[str, Any] = {
        "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
        "ad_account_id": "549755885175",
        "api_base_url": sandbox.api_base_url,
        "access_tier": "none",
    }
    config.write_text(json.dumps(settings))
    config.chmod(0o600)
    frame = spark.sql(f"SELECT concat('Person.', id, '@Example.com') AS email FROM range({rows})")
    kept: dict[str, Any] = {"sent": str(scratch / f"sent{rows}")} if mode == "mirror" else {}
    with _Memory() as memory:
        began = time.monotonic()
        result = sync(frame, audience="VIP", mode=mode, config=config, **kept)  # type: ignore[arg-type]
        took = time.monotonic() - began
    if result.fed != rows:
        raise AssertionError(result)
    if os.environ.get("AS_JSON"):
        return json.dumps({"rows": rows, "mode": mode, "seconds": took, "memory": memory.largest})
    return f"{rows:>10,} rows, {mode:<7} {took:6.1f} s, {memory}"


class _Memory:
    """Watches the resident memory of this Python, its Java and its connector: their largest, in MiB."""

    def __init__(self) -> None:
        self.largest = {"Python": 0, "Java": 0, "connector": 0}
        self._ends = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _Memory:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._watcher.join()

    def __str__(self) -> str:
        return ", ".join(f"{name} {largest} MiB" for name, largest in self.largest.items())

    def _watch(self) -> None:
        while not self._ends.wait(0.2):
            self._note("Python", os.getpid())
            for child in _children(os.getpid()):
                command = Path(f"/proc/{child}/cmdline")
                try:
                    is_connector = b"destination_pinterest" in command.read_bytes()
                except OSError:
                    continue
                self._note("connector" if is_connector else "Java", child)

    def _note(self, name: str, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            return
        found = re.search(r"^VmRSS:\s+(\d+) kB", status, flags=re.MULTILINE)
        if found is not None:
            self.largest[name] = max(self.largest[name], int(found[1]) // 1024)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # A thread may end while they are listed.
            found += map(int, (task / "children").read_text(encoding="utf-8").split())
    return found


if __name__ == "__main__":
    main()
