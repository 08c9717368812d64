from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest
import yaml

from destination_pinterest.error_codes import Code
from destination_pinterest.identity.recognition import recognise_columns
from pinterest_audiences.project import init_command
from pinterest_audiences.project.init_command import Proposal, asked, file_text
from pinterest_audiences.project.schemas import SCHEMAS
from unit_tests.support.raises import raises


def arguments(folder: Path, **more: Any) -> argparse.Namespace:
    given = {"source": "shop.duckdb", "file": str(folder / "audiences.yml"), "profile": None, "config": None}
    return argparse.Namespace(**{**given, "yes": True, "json": True, **more})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.execute("CREATE TABLE customers (id INT, email TEXT, phone TEXT)")
        database.execute("CREATE TABLE orders (id INT, total INT)")
        database.execute("CREATE SCHEMA crm; CREATE TABLE crm.leads (email_sha256 TEXT)")
    return tmp_path


def test_tables_with_identity_columns_become_audiences(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init_command.run(arguments(shop, profile="main")) == 0
    assert json.loads(capsys.readouterr().out)["audiences"] == ["customers", "crm.leads"]
    content = yaml.safe_load((shop / "audiences.yml").read_text())
    jsonschema.Draft202012Validator(SCHEMAS["file"]()).validate(content)
    assert content["profile"] == "main"
    assert content["audiences"]["customers"]["identities"] == {"email": "EMAIL"}
    assert content["audiences"]["crm.leads"]["table"] == "crm.leads"
    assert (shop / ".pinterest-audiences" / "audiences.schema.json").exists()
    with raises(Code.INIT_IMPOSSIBLE, match="exists"):
        init_command.run(arguments(shop))


def test_a_column_that_only_its_values_tell_is_proposed_and_said_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "crm.csv").write_text("no,contact,note\n1,ada@example.com,x\n2,grace@example.com,y\n")
    file = str(tmp_path / "crm.yml")
    assert init_command.run(arguments(tmp_path, source="crm.csv", file=file, json=False)) == 0
    assert yaml.safe_load(Path(file).read_text())["audiences"]["crm"]["identities"] == {"contact": "EMAIL"}
    said = capsys.readouterr().out
    assert "crm: no column has a name of an identity, and the values of contact look like one" in said
    assert said.rstrip().endswith(f"pinterest-audiences plan --file {file}")
    assert "ada@" not in said


def test_a_table_without_rows_is_proposed_and_said_aloud(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(shop / "shop.duckdb")) as database:
        database.execute("INSERT INTO customers VALUES (1, 'ada@example.com', NULL)")
    assert init_command.run(arguments(shop, json=False)) == 0
    said = capsys.readouterr().out
    assert "crm.leads: the table has no rows now." in said
    assert "customers: the table" not in said
    other = str(shop / "other.yml")
    assert init_command.run(arguments(shop, file=other)) == 0
    assert json.loads(capsys.readouterr().out)["empty"] == ["crm.leads"]


def test_a_database_without_people_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("a,b\n1,2\n")
    with raises(Code.INIT_IMPOSSIBLE, match="no table with a column that identifies people"):
        init_command.run(arguments(tmp_path, source="shop.csv"))
    assert not (tmp_path / "audiences.yml").exists()


def test_questions_choose_names_and_whether_people_may_leave() -> None:
    proposals = [Proposal(name, name, name, recognise_columns(["email"])) for name in ("customers", "logins")]
    answers = iter(["yes", "VIP customers", "no", "no"])
    (chosen,) = asked(proposals, lambda _question, _otherwise: next(answers))
    assert (chosen.name, chosen.audience, chosen.mode) == ("customers", "VIP customers", "add")


def test_a_password_is_not_written(tmp_path: Path) -> None:
    proposal = Proposal("a", "a", "a", recognise_columns(["email"]))
    text = file_text(arguments(tmp_path, source="postgresql://u:hunter2@h/d"), [proposal])
    assert "hunter2" not in text
    assert yaml.safe_load(text)["source"] == "${AUDIENCES_SOURCE}"
    kept = file_text(arguments(tmp_path, source="postgresql://u:${PASSWORD}@h/d"), [proposal])
    assert yaml.safe_load(kept)["source"] == "postgresql://u:${PASSWORD}@h/d"
