"""PyAirbyte in a process of its own, which takes the steps that tests tell it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from integration_tests.connector_process import PROGRAM, WATCHDOG_S
from integration_tests.hosts.environments import PYAIRBYTE, host_environment

SCRIPTS = Path(__file__).parent


class PyAirbyte:
    """The host. `folder` gets whatever it writes: home, logs, and what it prints."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self._printed = folder / "printed.txt"
        answers, its_answers = os.pipe()
        with self._printed.open("wb") as printed:
            self._process = subprocess.Popen(
                [
                    str(PYAIRBYTE / "bin" / "python"),
                    *(str(SCRIPTS / "pyairbyte_steps.py"), str(PROGRAM), str(self._source()), str(its_answers)),
                ],
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
                pass_fds=[its_answers],
                cwd=folder,
                env=host_environment(folder),
                text=True,
            )
        os.close(its_answers)
        self._answers = os.fdopen(answers)

    def take(self, **step: Any) -> dict[str, Any]:
        """What became of one step; pyairbyte_steps.py says what there is to be told and answered."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        watchdog = threading.Timer(2 * WATCHDOG_S, self._process.kill)
        watchdog.start()
        line = self._answers.readline()
        watchdog.cancel()
        assert line, self.printed
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def printed(self) -> str:
        """What stands in the user's terminal."""
        return self._printed.read_text()

    @property
    def logged(self) -> str:
        """What lies in PyAirbyte's log files, the connectors' own log lines among it."""
        return "".join(path.read_text() for path in (self._folder / "logs").rglob("*.log"))

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(WATCHDOG_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._answers.close()

    def _source(self) -> Path:
        """The source as an executable of its own, which this Python runs."""
        source = self._folder / "source-customers"
        command = shlex.join([sys.executable, str(SCRIPTS / "customers_source.py")])
        source.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        source.chmod(0o755)
        return source
