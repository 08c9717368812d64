"""Says at the end which versions of the hosts were there."""

from __future__ import annotations

import pytest

from integration_tests.hosts.environments import host_versions


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("hosts")
    for line in host_versions():
        terminalreporter.write_line(line)
