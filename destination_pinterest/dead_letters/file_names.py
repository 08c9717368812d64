"""Names the files of rejected rows from the settings' templates, never the same name twice.

Source: airbytehq/airbyte, airbyte-cdk/bulk/toolkits/load-object-storage, ObjectStoragePathFactory.kt: {date} is
yyyy_MM_dd and {timestamp} the milliseconds since 1970 at which the file is named; docs of destination-s3: several
slashes become one (read 2026-11-22). Both times are UTC here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from destination_pinterest.protocol.catalog import StreamKey


class DeadLetterFileNames:
    """Names the files of one sync.

    Args:
        path_format, file_name_format: the templates; the latter contains {timestamp} and {part_number}, so that no file
            of this sync, or of a later attempt, overwrites another.
        now: seconds since the epoch.
    """

    def __init__(self, path_format: str, file_name_format: str, *, now: Callable[[], float]) -> None:
        self._template = f"{path_format}/{file_name_format}"
        self._now = now
        self._parts = count()

    def next_key(self, stream: StreamKey, sync_id: int | None) -> str:
        """Returns the next file's key. A missing sync id becomes 0, and a missing namespace an empty text."""
        moment = datetime.fromtimestamp(self._now(), UTC)
        words = {
            "{sync_id}": str(sync_id or 0),
            "{namespace}": stream.namespace or "",
            "{stream_name}": stream.name,
            "{date}": moment.strftime("%Y_%m_%d"),
            "{timestamp}": str(int(moment.timestamp() * 1000)),
            "{part_number}": str(next(self._parts)),
            "{format_extension}": ".jsonl",
        }
        name = re.sub(r"\{[a-z_]+\}", lambda word: words[word[0]], self._template)
        return re.sub("/{2,}", "/", name).strip("/")
