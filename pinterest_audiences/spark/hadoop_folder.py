"""Small files in a folder of any storage that Spark writes to: by Hadoop's file systems, through the driver's Java."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from py4j.protocol import Py4JJavaError

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_THERE_ALREADY: Final = "org.apache.hadoop.fs.FileAlreadyExistsException"
_NOT_THERE: Final = "java.io.FileNotFoundException"


class HadoopFolder:
    """A folder; it need not exist.

    Raises: UsageError if the session has no Java on the driver, as with Spark Connect.
    """

    def __init__(self, spark: SparkSession, path: str) -> None:
        java = getattr(spark, "_jvm", None)
        if java is None:
            raise UsageError(
                Code.SPARK_NOT_CARRIED,
                'mode="mirror" needs a driver with Java of its own, and this session is one of Spark Connect. Use a '
                'classic cluster, or mode="replace".',
            )
        self.path = path
        self._java = java
        self._folder = java.org.apache.hadoop.fs.Path(path)
        self._files: Any = self._folder.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())

    def exists(self, name: str = "") -> bool:
        """Whether there is such a file or folder."""
        return bool(self._files.exists(self._path(name)))

    def read(self, name: str) -> str | None:
        """Returns a file's text; None if there is none."""
        try:
            opened = self._files.open(self._path(name))
        except Py4JJavaError as error:
            if _is(error, _NOT_THERE):
                return None
            raise
        try:
            return str(self._java.org.apache.commons.io.IOUtils.toString(opened, "UTF-8"))
        finally:
            opened.close()

    def create(self, name: str, text: str) -> bool:
        """Writes a file that must not be there. Returns False if it is."""
        try:
            opened = self._files.create(self._path(name), False)
        except Py4JJavaError as error:
            if _is(error, _THERE_ALREADY):
                return False
            raise
        self._write(opened, text)
        return True

    def write(self, name: str, text: str) -> None:
        """Writes a file, over one that is there."""
        self._write(self._files.create(self._path(name), True), text)

    def delete(self, name: str) -> None:
        """Deletes a file, or a folder with all that is in it; does nothing if there is none."""
        self._files.delete(self._path(name), True)

    def age_s(self, name: str, now_s: float) -> float:
        """Returns how long ago a file was written; 0 if there is none."""
        try:
            return now_s - float(self._files.getFileStatus(self._path(name)).getModificationTime()) / 1000
        except Py4JJavaError as error:
            if _is(error, _NOT_THERE):
                return 0.0
            raise

    def _path(self, name: str) -> Any:
        return self._java.org.apache.hadoop.fs.Path(self._folder, name) if name else self._folder

    @staticmethod
    def _write(opened: Any, text: str) -> None:
        try:
            opened.write(bytearray(text.encode()))
        finally:
            opened.close()


def _is(error: Py4JJavaError, name: str) -> bool:
    return bool(error.java_exception.getClass().getName() == name)
