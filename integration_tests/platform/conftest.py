"""A checkout that Airbyte's tools take for a connector's folder, with configs that lead to the tests' sandbox."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from integration_tests.sandbox_process import ROOT, RunningSandbox

# What Airbyte's tools read of a connector's folder. The code comes from the installed distribution, as for them.
READ_BY_AIRBYTE = (
    "metadata.yaml",
    "acceptance-test-config.yml",
    "integration_tests/config.json",
    "integration_tests/invalid_config.json",
)


@pytest.fixture
def connector_folder(sandbox: RunningSandbox, tmp_path: Path) -> Path:
    """A copy, since the tools go by the folder's name, and resolve links; its configs name the running sandbox."""
    folder = tmp_path / "destination-pinterest"
    for name in READ_BY_AIRBYTE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    for path in (folder / "integration_tests").glob("*.json"):
        config = json.loads(path.read_text())
        assert config["api_base_url"] == "http://127.0.0.1:8700/v5"
        path.write_text(json.dumps({**config, "api_base_url": sandbox.api_base_url}))
    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Airbyte's image tests fetch templates and the base image from the internet; ours build the image otherwise."""
    wanted = [item for item in items if item.get_closest_marker("image_tests") is None]
    if len(wanted) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted
