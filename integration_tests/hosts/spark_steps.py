"""A driver of Spark that takes steps from its standard input; spark_process.py starts it with the environment's Python.

A step is a JSON object in a line, and so is its answer:

- `sync`: `sql` gives the DataFrame, the rest are the arguments of `sync`; `slice_rows` makes slices small,
  `compact_after_runs` lets the log of what was sent begin anew sooner, and `python` is the executors' Python.
- `stream`: the same for each file that appears in the folder `source`, by `foreachBatch`, until none is left. A batch
  has a file's rows; with a `mode` other than append it has the different ones of all files so far.
- `read`: the rows that `sql` gives.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from destination_pinterest.errors import ConnectorError
from pinterest_audiences.spark import sync, written_ahead


def main() -> None:
    master, answers = sys.argv[1], os.fdopen(int(sys.argv[2]), "w")
    Path("events").mkdir()
    logging.basicConfig(level=logging.INFO)
    spark = (
        SparkSession.builder.master(master)
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.dir", Path("events").absolute().as_uri())
        .config("spark.sql.warehouse.dir", os.fspath(Path("warehouse").absolute()))
        .config("spark.executor.memory", "512m")
        .getOrCreate()
    )
    for line in sys.stdin:
        answers.write(json.dumps(taken(spark, json.loads(line))) + "\n")
        answers.flush()


def taken(spark: SparkSession, step: dict[str, Any]) -> dict[str, Any]:
    """What became of a step."""
    do, sql = step.pop("do"), step.pop("sql", None)
    spark.sparkContext.pythonExec = step.pop("python", os.environ["PYSPARK_PYTHON"])
    written_ahead.SLICE_ROWS = step.pop("slice_rows", 250_000)  # type: ignore[misc]
    written_ahead.COMPACT_AFTER_RUNS = step.pop("compact_after_runs", 32)  # type: ignore[misc]
    try:
        if do == "read":
            return {"rows": [row.asDict() for row in spark.sql(sql).collect()]}
        if do == "stream":
            return {"results": streamed(spark, step.pop("source"), step)}
        return {"result": dataclasses.asdict(sync(spark.sql(sql), **step))}
    except ConnectorError as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        return {"error": str(error), "kinds": kinds, "shown": traceback.format_exc()}


def streamed(spark: SparkSession, source: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []

    def on_batch(batch: DataFrame, _number: int) -> None:
        results.append(dataclasses.asdict(sync(batch.select("email"), **arguments)))

    rows = spark.readStream.schema("email string").option("maxFilesPerTrigger", "1").json(source)
    is_whole = arguments.get("mode", "append") != "append"
    query = (
        (rows.groupBy("email").count() if is_whole else rows)
        .writeStream.outputMode("complete" if is_whole else "append")
        .foreachBatch(on_batch)
        .option("checkpointLocation", f"{source}-checkpoint")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    return results


if __name__ == "__main__":
    main()
