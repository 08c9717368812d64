"""The connector's page is built as Airbyte builds its pages, and says of sync modes and migrations what is true."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.version import Version

from destination_pinterest.specification import DOCUMENTATION_URL, connector_specification

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "pinterest.md").read_text()
GUIDE = (ROOT / "docs" / "pinterest-migrations.md").read_text()
METADATA: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
# Airbyte's order; what is between them is the connector's own.
HEADINGS = ["Prerequisites", "Setup guide", "Supported sync modes", "Limitations and troubleshooting", "Changelog"]
# The platform's names of source mode and destination mode, by what the page's table has.
MODES = {
    "Append": "append",
    "Overwrite": "overwrite",
    "Overwrite + Deduped": "overwrite",
    "Append + Deduped": "append_dedup",
}


def undeclared_or_undescribed(metadata: dict[str, Any], guide: str) -> list[str]:
    """Major versions that came without an entry, and entries without a section of the migration guide."""
    breaking = (metadata.get("releases") or {}).get("breakingChanges") or {}
    majors = {f"{number}.0.0" for number in range(1, Version(metadata["dockerImageTag"]).major + 1)}
    described = set(re.findall(r"^## Upgrading to (\S+)$", guide, flags=re.MULTILINE))
    return sorted((majors - set(breaking)) | (set(breaking) ^ described))


def test_the_page_has_airbytes_headings_in_airbytes_order() -> None:
    found = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)

    assert re.findall(r"^# (.+)$", PAGE, flags=re.MULTILINE) == [METADATA["name"]]
    assert [heading for heading in found if heading in HEADINGS] == HEADINGS
    assert f"dockerRepository: {METADATA['dockerRepository']}" in PAGE.split("---")[1]
    assert METADATA["documentationUrl"] == DOCUMENTATION_URL


def test_the_table_of_sync_modes_is_the_specs() -> None:
    table = PAGE.split("## Supported sync modes")[1].split("\n## ")[0]
    rows = re.findall(
        r"^\| \[(?:Full Refresh|Incremental Sync) - ([^\]]+)\]\([^)]*\) \| (Yes|No) \|", table, flags=re.MULTILINE
    )

    assert len(rows) == 5
    offered = connector_specification()["supported_destination_sync_modes"]
    assert {MODES[mode] for mode, answer in rows if answer == "Yes"} == set(offered)
    assert {MODES[mode] for mode, answer in rows if answer == "No"}.isdisjoint(offered)


def test_every_breaking_change_is_declared_and_has_its_section_in_the_guide() -> None:
    assert GUIDE.startswith(f"# {METADATA['name']} Migration Guide\n")
    assert undeclared_or_undescribed(METADATA, GUIDE) == []


@pytest.mark.parametrize(
    ("metadata", "guide", "wrong"),
    [
        ({"dockerImageTag": "2.1.0"}, "", ["1.0.0", "2.0.0"]),
        ({"dockerImageTag": "1.0.0", "releases": {"breakingChanges": {"1.0.0": {}}}}, "", ["1.0.0"]),
        ({"dockerImageTag": "0.9.0"}, "## Upgrading to 1.0.0\n", ["1.0.0"]),
        ({"dockerImageTag": "1.2.0", "releases": {"breakingChanges": {"1.0.0": {}}}}, "## Upgrading to 1.0.0\n", []),
    ],
)
def test_a_breaking_change_that_is_kept_quiet_is_noticed(
    metadata: dict[str, Any], guide: str, wrong: list[str]
) -> None:
    assert undeclared_or_undescribed(metadata, guide) == wrong


def test_a_reader_finds_pinterests_own_pages() -> None:
    kinds = {link["type"] for link in METADATA["externalDocumentationUrls"]}

    assert {"api_reference", "authentication_guide", "rate_limits", "openapi_spec"} <= kinds
    assert all(link["url"].startswith("https://") and link["title"] for link in METADATA["externalDocumentationUrls"])


def test_the_tests_that_airbyte_may_run_are_named() -> None:
    suites = {option["suite"] for option in METADATA["connectorTestSuitesOptions"]}

    assert suites == {"unitTests", "integrationTests", "acceptanceTests"}


def test_a_sync_asks_for_memory_in_the_platforms_units() -> None:
    (sync,) = (job for job in METADATA["resourceRequirements"]["jobSpecific"] if job["jobType"] == "sync")

    assert re.fullmatch(r"\d+[MG]i", sync["resourceRequirements"]["memory_limit"])
    assert re.fullmatch(r"\d+[MG]i", sync["resourceRequirements"]["memory_request"])
