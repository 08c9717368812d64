"""Each layering contract of pyproject.toml can fail: a forbidden import of every kind is planted, and found.

`make check` holds the contracts against the real code; a contract that nothing can break would hold there too.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = [
    ("destination_pinterest.protocol", "destination_pinterest.identity.mapping"),
    ("destination_pinterest.protocol", "destination_pinterest.api.client"),
    ("destination_pinterest.identity", "destination_pinterest.protocol.input"),
    ("destination_pinterest.identity", "destination_pinterest.api.client"),
    ("destination_pinterest.api", "destination_pinterest.protocol.input"),
    ("destination_pinterest.api", "destination_pinterest.identity.mapping"),
    ("destination_pinterest.api", "destination_pinterest.delivery.append"),
    ("destination_pinterest.routing", "destination_pinterest.audiences.lookup"),
    ("destination_pinterest.routing", "destination_pinterest.dead_letters.queue"),
    ("destination_pinterest.routing", "destination_pinterest.delivery.lane"),
    ("destination_pinterest.routing", "destination_pinterest.wording.plan_text"),
    ("destination_pinterest.suppression", "destination_pinterest.routing.decision"),
    ("destination_pinterest.suppression", "destination_pinterest.delivery.suppressor"),
    ("destination_pinterest.delivery", "destination_pinterest.forgetting.taking_out"),
    ("destination_pinterest.forgetting", "destination_pinterest.store_upkeep"),
    ("destination_pinterest.wording", "destination_pinterest.audiences.lookup"),
    ("destination_pinterest.wording", "destination_pinterest.reporting.report"),
    ("destination_pinterest.audiences", "destination_pinterest.dead_letters.queue"),
    ("destination_pinterest.audiences", "destination_pinterest.delivery.lane"),
    ("destination_pinterest.dead_letters", "destination_pinterest.audiences.target"),
    ("destination_pinterest.dead_letters", "destination_pinterest.delivery.lane"),
    ("destination_pinterest.delivery", "destination_pinterest.reporting.report"),
    ("destination_pinterest.delivery", "destination_pinterest.sync"),
    ("destination_pinterest.reporting", "destination_pinterest.sync"),
    ("destination_pinterest.reporting", "destination_pinterest.destination"),
    ("destination_pinterest.config", "pinterest_audiences.sync"),
    ("pinterest_audiences", "destination_pinterest.destination"),
    ("pinterest_audiences", "destination_pinterest.connector"),
    ("pinterest_audiences", "destination_pinterest.api.client"),
    ("pinterest_audiences", "destination_pinterest.probing.probe"),
    ("destination_pinterest.probing", "destination_pinterest.assembly"),
    ("pinterest_audiences", "destination_pinterest.delivery.lane"),
    ("pinterest_audiences", "destination_pinterest.reporting.builder"),
    ("pinterest_audiences", "destination_pinterest.reporting.report"),
    ("destination_pinterest.identity", "airbyte_cdk"),
    ("destination_pinterest.identity", "logging"),
    ("destination_pinterest.identity", "os"),
    ("destination_pinterest.identity", "requests"),
    ("destination_pinterest.identity", "socket"),
    ("destination_pinterest.identity", "time"),
    ("destination_pinterest.delivery", "pinterest_sandbox.world"),
    ("destination_pinterest.delivery", "pinterest_page.view"),
    ("pinterest_page", "destination_pinterest.vocabulary"),
    ("pinterest_page", "pinterest_audiences.sync"),
    ("pinterest_page", "pinterest_sandbox.world"),
    ("pinterest_sandbox", "destination_pinterest.vocabulary"),
    ("pinterest_sandbox", "pinterest_audiences.sync"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return subprocess.run(
        [*command, "--no-logo", "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("destination_pinterest", "pinterest_audiences", "pinterest_page", "pinterest_sandbox"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def findings(checkout: Path) -> str:
    """What the linter says of a copy of the code in which every forbidden import was planted."""
    for importer, imported in FORBIDDEN:
        with (checkout / importer.replace(".", "/") / "planted.py").open("a") as planted:
            planted.write(f"import {imported}\n")
    done = lint(checkout)
    assert done.returncode == 1, done.stderr
    return re.sub(r"\s+", " ", done.stdout)


@pytest.mark.parametrize(("importer", "imported"), FORBIDDEN)
def test_a_forbidden_import_is_found(findings: str, importer: str, imported: str) -> None:
    assert re.search(rf"{re.escape(importer)}\.planted -> {re.escape(imported)} \(l\.\d+\)", findings)


def test_a_module_without_a_place_in_the_layers_is_found(checkout: Path) -> None:
    homeless = checkout / "destination_pinterest" / "utils.py"
    homeless.touch()

    done = lint(checkout)

    homeless.unlink()
    assert done.returncode == 1
    assert "utils" in done.stdout
