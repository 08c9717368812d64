from __future__ import annotations

import json

from destination_pinterest.delivery.tally import AudienceTally, progress_line
from destination_pinterest.markers import PROGRESS_PREFIX


def make_tally(entered: int, synced: int = 0, errored: int = 0, **not_synced: int) -> AudienceTally:
    tally = AudienceTally()
    tally.entered, tally.synced, tally.errored = entered, synced, errored
    tally.not_synced.update(not_synced)
    return tally


def test_rows_whose_fate_is_not_known_are_those_that_were_counted_nowhere_else() -> None:
    assert make_tally(0).pending == 0
    assert make_tally(12, 3, 2, no_identity=1, invalid_email=2).pending == 4


def test_a_line_of_progress_sums_up_the_audiences_and_says_what_the_whole_sync_did() -> None:
    line = progress_line([make_tally(5, 3, no_identity=1), make_tally(2, invalid_email=1, not_text=1)], 7, 1.25)
    assert line.startswith(PROGRESS_PREFIX)
    assert json.loads(line.removeprefix(PROGRESS_PREFIX)) == {
        "entered": 7, "synced": 3, "not_synced": 3, "requests": 7, "waited_s": 1.2,
    }  # fmt: skip


def test_a_line_of_progress_of_no_audience_is_zeros() -> None:
    assert set(json.loads(progress_line([], 0, 0.0).removeprefix(PROGRESS_PREFIX)).values()) == {0}
