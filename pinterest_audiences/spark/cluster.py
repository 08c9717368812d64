"""What Spark is asked to do, and what its failures mean.

Only names of columns, digests and counts are in plans and tasks: the config never leaves the driver.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import functions

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import SourceError, UsageError
from pinterest_audiences.spark import chunks, row_mapping
from pinterest_audiences.spark.chunks import Chunk, unpacked
from pinterest_audiences.spark.row_mapping import KEY, ROWS
from pinterest_audiences.spark.sent_log import IDENTIFIER, KIND

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from pinterest_audiences.spark.row_mapping import RowMapping

_OWN_PACKAGES: Final = ("pinterest_audiences", "destination_pinterest", "'pyarrow'")
# Source: apache/spark 4.0, MicroBatchExecution.BATCH_ID_KEY (run with 4.3.0, 2026-11-27).
_BATCH_PROPERTY: Final = "streaming.sql.batchId"
# Classes in Java of what repeating does not help.
_REFUSALS: Final = frozenset(
    {
        "AccessControlException",
        "ClassNotFoundException",
        "SparkClassNotFoundException",
        "UnsupportedFileSystemException",
    }
)
_MISSING: Final = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")


def keys_of(frame: DataFrame, mapping: RowMapping) -> DataFrame:
    """Returns each different key of a DataFrame's rows once, with the number of rows that have it."""
    keys = _mapped(frame, mapping)
    return keys.groupBy(KEY).agg(functions.sum(ROWS).alias(ROWS))


def identifiers_of(frame: DataFrame, mapping: RowMapping) -> DataFrame:
    """Returns each different identifier once, with its kind and the number of rows; counts have no kind."""
    parts = functions.split(KEY, row_mapping.SEPARATOR)
    is_identifier = parts[0] == row_mapping.IDENTIFIER
    # Numbers stand for the kinds, none for a count: by hashing, Spark can find the least of numbers, but not of texts.
    kinds = sorted({row_mapping.kind_of(each) for each in mapping.columns})
    number = functions.array_position(functions.array(*map(functions.lit, kinds)), parts[1])
    named = _mapped(frame, mapping).select(
        functions.when(is_identifier, parts[2]).otherwise(functions.col(KEY)).alias(IDENTIFIER),
        functions.when(is_identifier, number).otherwise(0).alias(KIND),
        ROWS,
    )
    # An identifier counts once, whichever columns have it; a count may look like an identifier.
    counted = named.groupBy(IDENTIFIER, (functions.col(KIND) == 0).alias("is_count")).agg(
        functions.min(KIND).alias(KIND), functions.sum(ROWS).alias(ROWS)
    )
    names = functions.array(*map(functions.lit, ("", *kinds)))
    kind = functions.element_at(names, functions.col(KIND).cast("int") + 1)
    return counted.select(IDENTIFIER, kind.alias(KIND), ROWS)


def chunks_of(keys: DataFrame) -> Iterator[Chunk]:
    """Yields the keys as chunks, one partition after the other, the next of which is fetched meanwhile.

    Raises: UsageError if the executors lack the package, SourceError if Spark fails otherwise.
    """
    packed = keys.select(KEY, ROWS).mapInArrow(chunks.packed, chunks.SCHEMA)
    with spark_failures():
        for row in packed.toLocalIterator(prefetchPartitions=True):
            yield unpacked(row[0])


def is_micro_batch(frame: DataFrame) -> bool:
    """Whether a DataFrame is a batch of a stream, in `foreachBatch`; False where the session does not tell."""
    context = getattr(frame.sparkSession, "_sc", None)
    return context is not None and context.getLocalProperty(_BATCH_PROPERTY) is not None


def _mapped(frame: DataFrame, mapping: RowMapping) -> DataFrame:
    """Returns the keys of a DataFrame's rows, as each executor has counted them."""
    # By names of our own, since mapInArrow finds no column again whose name has a dot or a backtick.
    needed = (functions.col(quoted(each.column)).alias(f"value_{n}") for n, each in enumerate(mapping.columns))
    return frame.select(*needed).mapInArrow(mapping, row_mapping.SCHEMA)


def quoted(column: str) -> str:
    """Returns a column's name as Spark reads it, whatever is in it."""
    return f"`{column.replace('`', '``')}`"


@contextmanager
def spark_failures() -> Iterator[None]:
    """Turns Spark's errors into ours, without their text, which may quote a row.

    Raises: UsageError, SourceError.
    """
    try:
        yield
    except Exception as error:
        if not _is_of_spark(error):
            raise
        failure = _failure(error)
    else:
        return
    raise failure from None


def _is_of_spark(error: Exception) -> bool:
    return isinstance(error, PySparkException) or type(error).__module__.startswith("py4j.")


def _failure(error: Any) -> UsageError | SourceError:
    text = str(error)
    missing = _MISSING.search(text)
    # A module that a function of the user's lacks is none of ours.
    if missing is not None and any(package in text for package in _OWN_PACKAGES):
        return UsageError(
            Code.SPARK_PACKAGE_MISSING,
            f"The executors' Python has no module {missing[1]}. Install airbyte-destination-pinterest for it on every "
            "node, in the driver's version; PYSPARK_PYTHON names that Python.",
        )
    condition = _condition_of(error)
    if isinstance(error, AnalysisException) or condition in _REFUSALS:
        return UsageError(
            Code.SPARK_REFUSED,
            f"Spark can't use a column, a table, a folder or a format as it is named ({condition}); its own log says "
            "more. Correct it, and sync again.",
        )
    return SourceError(
        Code.SPARK_FAILED,
        f"Spark failed before all rows were prepared ({condition}); its own log says why. What was sent stays sent; "
        "sync again.",
    )


def _condition_of(error: Any) -> str:
    """Returns Spark's name of what is wrong, or that of the class in Java."""
    if isinstance(error, PySparkException):
        return error.getCondition() or type(error).__name__
    java = getattr(error, "java_exception", None)
    return type(error).__name__ if java is None else str(java.getClass().getSimpleName())
