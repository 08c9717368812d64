"""The connection form that Airbyte's web app builds from a spec: its fields, what is in them at first, what is missing.

Everything here follows the web app, not the wishes of this project: an object always exists and asks for what is
required in it, even if it may be left out itself; of a choice only the chosen option counts; a list starts empty.

Source: airbytehq/airbyte-platform 310e6cb6 (read 2026-11-22), airbyte-webapp: core/form/schemaToFormBlock.ts and
schemaToYup.ts; ConnectorForm/useBuildForm.tsx (setDefaultValues), useGroupsAndSections.tsx, utils.ts (OrderComparator).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["field", "object", "choice", "list"]


class FormError(Exception):
    """The web app could not draw this form at all."""


@dataclass(frozen=True)
class Block:
    """A place in the form: a field, an object drawn as its fields, a choice between objects, or a list of objects."""

    key: str
    path: tuple[str, ...]
    schema: Mapping[str, Any]
    required: bool
    kind: Kind
    children: tuple[Block, ...] = ()
    options: tuple[Block, ...] = ()
    chosen_by: str | None = None
    """Of a choice: the key whose constant tells the options apart."""

    @property
    def is_hidden(self) -> bool:
        return bool(self.schema.get("airbyte_hidden"))

    @property
    def is_constant(self) -> bool:
        return "const" in self.schema

    @property
    def is_always_seen(self) -> bool:
        drawn_open = self.kind in {"choice", "object"} or self.is_constant
        return self.required or drawn_open or bool(self.schema.get("always_show"))


@dataclass(frozen=True)
class Card:
    """A group of the form: what is seen at once, and what "Optional fields" hides until it is opened."""

    title: str | None
    seen: tuple[str, ...]
    folded: tuple[str, ...]


def build_form(connection_specification: Mapping[str, Any]) -> Block:
    """The form of a connectionSpecification.

    Raises:
        FormError: a choice whose options are no objects or are not told apart by a constant.
    """
    return _block(connection_specification, "", (), required=True)


def cards(form: Block) -> list[Card]:
    """What a person sees, from top to bottom."""
    titles = {group["id"]: group["title"] for group in form.schema["groups"]}
    found = []
    for group in [*titles, None]:
        blocks = [block for block in form.children if block.schema.get("group") == group and not block.is_hidden]
        blocks.sort(key=lambda block: (not block.is_always_seen, block.schema["order"]))
        if blocks:
            seen = tuple(block.key for block in blocks if block.is_always_seen)
            folded = tuple(block.key for block in blocks if not block.is_always_seen)
            found.append(Card(titles.get(group), seen, folded))
    return found


def initial_values(block: Block) -> dict[str, Any]:
    """What the fields of an object hold before anybody has typed."""
    values: dict[str, Any] = {}
    for child in block.children:
        if child.is_constant:
            values[child.key] = child.schema["const"]
        elif "default" in child.schema:
            values[child.key] = child.schema["default"]
        if child.kind == "object":
            values[child.key] = initial_values(child)
        elif child.kind == "choice":
            values[child.key] = initial_values(child.options[0])
        elif child.kind == "list" and child.required:
            values[child.key] = []
    return values


def missing(block: Block, values: Mapping[str, Any]) -> list[str]:
    """The fields that keep the form from being sent, as dotted paths."""
    found = []
    for child in block.children:
        value = values.get(child.key)
        if child.kind == "object":
            found += missing(child, value or {})
        elif child.kind == "choice" and value is not None:
            found += missing(chosen(child, value), value)
        elif child.required and (value is None or value == ""):
            found.append(".".join(child.path))
    return found


def chosen(choice: Block, value: Mapping[str, Any]) -> Block:
    """The option that a value belongs to."""
    key = choice.chosen_by or ""
    (option,) = (option for option in choice.options if _constants(option)[key] == value[key])
    return option


def every_block(block: Block) -> Iterator[Block]:
    """The block and all within it."""
    yield block
    for inner in (*block.children, *block.options):
        yield from every_block(inner)


def _block(schema: Mapping[str, Any], key: str, path: tuple[str, ...], *, required: bool) -> Block:
    if schema.get("oneOf"):
        return _choice(schema, key, path, required=required)
    if schema.get("type") == "array" and schema["items"].get("type") == "object":
        # The entry's fields lie one level deeper only in values; the web app gives them the list's own path.
        return Block(key, path, schema, required, "list", children=_children(schema["items"], path))
    if schema.get("type") == "object":
        return Block(key, path, schema, required, "object", children=_children(schema, path))
    return Block(key, path, schema, required, "field")


def _choice(schema: Mapping[str, Any], key: str, path: tuple[str, ...], *, required: bool) -> Block:
    # The option's own type is not looked at: the choice's is put in its place.
    options = [_block({**option, "type": schema.get("type")}, key, path, required=True) for option in schema["oneOf"]]
    if any(option.kind != "object" for option in options):
        raise FormError(f"{key}: a choice between things that are no objects")
    shared = [name for name in _constants(options[0]) if all(name in _constants(option) for option in options)]
    if not shared:
        raise FormError(f"{key}: no constant tells the options apart")
    return Block(key, path, schema, required, "choice", options=tuple(options), chosen_by=shared[0])


def _children(schema: Mapping[str, Any], path: tuple[str, ...]) -> tuple[Block, ...]:
    required = schema.get("required", [])
    return tuple(
        _block(inner, key, (*path, key), required=key in required) for key, inner in schema["properties"].items()
    )


def _constants(option: Block) -> dict[str, Any]:
    return {child.key: child.schema["const"] for child in option.children if child.schema.get("const")}
