"""How far a row and its state travel: files with code on their way, and how often the way changes from file to file.

A reader follows them from standard input to Pinterest and back; each further file costs that reader. The figures may
fall. Who must raise one says why in the commit.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from destination_pinterest.identity.column_sample import SAMPLE_ROWS
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.emit import MessageWriter
from destination_pinterest.protocol.lines import MessageLines
from unit_tests.support.clock import Clock
from unit_tests.support.fake_pinterest import FakePinterest
from unit_tests.support.rig import new_sync

PACKAGE = str(Path(__file__).parent.parent / "destination_pinterest")
MOST_FILES = 20
MOST_CHANGES_OF_FILE = 125

ROW = {"type": "RECORD", "record": {"stream": "users", "emitted_at": 1, "data": {"email": "ada@example.com"}}}
DESCRIBED = {"stream_descriptor": {"name": "users"}, "stream_state": {"id": 1}}
STATE = {"type": "STATE", "state": {"type": "STREAM", "stream": DESCRIBED}}
CATALOG = {"streams": [{"stream": {"name": "users", "json_schema": {"properties": {"email": {}}}}}]}


class Trail:
    """The files of this package whose functions are called, by thread, from `begin` until `end`."""

    def __init__(self) -> None:
        self.steps: dict[str, list[str]] = {}

    def begin(self) -> None:
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    @staticmethod
    def end() -> None:
        sys.setprofile(None)
        threading.setprofile(None)

    @property
    def files(self) -> set[str]:
        return {file for steps in self.steps.values() for file in steps}

    @property
    def changes(self) -> int:
        return sum(before != after for steps in self.steps.values() for before, after in pairwise(steps))

    def _called(self, frame: FrameType, event: str, _argument: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(PACKAGE):
            self.steps.setdefault(threading.current_thread().name, []).append(file.removeprefix(PACKAGE))


def test_a_row_and_its_state_pass_through_few_files(
    raw_config: dict[str, Any], messages: MessageWriter, pinterest: FakePinterest, clock: Clock
) -> None:
    """From the line's arrival until its state is handed out; the audience is there already.

    The first rows of a stream are looked at in full beside this way, so they come before.
    """
    trail = Trail()

    def lines() -> Iterator[bytes]:
        yield from [json.dumps(ROW).encode()] * SAMPLE_ROWS
        trail.begin()
        yield json.dumps(ROW).encode()
        yield json.dumps(STATE).encode()

    pinterest.add_audience("users", pinterest.add_list("users"))
    streams = parse_catalog(json.dumps(CATALOG).encode())
    sync = new_sync(raw_config, streams, MessageLines(lines()), messages, pinterest, system=clock.system)
    states = sync.run()
    try:
        assert json.loads(next(states))["stream"]["stream_state"] == {"id": 1}
    finally:
        trail.end()
    assert list(states) == []
    assert len(pinterest.members_of("users")) == 1
    assert len(trail.files) <= MOST_FILES, sorted(trail.files)
    assert trail.changes <= MOST_CHANGES_OF_FILE, trail.changes
