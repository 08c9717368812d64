"""What Airbyte's own validators say of metadata.yaml, of the page, and of the layout of this project.

They need an environment of their own, which `make test-hosts` sets up; without it, these tests are skipped.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_tests.sandbox_process import ROOT

PYTHON = ROOT / ".venvs" / "metadata-validator" / "bin" / "python"
CONNECTOR = Path("airbyte-integrations/connectors/destination-pinterest")
PAGES = Path("docs/integrations/destinations")
OF_NO_CONNECTOR = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "site")
# Airbyte builds its connectors with Poetry from pyproject.toml, and on its base image without a Dockerfile. This one is
# built with setup.py and a Dockerfile, so that anybody can build it. Four checks see the one, one sees the other, and
# the one on HTTPS takes offence at 127.0.0.1.
UNMET = {
    "CheckConnectorUsesPoetry": ("FAILED", "poetry.lock file is missing"),
    "CheckConnectorLicenseMatchInPyproject": ("FAILED", "missing license in pyproject.toml"),
    "CheckConnectorVersionMatchInPyproject": ("FAILED", "missing in the pyproject.toml"),
    "CheckConnectorCDKTag": ("CRASHED", "KeyError('poetry')"),
    "CheckConnectorUsesPythonBaseImage": ("FAILED", "Dockerfile file exists"),
    "CheckConnectorUsesHTTPSOnly": ("FAILED", "http:// URLs"),
}
MET = {
    "CheckMigrationGuide",
    "CheckDocumentationExists",
    "CheckChangelogEntry",
    "CheckConnectorLanguageTag",
    "CheckConnectorLicense",
    "CheckVersionFollowsSemver",
    "CheckConnectorIconIsAvailable",
    "ValidateBreakingChangesDeadlines",
    "ValidateBreakingChangesDeadlineAction",
}
A_BREAKING_CHANGE = {
    "message": "Audience names are matched exactly.",
    "upgradeDeadline": "2027-12-01",
    "deadlineAction": "disable",
    "migrationDocumentationUrl": "https://docs.airbyte.com/integrations/destinations/pinterest-migrations",
}


def _nothing(_data: dict[str, Any]) -> None:
    """The file as it is."""


def _major_without_an_entry(data: dict[str, Any]) -> None:
    data["dockerImageTag"] = "1.0.0"


def _major_with_an_entry(data: dict[str, Any]) -> None:
    data["dockerImageTag"] = "1.0.0"
    data["releases"] = {"breakingChanges": {"1.0.0": A_BREAKING_CHANGE}}


def _without_a_language(data: dict[str, Any]) -> None:
    data["tags"].remove("language:python")


def _of_an_unknown_key(data: dict[str, Any]) -> None:
    data["supportsEverything"] = True


CASES: list[tuple[Callable[[dict[str, Any]], None], str | None]] = [
    (_nothing, None),
    (_major_without_an_entry, "there must be a 'releases' property"),
    (_major_with_an_entry, None),
    (_without_a_language, "language:<LANG>"),
    (_of_an_unknown_key, "supportsEverything"),
]


@pytest.fixture(scope="module")
def airbytes_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkout where Airbyte's repository would have it, with one more metadata file for each case."""
    root = tmp_path_factory.mktemp("repository") / "airbyte"
    shutil.copytree(ROOT, root / CONNECTOR, ignore=OF_NO_CONNECTOR)
    (root / PAGES).mkdir(parents=True)
    for page in ("pinterest.md", "pinterest-migrations.md"):
        shutil.copyfile(ROOT / "docs" / page, root / PAGES / page)
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text())
    for change, _ in CASES:
        changed = copy.deepcopy(metadata)
        change(changed["data"])
        (root / f"{change.__name__}.yaml").write_text(yaml.safe_dump(changed))
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    # The validator's first act is to look for the repository by the address of its origin.
    origin = ["remote", "add", "origin", "https://github.com/airbytehq/airbyte.git"]
    subprocess.run(["git", "-C", str(root), *origin], check=True)
    return root


@pytest.fixture(scope="module")
def verdicts(airbytes_repository: Path) -> dict[str, Any]:
    if not PYTHON.exists():
        pytest.skip("Airbyte's validators are not installed; `make test-hosts` sets them up")
    files = [f"{change.__name__}.yaml" for change, _ in CASES]
    done = subprocess.run(
        [str(PYTHON), str(Path(__file__).with_name("airbyte_verdict.py")), *files, str(PAGES / "pinterest.md")],
        cwd=airbytes_repository,
        env={**os.environ, "DO_NOT_TRACK": "1", "CI": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("change", "said"), CASES, ids=[change.__name__.strip("_") for change, _ in CASES])
def test_metadata_is_valid_as_it_is_and_what_would_be_wrong_is_refused(
    verdicts: dict[str, Any], change: Callable[[dict[str, Any]], None], said: str | None
) -> None:
    verdict = verdicts["metadata"][f"{change.__name__}.yaml"]

    assert verdict is None if said is None else said in verdict


def test_airbytes_quality_checks_fail_for_the_layout_and_for_nothing_else(verdicts: dict[str, Any]) -> None:
    quality = {name: verdict for name, verdict in verdicts["quality"].items() if verdict[0] != "SKIPPED"}

    assert {name for name, (status, _) in quality.items() if status == "PASSED"} == MET
    assert set(quality) - MET == set(UNMET)
    for name, (status, said) in UNMET.items():
        assert quality[name][0] == status
        assert said in quality[name][1], quality[name]


def test_the_check_on_https_finds_no_address_but_this_machines(
    verdicts: dict[str, Any], airbytes_repository: Path
) -> None:
    """It permits localhost by that name only, and looks into documents and the sandbox as well."""
    listed = re.findall(r"^\t- (.+)$", verdicts["quality"]["CheckConnectorUsesHTTPSOnly"][1], flags=re.MULTILINE)

    assert listed
    for path in listed:
        text = re.sub(r"http://json-schema\.org/", "", (airbytes_repository / path).read_text())
        hosts = re.findall(r"http://([\w.-]+\.[\w-]+)", text)
        assert set(hosts) <= {"127.0.0.1"}, path
