"""Code, tests and page have the same errors: none is unused, untested or unexplained, and the page has no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from destination_pinterest import errors
from destination_pinterest.api.answers import MEANINGS
from destination_pinterest.error_codes import AREAS, LEADING_CODE, Code
from destination_pinterest.error_texts import TEXTS
from destination_pinterest.errors import ConnectorError
from pinterest_audiences import failures

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text()
SOURCES = [
    path
    for package in ("destination_pinterest", "pinterest_audiences")
    for path in (ROOT / package).rglob("*.py")
    if path.name not in {"error_codes.py", "error_texts.py"}
]
TESTS = [
    path
    for folder in ("unit_tests", "integration_tests")
    for path in (ROOT / folder).rglob("*.py")
    if path != Path(__file__)
]
# A sentence's end, as these messages have it; "…" may be text of somebody else's.
END_OF_SENTENCE = re.compile(r"[.?!](?= [A-Z-]|$)")


def named(node: ast.AST) -> Code | None:
    """The code that an expression names, as in `Code.STORE_BUSY`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code":
        return Code[node.attr] if node.attr in Code.__members__ else None
    return None


def named_in(path: Path) -> set[Code]:
    return {code for node in ast.walk(ast.parse(path.read_text())) if (code := named(node))}


def kind_of(call: ast.Call) -> type[ConnectorError] | None:
    """The class of error that a call makes."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    kind = getattr(errors, name, None) or getattr(failures, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, ConnectorError) else None


def made(path: Path) -> Iterator[tuple[type[ConnectorError], Code, str]]:
    """The errors that a module makes of a code and a sentence that stand there."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (kind := kind_of(node)) and len(node.args) == 2:
            code = named(node.args[0])
            if code is not None:
                yield kind, code, sentence(node.args[1])


def sentence(node: ast.expr) -> str:
    """The text, with "…" for what is put into it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


def expected_in(path: Path) -> set[Code]:
    """The codes that a test expects: those it names other than to make an error itself, and those it quotes."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    given = {id(argument) for node in nodes if isinstance(node, ast.Call) for argument in node.args if kind_of(node)}
    found = {code for node in nodes if id(node) not in given and (code := named(node))}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {Code(quoted) for quoted in re.findall(r"PIN-[A-Z]+-\d{3}", node.value)}
    return found


@cache
def all_made() -> list[tuple[type[ConnectorError], Code, str]]:
    return [error for path in SOURCES for error in made(path)]


@pytest.mark.parametrize("code", Code)
def test_a_code_has_the_form_of_codes_and_an_area_that_the_page_knows(code: Code) -> None:
    assert LEADING_CODE.fullmatch(code) is None
    assert LEADING_CODE.match(f"{code}: A sentence.")
    assert code.area in AREAS


def test_of_every_code_it_is_said_what_happened_and_what_to_do() -> None:
    assert list(TEXTS) == list(Code)
    assert all(text.summary and text.remedy for text in TEXTS.values())


def test_the_codes_of_an_area_have_different_numbers() -> None:
    assert len({code.value for code in Code}) == len(Code.__members__)
    assert {code.area for code in Code} == set(AREAS)


def test_every_code_is_one_that_the_program_can_say() -> None:
    assert set(Code) - {code for path in SOURCES for code in named_in(path)} == set()


def test_every_code_is_provoked_by_a_test() -> None:
    assert set(Code) - {code for path in TESTS for code in expected_in(path)} == set()


def test_a_code_is_of_one_class_of_errors_and_of_its_kind() -> None:
    classes: dict[Code, set[type[ConnectorError]]] = defaultdict(set)
    for kind, code, _ in all_made():
        classes[code].add(kind)
    for meaning in MEANINGS:
        classes[meaning.code].add(meaning.error)

    assert {code: kinds for code, kinds in classes.items() if len(kinds) > 1} == {}
    assert [code for code, (kind,) in classes.items() if kind.failure_kind != code.failure_kind] == []


def test_the_page_explains_every_code_and_no_other() -> None:
    assert re.findall(r'^\| <a id="([^"]+)"></a>', PAGE, flags=re.MULTILINE) == [
        code.anchor for area in AREAS for code in sorted(Code) if code.area == area
    ]


@pytest.mark.parametrize("document", [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], ids=lambda path: path.name)
def test_a_document_names_no_code_that_there_is_not(document: Path) -> None:
    assert set(re.findall(r"PIN-[A-Z]+-\d+", document.read_text())) <= set(Code)


def test_an_error_is_said_in_two_sentences_at_most() -> None:
    said = [(code, text) for _, code, text in all_made()] + [(meaning.code, meaning.advice) for meaning in MEANINGS]
    long = [(code, text) for code, text in said if len(END_OF_SENTENCE.findall(text.partition(" [")[0])) > 2]

    assert len(said) > len(Code)
    assert long == []


def test_waiting_is_said_to_help_wherever_the_platform_tries_again_by_itself() -> None:
    assert [code for code in Code if code.failure_kind == "transient_error" and not code.waiting_helps] == [
        Code.SYNC_STOPPED,
        Code.STOPPED_BY_USER,
    ]
