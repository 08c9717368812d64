"""PyAirbyte as its users write it, one step a line of JSON. Run by the Python of .venvs/pyairbyte.

    python pyairbyte_steps.py DESTINATION-EXECUTABLE SOURCE-EXECUTABLE ANSWERS

Importing PyAirbyte takes longer than a sync does, so one process takes all the steps of the tests. `do` is "check" or
"write"; `config` is the destination's. A write reads `database`: by way of the DuckDB file `cache` where one is named,
else straight, with the cursor kept in the DuckDB file `state_cache`.

Answers go to the descriptor ANSWERS, since PyAirbyte prints whatever it likes: `records` is how many rows PyAirbyte
takes for written, `kept` the configs that the destination asked it to keep; `error` is the name of the error that was
raised, and `text` how it reads.

Source: airbyte 0.71.3, airbyte/destinations/base.py (read and run 2026-11-22).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import airbyte as ab
from airbyte.caches import DuckDBCache
from airbyte.exceptions import PyAirbyteError


def main() -> None:
    """Takes steps until there are no more."""
    destination_executable, source_executable, answers = sys.argv[1:]
    with os.fdopen(int(answers), "w") as out:
        for line in sys.stdin:
            answer = take(json.loads(line), destination_executable, source_executable)
            print(json.dumps(answer), file=out, flush=True)


def take(step: dict[str, Any], destination_executable: str, source_executable: str) -> dict[str, Any]:
    """One step, with objects of its own, as a script has that is run every day."""
    kept: list[dict[str, Any]] = []
    try:
        destination = ab.get_destination(
            "destination-pinterest",
            config=step["config"],
            config_change_callback=lambda config: kept.append(dict(config)),
            local_executable=destination_executable,
        )
        if step["do"] == "check":
            destination.check()
            return {"kept": kept}
        source = ab.get_source(
            "source-customers",
            config={"database": step["database"]},
            streams="*",
            local_executable=source_executable,
        )
        if "cache" in step:
            result = destination.write(source, cache=DuckDBCache(db_path=step["cache"]))
        else:
            result = destination.write(source, cache=False, state_cache=DuckDBCache(db_path=step["state_cache"]))
    except PyAirbyteError as error:
        return {"error": type(error).__name__, "text": str(error), "kept": kept}
    return {"records": result.processed_records, "kept": kept}


if __name__ == "__main__":
    main()
