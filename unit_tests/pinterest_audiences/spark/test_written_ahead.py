from __future__ import annotations

from pinterest_audiences.spark.written_ahead import (
    COMPACT_AFTER_RUNS,
    SLICE_ROWS,
    Entry,
    Header,
    are_many,
    kinds_in_order,
    slices_for,
)


def test_what_is_staged_is_read_as_it_was_written() -> None:
    header = Header(7, "549755885175", "VIP", True, 3, ("EMAIL/sha256", "PHONE/sha256"), 10, 5)

    assert Header.of(header.text()) == header


def test_a_header_of_the_first_form_is_read() -> None:
    """Whoever changes the form gives it another number, and goes on reading this one."""
    written = (
        '{"run": 1, "ad_account_id": "1", "audience": "VIP", "begins_anew": true, "slices": 1, '
        '"kinds": ["EMAIL/sha256"], "joining": 2, "leaving": 0, "format": 1}'
    )

    assert Header.of(written) == Header(1, "1", "VIP", True, 1, ("EMAIL/sha256",), 2, 0, 1)


def test_an_entry_of_the_log_is_read_as_it_was_written() -> None:
    entry = Entry(7, "549755885175", "Größte Kunden", "123", begins_anew=True)

    assert Entry.of(entry.text(), 7, begins_anew=True) == entry
    written = '{"format": 1, "ad_account_id": "1", "audience": "VIP", "customer_list_id": null}'
    assert Entry.of(written, 1, begins_anew=False) == Entry(1, "1", "VIP", None)


def test_a_slice_has_a_bounded_number_of_rows() -> None:
    assert [slices_for(rows) for rows in (0, 1, SLICE_ROWS, SLICE_ROWS + 1)] == [1, 1, 1, 2]


def test_a_log_of_many_runs_is_compacted() -> None:
    assert [are_many(runs) for runs in (0, COMPACT_AFTER_RUNS - 1, COMPACT_AFTER_RUNS)] == [False, False, True]


def test_kinds_have_an_order_of_their_own() -> None:
    assert kinds_in_order(["PHONE/sha256", "EMAIL/sha256", "PHONE/sha256"]) == ("EMAIL/sha256", "PHONE/sha256")
