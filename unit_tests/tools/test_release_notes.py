from __future__ import annotations

import pytest

from tools.generated_file import ROOT
from tools.release_notes import ReleaseError, declared_version, release_notes

CHANGELOG = """\
# Changelog

## [Unreleased]

- not yet

## [1.10.0] - 2026-12-02

### Added

- ten

## [1.1.0] - 2026-12-01

- one

## [1.0.0] - 2026-11-30
"""


def test_the_notes_are_the_section_of_that_version_without_its_heading() -> None:
    assert release_notes("v1.10.0", "1.10.0", CHANGELOG) == "### Added\n\n- ten"
    assert release_notes("v1.1.0", "1.1.0", CHANGELOG) == "- one"


@pytest.mark.parametrize("tag", ["v1.1.1", "1.1.0", "v1.1.0-rc1", "", "refs/tags/v1.1.0"])
def test_a_tag_that_is_not_the_declared_version_is_refused(tag: str) -> None:
    with pytest.raises(ReleaseError, match=r"setup\.py says 1\.1\.0"):
        release_notes(tag, "1.1.0", CHANGELOG)


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0", "1x1.0"])
def test_a_version_that_the_changelog_says_nothing_about_is_refused(version: str) -> None:
    with pytest.raises(ReleaseError, match=f"says nothing about {version}"):
        release_notes(f"v{version}", version, CHANGELOG)


def test_the_version_that_is_declared_now_could_be_released() -> None:
    version = declared_version()

    assert release_notes(f"v{version}", version, (ROOT / "CHANGELOG.md").read_text())
