from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
from starlette.routing import Mount

from pinterest_sandbox import faults
from pinterest_sandbox.command import _parser
from pinterest_sandbox.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_control_endpoint_is_in_the_docs_and_no_other(person: typing.Any) -> None:
    (mount,) = [route for route in person.sandbox._pages.routes if isinstance(route, Mount)]
    there = set()
    for route in mount.routes:
        path = re.sub(r"\{(?:plan_)?id(:int)?\}", "{id}", route.path)
        for method in route.methods - {"HEAD"}:
            ends = ["revoke", "expire"] if "{end" in path else [""]
            there |= {f"{method} {path.replace('{end:str}', end)}" for end in ends}
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", PAGE, re.MULTILINE)) == there


def test_every_setting_is_in_the_docs_with_its_default_first() -> None:
    section = PAGE.partition("### Settings")[2].partition("###")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", section, re.MULTILINE))
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    assert rows == {
        name: str(default).lower()
        if isinstance(default, bool)
        else f"{default:g}"
        if isinstance(default, float)
        else str(default)
        for name, default in defaults.items()
    }


def test_every_kind_of_fault_is_in_the_docs_with_its_keys() -> None:
    section = PAGE.partition("### Plans of faults")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.MULTILINE))
    kinds = {kind.__struct_config__.tag: kind for kind in typing.get_args(faults.Action)}
    assert rows.keys() - {"kind"} == kinds.keys()
    for tag, kind in kinds.items():
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in rows[tag], (tag, field.name)


def test_every_option_is_in_the_docs() -> None:
    options = {name for action in _parser()._actions for name in action.option_strings if name.startswith("--")}
    documented = set(re.findall(r"^\| `(--[\w-]+)", PAGE, re.MULTILINE))
    assert documented == options - {"--help", "--rotate-refresh-tokens"}
