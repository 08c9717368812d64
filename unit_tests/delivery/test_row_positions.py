from __future__ import annotations

from destination_pinterest.delivery.row_positions import RowPositions


def test_a_row_is_found_in_the_run_that_it_came_in() -> None:
    positions = RowPositions()
    for row, position in ((1, 4), (3, 10), (4, 11)):
        positions.begin(row, position)
    assert [positions.before(row) for row in (1, 2, 3, 4, 999)] == [4, 4, 10, 11, 11]


def test_a_run_without_a_row_leaves_the_next_one_where_it_is_safe() -> None:
    positions = RowPositions()
    positions.begin(1, 0)
    positions.begin(1, 5)  # Nothing of the first run was of use.
    assert positions.before(1) == 0


def test_however_many_runs_come_few_are_remembered_and_no_position_is_too_far() -> None:
    positions = RowPositions(most=8)
    for row in range(1, 1001):
        positions.begin(row, 2 * row)
    found = [positions.before(row) for row in range(1, 1001)]
    assert all(position <= 2 * row for row, position in enumerate(found, start=1))
    assert found == sorted(found)
    assert len(set(found)) in range(4, 9)
