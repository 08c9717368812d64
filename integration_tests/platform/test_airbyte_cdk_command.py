"""`airbyte-cdk connector test`, as somebody types it who has checked the connector out.

It wants a folder that is named after the connector (a link to one is resolved first), metadata.yaml with a language
tag, acceptance-test-config.yml, pytest, and the connector installed beside it. It writes .tmp/ and build/ into the
folder.

Source: airbyte-cdk 7.39.1, airbyte_cdk/cli/airbyte_cdk/_connector.py (read and run 2026-11-22).
"""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from integration_tests.connector_process import WATCHDOG_S
from integration_tests.sandbox_process import RunningSandbox, without_buffer_setting

AIRBYTE_CDK = Path(sys.executable).with_name("airbyte-cdk")
WITHOUT_AN_ENGINE = ("--pytest-arg=-m", "--pytest-arg=not image_tests")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(AIRBYTE_CDK), "connector", "test", f"{folder}/", *arguments]
    return subprocess.run(
        command,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=2 * WATCHDOG_S,
        check=False,
        # The folder lies outside of any source; nothing but the installed distribution may be found.
        env={name: value for name, value in without_buffer_setting().items() if name != "PYTHONPATH"},
    )


def outcomes(folder: Path) -> dict[str, str]:
    """By test: passed, skipped, or failed."""
    report = ET.parse(folder / "build" / "test-results" / "standard-tests-junit.xml")
    found = {}
    for case in report.iter("testcase"):
        verdicts = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[case.attrib["name"]] = (
            "failed" if verdicts & {"failure", "error"} else verdicts.pop() if verdicts else "passed"
        )
    return found


def test_it_passes_offline_with_the_image_tests_left_out(connector_folder: Path, sandbox: RunningSandbox) -> None:
    done = run(connector_folder, *WITHOUT_AN_ENGINE)

    assert done.returncode == 0, done.stdout + done.stderr
    assert outcomes(connector_folder) == {
        "test_check['config' Test Scenario]": "passed",
        "test_check['invalid_config' Test Scenario]": "passed",
        "test_config_matches_spec['config' Test Scenario]": "passed",
        # It is there for its `check` alone, so the spec is not asked about it.
        "test_config_matches_spec['invalid_config' Test Scenario]": "skipped",
    }
    assert len(sandbox.seen()) > 1


@pytest.mark.parametrize(
    ("file", "change"),
    [
        # A config that is said to fail, and would work; one that is said to work, and is not the spec's.
        ("invalid_config.json", {"credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"}}),
        ("config.json", {"ad_account_id": "not a number"}),
    ],
)
def test_it_fails_when_the_connector_is_not_what_the_file_says(
    connector_folder: Path, file: str, change: dict[str, object]
) -> None:
    path = connector_folder / "integration_tests" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert run(connector_folder, *WITHOUT_AN_ENGINE).returncode == 1
    assert "failed" in outcomes(connector_folder).values()
