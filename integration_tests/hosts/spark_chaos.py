"""`python -m integration_tests.hosts.spark_chaos SEEDS [MODE]`: drivers that are killed while Pinterest stumbles.

A story keeps one audience by `mirror` or `replace`, or by `foreachBatch`, which appends each batch (`stream`) or keeps
the audience equal to all of them (`stream-mirror`, `stream-replace`). Its table changes, its drivers are killed at
moments that the seed draws, and Pinterest answers some requests with 429 or 503. Then all heals, and one more call has
to leave the audience equal to the table. The seed draws the mode too, unless one is given. `.venvs/spark` has to be
there.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path

from integration_tests.airbyte_messages import address, config, digests
from integration_tests.connector_process import WATCHDOG_S
from integration_tests.hosts.spark_process import SparkDriver
from integration_tests.sandbox_process import RunningSandbox

MODES = ("mirror", "replace", "stream", "stream-replace", "stream-mirror")
PEOPLE = 1_200
_FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "rate_limit", "headers": False, "retry_after_s": 1},
    {"kind": "status", "status": 503},
    {"kind": "latency", "seconds": 0.2},
)
# The others are killed after a request; those by time meet what Spark does before it and between them, too.
_SHARE_BY_TIME = 0.4
# A driver that is up needs some seconds to its first request.
_LONGEST_LIFE_S = 25.0


class Story:
    """One audience and its drivers."""

    def __init__(self, seed: int, folder: Path, sandbox: RunningSandbox, mode: str | None = None) -> None:
        self._chance = random.Random(seed)
        self.mode = mode or self._chance.choice(MODES)
        self._folder = folder
        self._sandbox = sandbox
        self._drivers = 0
        self._batches = 0
        self.killed: list[str] = []
        settings = folder / "config.json"
        settings.write_text(json.dumps(config(sandbox.api_base_url, batch_size=100)))
        settings.chmod(0o600)
        self._arguments = {"audience": "VIP", "config": str(settings)}
        (folder / "source").mkdir()

    def run(self, kills: int | None = None, survivor: SparkDriver | None = None) -> None:
        """Kills drivers, and lets `survivor` heal it. Raises: AssertionError if the audience is not as the table."""
        first, last = 0, PEOPLE
        for _ in range(kills or self._chance.randint(1, 3)):
            self._stumble()
            driver = self._driver()
            driver.take(do="read", sql="SELECT 1")  # It is up.
            driver.begin(**self._step(first, last))
            self._wait(driver)
            self.killed.append(f"of {len(self._sandbox.seen())} requests")
            driver.kill()
            # Fewer than may leave at once.
            first, last = first + self._chance.randint(0, 100), last + self._chance.randint(0, 100)
        self._sandbox.clear_faults()
        driver = survivor or self._driver()
        try:
            answer = driver.take(**self._step(first, last))
        finally:
            if survivor is None:
                driver.stop()
        assert "error" not in answer, answer
        # Batches are added one after the other, so nobody leaves.
        wanted = digests(*(address(each) for each in range(0 if self._is_stream else first, last)))
        found = self._sandbox.members_of("VIP")
        assert found == wanted, f"{len(found - wanted)} too many, {len(wanted - found)} missing"

    @property
    def _is_stream(self) -> bool:
        return self.mode.startswith("stream")

    def _wait(self, driver: SparkDriver) -> None:
        """Until so many more requests have come, however slow the machine is, or so many seconds have gone."""
        requests = len(self._sandbox.seen()) + self._chance.choice((1, 2, 4, 8, 12, 16, 20))
        by_time, life_s = self._chance.random() < _SHARE_BY_TIME, self._chance.uniform(0, _LONGEST_LIFE_S)
        ends_at = time.monotonic() + (life_s if by_time else 2 * WATCHDOG_S)
        while time.monotonic() < ends_at and not driver.has_answered:
            if not by_time and len(self._sandbox.seen()) >= requests:
                return
            time.sleep(0.02)

    def _stumble(self) -> None:
        for action in self._chance.sample(_FAULTS, self._chance.randint(1, len(_FAULTS))):
            self._sandbox.fault(action, times=self._chance.randint(1, 4))

    def _driver(self) -> SparkDriver:
        self._drivers += 1
        return SparkDriver(self._folder / f"driver{self._drivers}")

    def _step(self, first: int, last: int) -> dict[str, object]:
        mode = "append" if self.mode == "stream" else self.mode.removeprefix("stream-")
        step: dict[str, object] = {**self._arguments, "mode": mode}
        if mode == "mirror":
            step |= {"sent": str(self._folder / "sent"), "slice_rows": 300, "compact_after_runs": 1}
        if not self._is_stream:
            sql = f"SELECT 'Person.' || id || '@Example.com' AS email FROM range({first}, {last})"
            return {"do": "sync", "sql": sql, **step}
        source = self._folder / "source"
        lines = [json.dumps({"email": address(each)}) for each in range(first, last)]
        (self._folder / "batch").write_text("\n".join(lines))
        (self._folder / "batch").rename(source / f"{self._batches}.json")
        self._batches += 1
        return {"do": "stream", "source": str(source), **step}


def main() -> int:
    """Returns 1 if a story was broken."""
    begins, _, ends = sys.argv[1].partition("-")
    broken = 0
    for seed in range(int(begins), int(ends or begins) + 1):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            sandbox = RunningSandbox()
            story = Story(seed, Path(scratch), sandbox, *sys.argv[2:3])
            try:
                story.run()
                result = "equal"
            except AssertionError as error:
                broken += 1
                result = f"BROKEN: {str(error)[-2_000:]}"
            finally:
                sandbox.process.kill()
                sandbox.process.wait()
        print(f"seed {seed}: {story.mode}, killed at the end {', '.join(story.killed)}: {result}", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
