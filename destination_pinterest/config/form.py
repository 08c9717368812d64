"""Turns the settings into the JSON Schema of the platform's form.

Source: docs.airbyte.com connector-specification-reference (read 2026-11-22): order within an object, group at the top
    level only, `oneOf` options distinguished by one required const.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from destination_pinterest.config.layout import CARDS, PLACES
from destination_pinterest.config.model import Config


def connection_specification() -> dict[str, Any]:
    """Returns the JSON Schema of the form."""
    return copy.deepcopy(_form())


@cache
def _form() -> dict[str, Any]:
    # It takes some ten milliseconds, and a command may ask for it several times.
    schema = Config.model_json_schema()
    definitions = schema.pop("$defs", {})
    form: dict[str, Any] = _for_the_form(schema, definitions)
    form["$schema"] = "http://json-schema.org/draft-07/schema#"
    form["groups"] = [{"id": card.id, "title": card.title} for card in CARDS]
    for key, field in form["properties"].items():
        field.update(PLACES[key])
    form["additionalProperties"] = True
    return form


def _for_the_form(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Adapts Pydantic's schema to Airbyte's form: no references, no null alternatives, const required."""
    if isinstance(node, list):
        return [_for_the_form(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if "$ref" in node:
        node = {**copy.deepcopy(definitions[re.sub(r"^.*/", "", node.pop("$ref"))]), **node}
    node.pop("discriminator", None)  # OpenAPI's keyword; the form distinguishes options by their const.
    if "anyOf" in node:
        (alternative,) = [option for option in node.pop("anyOf") if option != {"type": "null"}]
        node = {**_for_the_form(alternative, definitions), **node}
    if node.get("default", 0) is None:
        del node["default"]
    node = {key: _for_the_form(value, definitions) for key, value in node.items()}
    if "oneOf" in node:
        node["type"] = "object"
        for option in node["oneOf"]:
            constants = [key for key, value in option["properties"].items() if "const" in value]
            option["required"] = constants + [key for key in option.get("required", []) if key not in constants]
    return node
