from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from destination_pinterest.thread_faults import telling_of_thread_faults


def run_in_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work, name="a worker")
    thread.start()
    thread.join()


def test_a_fault_in_a_thread_is_told_by_type_and_place_alone(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[tuple[str, str]] = []

    def work() -> None:
        raise ValueError("jane@example.com")

    with telling_of_thread_faults(lambda level, text: told.append((level, text))):
        run_in_thread(work)
    ((level, text),) = told
    assert level == "ERROR"
    assert text.startswith(
        'PIN-FAULT-001: The connector\'s thread "a worker" ended by a fault of its own (ValueError in '
    )
    assert "test_thread_faults.py, line" in text
    assert "jane" not in text + "".join(capsys.readouterr())


def test_a_thread_that_ends_itself_is_no_fault() -> None:
    told: list[str] = []
    with telling_of_thread_faults(lambda _, text: told.append(text)):
        run_in_thread(sys.exit)
    assert told == []


def test_afterwards_python_tells_as_before() -> None:
    before = threading.excepthook
    with telling_of_thread_faults(lambda _level, _text: None):
        assert threading.excepthook is not before
    assert threading.excepthook is before
