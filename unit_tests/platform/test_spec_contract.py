"""Airbyte's own judgement of the spec: its lint, and whether it still takes every config of the release before.

Source: airbyte-cdk 7.39.1, airbyte_cdk/test/standard_tests/_spec_lint.py and _spec_compatibility.py (read 2026-11-22).
Both are private modules of the CDK, and the only form in which its rules exist offline.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from airbyte_cdk.models import ConnectorSpecificationSerializer
from airbyte_cdk.test.standard_tests._spec_compatibility import compare_specs, declared_breaking_changes
from airbyte_cdk.test.standard_tests._spec_lint import assert_spec_is_valid, find_secret_marking_errors
from packaging.version import Version

from destination_pinterest.specification import connector_specification

ROOT = Path(__file__).parents[2]
RELEASED = sorted((ROOT / "source_spec" / "released").iterdir(), key=lambda folder: Version(folder.name))
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
NAME = "destination-pinterest"


def spec_of(release: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((release / "connector_spec.json").read_text())
    return spec


def settings(spec: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = spec["connectionSpecification"]["properties"]
    return found


def test_airbytes_lint_finds_nothing() -> None:
    assert_spec_is_valid(ConnectorSpecificationSerializer.load(connector_specification()), connector_name=NAME)


@pytest.mark.parametrize("key", ["client_secret", "refresh_token"])
def test_airbytes_lint_would_find_a_secret_that_is_not_marked(key: str) -> None:
    spec = connector_specification()
    del settings(spec)["credentials"]["oneOf"][0]["properties"][key]["airbyte_secret"]

    (error,) = find_secret_marking_errors(spec["connectionSpecification"])
    assert key in error


def test_reading_the_spec_as_the_cdk_does_loses_nothing() -> None:
    spec = connector_specification()
    flags_of_old = {"supportsDBT": False, "supportsNormalization": False}

    assert ConnectorSpecificationSerializer.dump(ConnectorSpecificationSerializer.load(spec)) == spec | flags_of_old


def test_no_release_is_newer_than_this_version() -> None:
    assert RELEASED
    assert Version(RELEASED[-1].name) <= Version(METADATA["dockerImageTag"])


@pytest.mark.parametrize("release", RELEASED, ids=lambda folder: folder.name)
def test_every_config_that_an_earlier_release_took_is_still_taken_unless_the_break_is_declared(release: Path) -> None:
    comparison = compare_specs(spec_of(release), connector_specification())

    declared = declared_breaking_changes(METADATA, release.name, METADATA["dockerImageTag"])
    assert not comparison.breaking or declared


def _narrow(spec: dict[str, Any]) -> None:
    settings(spec)["batch_size"]["maximum"] = 100


def _require(spec: dict[str, Any]) -> None:
    spec["connectionSpecification"]["required"].append("audience_name")


def _remove(spec: dict[str, Any]) -> None:
    del settings(spec)["deletes"]


def _rename_an_option(spec: dict[str, Any]) -> None:
    settings(spec)["credentials"]["oneOf"][1]["properties"]["auth_method"]["const"] = "token"


def _drop_a_sync_mode(spec: dict[str, Any]) -> None:
    spec["supported_destination_sync_modes"].remove("append_dedup")


def _move_the_refresh_token(spec: dict[str, Any]) -> None:
    output = spec["advanced_auth"]["oauth_config_specification"]["complete_oauth_output_specification"]
    output["properties"]["refresh_token"]["path_in_connector_config"] = ["refresh_token"]


@pytest.mark.parametrize(
    "change", [_narrow, _require, _remove, _rename_an_option, _drop_a_sync_mode, _move_the_refresh_token]
)
def test_a_change_that_breaks_saved_configs_would_be_noticed(change: Callable[[dict[str, Any]], None]) -> None:
    changed = copy.deepcopy(spec_of(RELEASED[-1]))
    change(changed)

    assert compare_specs(spec_of(RELEASED[-1]), changed).breaking
