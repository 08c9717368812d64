"""Says at the end of a run how far the property was tried."""

from __future__ import annotations

import pytest

from integration_tests.property.budget import SAID


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.write_line(SAID)
