"""The CDK's suite for destinations, on the scenarios of acceptance-test-config.yml.

Source: airbyte-cdk 7.39.1, airbyte_cdk/test/standard_tests (read 2026-11-22).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from airbyte_cdk.test.standard_tests import DestinationTestSuiteBase
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests

from destination_pinterest.destination import DestinationPinterest
from integration_tests.sandbox_process import ROOT

__all__ = ["TestAcceptance", "pytest_generate_tests"]


class TestAcceptance(DestinationTestSuiteBase):
    """Inherits its tests: the configs fit the spec, and `check` says of each what the file says it should."""

    connector = DestinationPinterest
    connector_root = ROOT

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return cls.connector_root

    @pytest.fixture(autouse=True)
    def _beside_the_sandbox(self, connector_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(type(self), "connector_root", connector_folder)


def test_the_scenarios_are_those_of_the_file() -> None:
    scenarios = {scenario.id: (scenario.status, scenario.sections) for scenario in TestAcceptance.get_scenarios()}

    assert scenarios == {"config": ("succeed", ("spec", "connection")), "invalid_config": ("failed", ("connection",))}
