"""The documents for people can't drift from the code: quoted messages, settings, defaults, verbs and links."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from destination_pinterest.audiences.list_counts import ListCounts, MatchEstimate
from destination_pinterest.config import Config
from destination_pinterest.reporting.reconciliation import Reconciliation
from destination_pinterest.reporting.report import AudienceReport, Members, SyncReport

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "source_spec" / "README.md"], key=lambda path: path.name
)
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PAGE = (ROOT / "docs" / "pinterest.md").read_text()
DESIGN = (ROOT / "docs" / "design.md").read_text()
QUOTED = re.findall(r'^\| "([^"]+)" \|', OPERATIONS, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def literals() -> str:
    """Every text in the package's code, one a line; adjacent literals are one text, as they are to Python."""
    return "\n".join(
        node.value
        for path in (ROOT / "destination_pinterest").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def test_operations_quotes_messages() -> None:
    assert len(QUOTED) > 10
    assert len(set(QUOTED)) == len(QUOTED)


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_that_operations_quotes_is_one_that_the_code_can_say(message: str, literals: str) -> None:
    assert message in literals


def test_the_page_describes_every_setting_with_its_default() -> None:
    described = dict(re.findall(r"^\| [^|]+ \| `(\w+)` \| ([^|]*) \|", PAGE, flags=re.MULTILINE))
    defaults = {
        "audience_name": "`{stream}`",
        "advertising_id_case": "`lower`",
        "deletes": "`remove`",
        "mode": "`mirror`",
        "max_removal_percent": "`50`",
        "refused_rule_change": "`fail`",
        "access_tier": "`auto`",
        "batch_size": "`1900`",
        "flush_seconds": "`5`",
        "retry_hours": "`1`",
    }

    assert list(described) == list(Config.model_fields)
    for key, text in defaults.items():
        assert described[key] == text
        assert str(Config.model_fields[key].default) == text.strip("`")


def keys_in_table(heading: str) -> list[str]:
    """The keys in the first column of the table of operations.md that begins so."""
    table = OPERATIONS.split(f"| {heading} | What it holds |\n| --- | --- |\n")[1].split("\n\n")[0]
    return [key for row in table.splitlines() for key in re.findall(r"`(\w+)`", row.split("|")[1])]


@pytest.mark.parametrize(("heading", "part"), [("Key", SyncReport), ("Key of an audience", AudienceReport)])
def test_operations_has_every_key_of_the_report_once(heading: str, part: type[msgspec.Struct]) -> None:
    assert sorted(keys_in_table(heading)) == sorted(part.__struct_fields__)


@pytest.mark.parametrize("part", [Members, ListCounts, Reconciliation, MatchEstimate])
def test_operations_has_every_key_of_the_report_s_inner_objects(part: type[msgspec.Struct]) -> None:
    (row,) = (
        set(re.findall(r"`(\w+)`", row.split("|")[2]))
        for row in OPERATIONS.splitlines()
        if row.startswith("| `") and f"`{part.__struct_fields__[0]}`" in row.split("|")[2]
    )
    assert row >= set(part.__struct_fields__)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_verb_that_a_document_names_is_one_of_the_makefile(document: Path) -> None:
    verbs = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))

    assert set(re.findall(r"`(?:[A-Z]+=\S+ )?make ([a-z-]+)", document.read_text())) <= verbs


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([a-z_]+/(?:[a-z_]+/)*(?:[a-z_]+\.[a-z]+)?)`", DESIGN))))
def test_a_file_that_the_design_names_is_there(named: str) -> None:
    assert any((ROOT / folder / named).exists() for folder in (".", "destination_pinterest", "pinterest_audiences"))


def test_the_design_shows_the_layers_that_imports_are_held_to() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "one-way")
    picture = next(block for block in DESIGN.split("```") if block.startswith("\n__main__"))

    assert [re.split(r"  +", line)[0] for line in picture.strip().splitlines()] == layers
