"""Tables in JSON files: the columns are the keys of all objects, found by reading the file once before its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from pinterest_audiences.sources.data_file import DataFile
from pinterest_audiences.sources.formats.json_objects import objects_of
from pinterest_audiences.sources.formats.json_shape import not_json, objects_path
from pinterest_audiences.sources.headers import check_header
from pinterest_audiences.sources.source import RefusedRow, Remark, RowBatch


class JsonTable:
    """The objects of a JSON file as rows. See TableFile.

    Args:
        file: the file.
        wanted_list: the name of the list to read, if the user gave one.
        has_lines: whether the file's name says that it has an object a line.

    Raises: UsageError if it holds no objects; SourceError if it was cut off.
    """

    def __init__(self, file: DataFile, wanted_list: str | None, *, has_lines: bool) -> None:
        self._file = file
        self._path = objects_path(file, wanted_list, has_lines=has_lines)
        self.row_count = 0
        self.columns = self._keys()
        self.remarks: Sequence[Remark] = ()

    def batches(self, columns: Sequence[str], batch_rows: int) -> Iterator[RowBatch]:
        """See TableFile."""
        objects = objects_of(self._file, self._path)
        while found := list(islice(objects, batch_rows)):
            rows = [
                (number, tuple(map(value.get, columns))) for number, value in found if not isinstance(value, RefusedRow)
            ]
            refused = [value for _, value in found if isinstance(value, RefusedRow)]
            yield RowBatch([row for _, row in rows], self._file.label, [number for number, _ in rows], refused)

    def _keys(self) -> tuple[str, ...]:
        keys: dict[str, None] = {}
        for _, value in objects_of(self._file, self._path):
            if not isinstance(value, RefusedRow):
                self.row_count += 1
                if not value.keys() <= keys.keys():
                    keys.update(dict.fromkeys(value))
        if not keys:
            raise not_json(self._file.label)
        check_header(keys, self._file.label)
        return tuple(keys)
