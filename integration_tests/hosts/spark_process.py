"""A driver of Spark in a process of its own; on a cluster, its executors are processes too."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from integration_tests.connector_process import WATCHDOG_S
from integration_tests.hosts.environments import NOT_FOR_HOSTS, SPARK
from integration_tests.sandbox_process import ROOT

# A standalone master and two workers, which live in the driver's Java; each executor has a Java of its own.
CLUSTER = "local-cluster[2,1,600]"
STEPS = Path(__file__).with_name("spark_steps.py")
# Measures the coverage of the driver's Python alone, where variables ask for that.
FIRST_PROCESS = ROOT / "integration_tests" / "cli" / "first_process"
PYTHON = SPARK / "bin" / "python"


def spark_environment(folder: Path) -> dict[str, str]:
    """A node with the package: the executors get Python's path from here, and no address of this machine is used."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_FOR_HOSTS}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "PYSPARK_PYTHON": str(PYTHON),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        # These processes live for seconds: to compile what they run costs more than it saves.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "PINTEREST_AUDIENCES_HOME": str(folder / "home"),
    }


class SparkDriver:
    """The driver; `folder` gets whatever it writes, and `measured` are the variables that ask for coverage."""

    def __init__(self, folder: Path, master: str = "local[2]", measured: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._printed = folder / "printed.txt"
        environment = spark_environment(folder)
        if master == CLUSTER:
            environment["SPARK_HOME"] = str(_home_in(folder))
        if measured:
            environment |= {**measured, "PYTHONPATH": os.pathsep.join((str(FIRST_PROCESS), environment["PYTHONPATH"]))}
        answers, its_answers = os.pipe()
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                [str(PYTHON), str(STEPS), master, str(its_answers)],
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                pass_fds=[its_answers],
                cwd=folder,
                env=environment,
                text=True,
                start_new_session=True,
            )
        os.close(its_answers)
        self._answers = os.fdopen(answers)

    def take(self, **step: Any) -> dict[str, Any]:
        """What became of one step; spark_steps.py says what there is to be told and answered."""
        self.begin(**step)
        return self.answer()

    def begin(self, **step: Any) -> None:
        """Tells a step."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Waits for what became of it."""
        watchdog = threading.Timer(2 * WATCHDOG_S, self.kill)
        watchdog.start()
        line = self._answers.readline()
        watchdog.cancel()
        assert line, self.printed
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def has_answered(self) -> bool:
        """Whether what became of the step that was begun can be read."""
        return bool(select.select([self._answers], [], [], 0)[0])

    @property
    def printed(self) -> str:
        """What stands in the notebook: the logs of the driver, of Spark and of its Python."""
        return self._printed.read_text()

    def kill(self) -> None:
        """Kills it as a machine that is lost: the Python, its Java and the connector at once."""
        for process in (self._process.pid, *connectors_of(self._process.pid)):
            try:
                os.killpg(os.getpgid(process), signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._close()

    def kill_executor(self) -> bool:
        """Kills one of its executors, and so the Python of that. Returns False if there is none yet."""
        (java,) = (child for child in children_of(self._process.pid) if _has(child, b"SparkSubmit"))
        executors = [child for child in children_of(java) if _has(child, b"CoarseGrainedExecutorBackend")]
        for executor in executors[:1]:
            os.kill(executor, signal.SIGKILL)
        return bool(executors)

    def stop(self) -> None:
        """Ends it."""
        self._close()
        try:
            self._process.wait(WATCHDOG_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._answers.close()


def _home_in(folder: Path) -> Path:
    """Spark's own folder once more, since the workers of a local cluster write into it."""
    home = folder / "spark"
    home.mkdir()
    for each in next((SPARK / "lib").glob("python3*/site-packages/pyspark")).iterdir():
        if each.name != "work":
            (home / each.name).symlink_to(each)
    return home


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def connectors_of(pid: int) -> list[int]:
    """The connectors that a driver has started: each has a session of its own."""
    return [child for child in children_of(pid) if _has(child, b"destination_pinterest")]


def _has(pid: int, word: bytes) -> bool:
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
