"""What a run is to send, written ahead: the difference in slices, so that a killed driver goes on where it stopped.

A folder with `keys/` (all identifiers of the DataFrame, once each, and its counts), `changes/` (who joins and who
leaves, to be counted), `slices/` (the same in slices) and, written last, `header.json`. Without a header nothing of it
was sent, and it is written anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pyspark.sql import functions

from pinterest_audiences.spark.sent_log import IDENTIFIER, JOINS, KIND
from pinterest_audiences.spark.written_ahead import Header

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from pinterest_audiences.spark.hadoop_folder import HadoopFolder

SLICE: Final = "slice"
_HEADER: Final = "header.json"
_KEYS: Final = "keys"
_CHANGES: Final = "changes"
_SLICES: Final = "slices"


class Staging:
    """The folder."""

    def __init__(self, spark: SparkSession, folder: HadoopFolder) -> None:
        self._spark = spark
        self._folder = folder

    def header(self) -> Header | None:
        """Returns what is staged; None if nothing is, or not all of it was written."""
        text = self._folder.read(_HEADER)
        return None if text is None else Header.of(text)

    def write_keys(self, keys: DataFrame) -> DataFrame:
        """Writes the DataFrame's keys, in place of whatever is staged, and returns them as they are now."""
        self.clear()
        keys.write.parquet(self._path(_KEYS))
        return self._spark.read.parquet(self._path(_KEYS))

    def write_changes(self, difference: DataFrame) -> DataFrame:
        """Writes a difference, so that it is computed once, and returns it. A cache of Spark would not adapt to it."""
        difference.write.parquet(self._path(_CHANGES))
        return self._spark.read.schema(f"{IDENTIFIER} string, {KIND} string, {JOINS} boolean").parquet(
            self._path(_CHANGES)
        )

    def write_slices(self, difference: DataFrame, header: Header) -> None:
        """Writes a difference with identifier, kind and joins."""
        number = functions.pmod(functions.xxhash64(IDENTIFIER), functions.lit(header.slices)).cast("int")
        sliced = difference.select(IDENTIFIER, KIND, JOINS, number.alias(SLICE))
        sliced.repartition(header.slices, SLICE).write.partitionBy(SLICE).parquet(self._path(_SLICES))
        self._folder.write(_HEADER, header.text())

    def slices(self) -> DataFrame:
        """Returns identifier, kind, joins and slice of what is staged."""
        schema = f"{IDENTIFIER} string, {KIND} string, {JOINS} boolean, {SLICE} int"
        return self._spark.read.schema(schema).parquet(self._path(_SLICES))

    def clear(self) -> None:
        """Deletes what is staged, the header first."""
        for name in (_HEADER, _SLICES, _CHANGES, _KEYS):
            self._folder.delete(name)

    def _path(self, name: str) -> str:
        return f"{self._folder.path.rstrip('/')}/{name}"
