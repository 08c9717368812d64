from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("destination_pinterest", "pinterest_audiences", "pinterest_page", "pinterest_sandbox")
MOST = 7


def long_constructors(code: str) -> Iterator[str]:
    """The classes whose `__init__` takes more than MOST parameters beside self."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.ClassDef):
            continue
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and member.name == "__init__" and parameters(member) > MOST:
                yield node.name


def parameters(constructor: ast.FunctionDef) -> int:
    taken = constructor.args
    return len(taken.posonlyargs) + len(taken.args) + len(taken.kwonlyargs) - 1


@pytest.fixture(scope="module")
def found() -> set[str]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {
        f"{path.relative_to(ROOT).as_posix()} {name}" for path in paths for name in long_constructors(path.read_text())
    }


def test_no_constructor_takes_more_than_seven_parameters(found: set[str]) -> None:
    assert found == set()


def test_a_long_constructor_would_be_found() -> None:
    names = ", ".join("abcdef")
    short = f"class Short:\n    def __init__(self, {names}, *, g): ..."
    long = f"class Long:\n    def __init__(self, {names}, *, g, h): ..."
    assert list(long_constructors(f"{short}\n{long}")) == ["Long"]
