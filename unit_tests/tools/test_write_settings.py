from __future__ import annotations

import json
from typing import Any

import pytest

from tools.write_settings import PAGE, SPEC_FILE, settings_page


@pytest.fixture
def form() -> dict[str, Any]:
    specification: dict[str, Any] = json.loads(SPEC_FILE.read_text())
    form: dict[str, Any] = specification["connectionSpecification"]
    return form


def one_setting(**facts: Any) -> str:
    setting = {"title": "Size", "description": "How big.", "order": 0, "group": "g", "type": "integer", **facts}
    return settings_page({"groups": [{"id": "g", "title": "Group"}], "properties": {"size": setting}})


def test_the_page_is_in_step_with_the_spec(form: dict[str, Any]) -> None:
    assert PAGE.read_text() == settings_page(form)


def test_the_page_has_a_heading_for_every_setting_and_names_every_key_within_one(form: dict[str, Any]) -> None:
    page = settings_page(form)

    for key, setting in form["properties"].items():
        assert f"### `{key}`\n" in page
        for group in [*setting.get("oneOf", []), setting.get("items", {})]:
            for inner in group.get("properties", {}):
                assert f"`{inner}`" in page or f'`"{inner}": ' in page


def test_a_setting_shows_its_type_default_and_bounds() -> None:
    assert "**Size**: whole number; default `5`; 1 to 10,000.\n\nHow big.\n" in one_setting(
        default=5, minimum=1, maximum=10_000
    )
    assert "whole number; optional; at least 2." in one_setting(minimum=2)
    assert "text; optional; at least 16 characters; secret." in one_setting(
        type="string", minLength=16, airbyte_secret=True
    )


def test_a_choice_shows_what_it_is_chosen_by_and_its_keys() -> None:
    option = {
        "title": "Local",
        "description": "A folder.",
        "required": ["kind", "path"],
        "properties": {
            "kind": {"const": "local", "order": 0},
            "path": {"title": "Folder", "description": "Which.", "order": 1, "type": "string"},
        },
    }

    page = one_setting(type="object", oneOf=[option])

    assert '**Local**, `"kind": "local"`. A folder.\n' in page
    assert "- `path`, **Folder** (text; required): Which." in page


def test_what_markdown_would_read_as_its_own_is_escaped() -> None:
    assert r"a \*b\* \<c> \[d\] \| \`e\`" in one_setting(description="a *b* <c> [d] | `e`")
