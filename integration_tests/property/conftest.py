"""The same connections each time, unless new ones are asked for; says at the end of a run how far that went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from unittest import mock

import pytest
from hypothesis.internal.conjecture.providers import HypothesisProvider

from integration_tests.property.budget import IS_FIXED, SAID


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how much was tried, and of what."""
    terminalreporter.write_line(SAID)


@pytest.fixture(autouse=True)
def _fixed_choices() -> Iterator[None]:
    """Where the connections are to be always the same.

    Hypothesis also draws numbers that it finds in the modules which happen to be loaded, so that a new number anywhere
    in the project, or another test before this one, would bring other connections. There is no setting for it.
    """
    fixed = mock.patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None)
    with fixed if IS_FIXED else nullcontext():
        yield


@pytest.fixture(autouse=True)
def _not_measured(no_cover: None) -> None:
    """Coverage is of what is tested on purpose; measuring what chance comes to would take a third of its time again."""
