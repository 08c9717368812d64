"""Keeps docs/settings.md, the reference of every setting, equal to the connection form in source_spec/.

The form is what `destination-pinterest spec` prints, so the page says what the connector accepts. With `--check`
nothing is written: the differences are shown and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tools.generated_file import ROOT, keep

SPEC_FILE = ROOT / "source_spec" / "connector_spec.json"
PAGE = ROOT / "docs" / "settings.md"
INTRODUCTION = """\
# Settings reference

Every setting of a connection, under the key that it has in a config file. Airbyte's form shows the titles in the order
of this page. For what the settings mean together, see [Pinterest](pinterest.md#settings).

This page is generated from the connector's specification by `make spec`; change the settings there.
"""
TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "object",
    "string": "text",
}

Schema = Mapping[str, Any]


def main() -> int:
    """Write or check the page; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is out of step")
    check = parser.parse_args().check
    form = json.loads(SPEC_FILE.read_text(encoding="utf-8"))["connectionSpecification"]
    return 0 if keep(PAGE, settings_page(form), source=str(SPEC_FILE.relative_to(ROOT)), check=check) else 1


def settings_page(form: Schema) -> str:
    """The whole page, group by group."""
    return "\n".join([INTRODUCTION, *(line for group in form["groups"] for line in _group(group, form))])


def _group(group: Schema, form: Schema) -> Iterator[str]:
    yield f"## {group['title']}\n"
    for key, setting in _in_order(form["properties"]):
        if setting["group"] == group["id"]:
            yield from _setting(key, setting, required=key in form.get("required", []))


def _setting(key: str, setting: Schema, *, required: bool) -> Iterator[str]:
    yield f"### `{key}`\n"
    yield f"**{setting['title']}**: {'; '.join(_facts(setting, required=required))}.\n"
    yield f"{_prose(setting['description'])}\n"
    for option in setting.get("oneOf", []):
        yield from _option(option)
    if "properties" in setting.get("items", {}):
        yield "Each entry has:\n"
        yield from _keys(setting["items"])
        yield ""


def _option(option: Schema) -> Iterator[str]:
    """One choice of several: what it is chosen by, and the keys that come with it."""
    (chosen_by,) = [(key, value["const"]) for key, value in option["properties"].items() if "const" in value]
    yield f'**{option["title"]}**, `"{chosen_by[0]}": "{chosen_by[1]}"`. {_prose(option["description"])}\n'
    lines = list(_keys(option))
    if lines:
        yield from lines
        yield ""


def _keys(schema: Schema) -> Iterator[str]:
    for key, setting in _in_order(schema["properties"]):
        if "const" not in setting:
            facts = "; ".join(_facts(setting, required=key in schema.get("required", [])))
            yield f"- `{key}`, **{setting['title']}** ({facts}): {_prose(setting['description'])}"


def _facts(setting: Schema, *, required: bool) -> Iterator[str]:
    yield _type(setting)
    if required:
        yield "required"
    elif "default" in setting:
        yield f"default `{_literal(setting['default'])}`"
    else:
        yield "optional"
    yield from _bounds(setting)
    if "pattern_descriptor" in setting:
        yield _prose(setting["pattern_descriptor"])
    if setting.get("airbyte_secret"):
        yield "secret"
    if setting.get("airbyte_hidden"):
        yield "not shown in the form"
    if "examples" in setting:
        yield f"for example {', '.join(f'`{_literal(example)}`' for example in setting['examples'])}"


def _type(setting: Schema) -> str:
    if "oneOf" in setting:
        return "one of the choices below"
    if "enum" in setting:
        return "one of " + ", ".join(f"`{_literal(value)}`" for value in setting["enum"])
    if setting["type"] == "array" and setting["items"]["type"] == "string":
        return "list of texts"
    return TYPES[setting["type"]]


def _bounds(setting: Schema) -> Iterator[str]:
    low, high = setting.get("minimum"), setting.get("maximum")
    if low is not None and high is not None:
        yield f"{low:,} to {high:,}"
    elif low is not None:
        yield f"at least {low:,}"
    elif high is not None:
        yield f"at most {high:,}"
    if setting.get("minLength", 0) > 1:
        yield f"at least {setting['minLength']} characters"
    if "maxLength" in setting:
        yield f"at most {setting['maxLength']} characters"


def _in_order(settings: Mapping[str, Schema]) -> list[tuple[str, Schema]]:
    return sorted(settings.items(), key=lambda item: item[1]["order"])


def _literal(value: object) -> str:
    """As JSON writes it, but a text without its quotation marks."""
    return value if isinstance(value, str) else json.dumps(value)


def _prose(text: str) -> str:
    """The form's plain text as Markdown: what the two read differently is escaped."""
    return re.sub(r"([*<\[\]|`])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(main())
