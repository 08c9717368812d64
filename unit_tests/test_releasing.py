"""The version stands in setup.py; what test_packaging.py does not compare with it is compared here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.release_notes import declared_version

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", ["README.md", "Dockerfile"])
def test_a_command_that_builds_the_image_tags_it_with_the_declared_version(name: str) -> None:
    tags = re.findall(r"airbyte/destination-pinterest:(\d\S*)", (ROOT / name).read_text())

    assert set(tags) == {declared_version()}


def test_the_spec_of_the_declared_version_is_kept() -> None:
    assert (ROOT / "source_spec" / "released" / declared_version() / "connector_spec.json").is_file()


def test_the_release_page_names_every_place_that_repeats_the_version() -> None:
    places = re.findall(r"^\| `([\w./]+)` \|", (ROOT / "docs" / "releasing.md").read_text(), flags=re.MULTILINE)

    for place in places:
        assert declared_version() in (ROOT / place).read_text(), place
    assert {"metadata.yaml", "Dockerfile", "README.md", "CHANGELOG.md", "docs/pinterest.md"} <= set(places)
