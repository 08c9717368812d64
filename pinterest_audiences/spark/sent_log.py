"""What was last sent, as a table of the user's: a log to which rows are only ever added.

Each accepted slice of a difference is added under the number of its run: who joined, who left. Whoever joined in the
last run that names them is a member. So nothing is ever written over, a slice that is added twice changes nothing, and
Parquet, Delta and Iceberg will do alike. Rows without a kind are the log's own: what a run began with, and the list
that it wrote to. With a run that begins anew, all before it are over, and may be deleted at any moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.errors import PySparkException
from pyspark.sql import functions

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError
from pinterest_audiences.spark.hadoop_folder import HadoopFolder
from pinterest_audiences.spark.written_ahead import Entry

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

IDENTIFIER: Final = "identifier"
KIND: Final = "kind"
JOINS: Final = "joins"
RUN: Final = "run"
_COLUMNS: Final = frozenset({IDENTIFIER, KIND, JOINS, RUN})
_SCHEMA: Final = f"{IDENTIFIER} string, {KIND} string, {JOINS} boolean, {RUN} bigint"


class SentLog:
    """The log.

    Args:
        spark: the session.
        name: the name of a table, or the path of a folder.
        file_format: parquet, delta, iceberg, …; None for the catalog's default, or Parquet in a folder.
    """

    def __init__(self, spark: SparkSession, name: str, file_format: str | None) -> None:
        self._spark = spark
        self._name = name
        self._format = file_format
        self.is_path = is_path(name)
        self._folder = HadoopFolder(spark, name) if self.is_path else None

    def exists(self) -> bool:
        """Whether there is one."""
        if self._folder is None:
            return bool(self._spark.catalog.tableExists(self._name))
        return self._folder.exists()

    def entries(self) -> list[Entry]:
        """Returns what the log says of its runs, the first one first. Raises: UsageError if it is no such log."""
        if not self.exists():
            return []
        log = self._rows()
        if set(log.columns) != _COLUMNS:
            raise self._foreign()
        rows = log.where(functions.col(KIND) == "").collect()
        try:
            found = [Entry.of(row[IDENTIFIER], row[RUN], begins_anew=row[JOINS]) for row in rows]
        except (ValueError, KeyError, TypeError):
            raise self._foreign() from None
        return sorted(found, key=lambda entry: (entry.run, not entry.begins_anew, entry.customer_list_id is not None))

    def members(self, since: int) -> DataFrame:
        """Returns identifier and kind of everybody who is a member by the runs from `since` on."""
        if not self.exists():
            return self._spark.createDataFrame([], f"{IDENTIFIER} string, {KIND} string")
        last = (
            self._rows()
            .where((functions.col(KIND) != "") & (functions.col(RUN) >= since))
            .groupBy(IDENTIFIER)
            .agg(
                functions.max_by(JOINS, RUN).alias(JOINS),
                functions.max_by(KIND, RUN).alias(KIND),
            )
        )
        return last.where(JOINS).select(IDENTIFIER, KIND)

    def of_run(self, run: int) -> DataFrame:
        """Returns the identifiers that a run has added to the log."""
        if not self.exists():
            return self._spark.createDataFrame([], f"{IDENTIFIER} string")
        return self._rows().where((functions.col(RUN) == run) & (functions.col(KIND) != "")).select(IDENTIFIER)

    def note(self, entry: Entry) -> None:
        """Adds what is to be said of a run."""
        values = {IDENTIFIER: entry.text(), KIND: "", JOINS: entry.begins_anew, RUN: entry.run}
        row = self._spark.range(1, numPartitions=1).select(
            *(functions.lit(value).alias(column) for column, value in values.items())
        )
        self._append(row.withColumn(RUN, functions.col(RUN).cast("bigint")))

    def add_members(self, since: int, run: int) -> None:
        """Adds everybody who is a member by the runs from `since` on, as joining in a run."""
        self.add(self.members(since).withColumn(JOINS, functions.lit(True)), run, files=None)

    def delete_before(self, run: int) -> bool:
        """Deletes what earlier runs have added. Returns False if the storage can't, and it stays."""
        if self._folder is not None and self._format in {None, "parquet"}:
            last = self._rows().groupBy("_metadata.file_name").agg(functions.max(RUN).alias(RUN))
            for row in last.where(functions.col(RUN) < run).collect():
                self._folder.delete(row["file_name"])
            return True
        name = f"{self._format}.`{self._name}`" if self.is_path else self._name
        try:
            self._spark.sql(f"DELETE FROM {name} WHERE {RUN} < {run}")  # noqa: S608 - the user's name and a number
        except PySparkException:
            return False
        return True

    def add(self, difference: DataFrame, run: int, files: int | None = 1) -> None:
        """Adds rows with identifier, kind and joins that Pinterest has accepted, in so many files at most."""
        rows = difference.select(IDENTIFIER, KIND, JOINS, functions.lit(run).cast("bigint").alias(RUN))
        self._append(rows if files is None else rows.coalesce(files))

    def _foreign(self) -> UsageError:
        return UsageError(
            Code.SPARK_SENT_FOREIGN,
            f"{self._name} is no table of what was last sent. Name another one, which need not exist yet.",
        )

    def _rows(self) -> DataFrame:
        if self.is_path:
            # With a schema, a folder that has no file yet is an empty table.
            reader = self._spark.read.format(self._format or "parquet")
            return (reader if self._format else reader.schema(_SCHEMA)).load(self._name)
        self._spark.catalog.refreshTable(self._name)
        return self._spark.table(self._name)

    def _append(self, rows: DataFrame) -> None:
        if self.is_path:
            rows.write.format(self._format or "parquet").mode("append").save(self._name)
        elif self.exists():
            rows.select(*self._spark.table(self._name).columns).write.insertInto(self._name)
        else:
            writer = rows.write if self._format is None else rows.write.format(self._format)
            writer.saveAsTable(self._name)


def is_path(name: str) -> bool:
    """Whether a text is a folder's path, not a table's name."""
    return "/" in name
