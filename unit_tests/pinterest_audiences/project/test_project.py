from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from destination_pinterest.error_codes import Code
from pinterest_audiences.project.file import file_schema
from pinterest_audiences.project.project import Project, read_project
from pinterest_audiences.project.selection import among, selected
from unit_tests.support.raises import raises

Read = Callable[..., Project]

PLAIN = """
profile: main
source: warehouse.duckdb
audiences:
  vip:
    audience: VIP customers
    table: customers
    mode: replace
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.chdir(tmp_path)

    def reads(text: str, environment: Mapping[str, str] | None = None) -> Project:
        path = tmp_path / "audiences.yml"
        path.write_text(text)
        return read_project(path, environment or {})

    return reads


def test_an_audience_becomes_the_sync_that_keeps_it(read: Read) -> None:
    (audience,) = read(PLAIN).audiences
    request = audience.request(variables={"A": "b"})
    assert (request.source, request.table, request.audience) == ("warehouse.duckdb", "customers", "VIP customers")
    assert (request.replace, request.cursor, request.profile) == (True, None, "main")
    assert request.variables == {"A": "b"}


def test_the_difference_is_computed_in_the_warehouse_only_where_that_is_said(read: Read) -> None:
    text = PLAIN + "    difference: warehouse\n    difference_schema: pins\n"
    assert read(text).audiences[0].request(variables={}).difference_schema == "pins"
    assert read(text.replace("warehouse\n", "connector\n")).audiences[0].request(variables={}).difference_schema is None


def test_defaults_hold_unless_an_audience_says_otherwise_and_settings_and_tags_add_up(read: Read) -> None:
    project = read("""
source: a.csv
defaults:
  mode: replace
  tags: [all]
  settings: {batch_size: 500, deletes: keep}
audiences:
  one: {}
  two:
    mode: add
    tags: [nightly]
    settings: {batch_size: 100}
    cursor: updated_at
    lookback: 15m
    primary_key: id
    rejected: true
    ad_account_id: 549755885175
    identities: {mail: EMAIL, hashed: "EMAIL:sha256"}
    file: {delimiter: ";", header: false}
""")
    one, two = project.audiences
    assert one.request(variables={}).overlay() == {"audience_name": "one", "batch_size": 500, "deletes": "keep"}
    assert one.request(variables={}).replace
    request = two.request(variables={})
    assert request.overlay() == {
        "audience_name": "two",
        "batch_size": 100,
        "deletes": "keep",
        "ad_account_id": "549755885175",
        "identity_columns": [
            {"column": "mail", "identifier": "EMAIL", "format": "auto"},
            {"column": "hashed", "identifier": "EMAIL", "format": "sha256"},
        ],
    }
    assert two.entry.tags == ("all", "nightly")
    assert not request.replace
    assert request.primary_key == ("id",)
    assert request.state == Path(".pinterest-audiences/two.state.json")
    assert request.rejected == Path(".pinterest-audiences/two.rejected.jsonl")
    assert (request.text.delimiter, request.text.has_header) == (";", False)


def test_variables_are_filled_in_but_an_address_keeps_its_variables_names(read: Read) -> None:
    text = "source: postgresql://u:${PASSWORD}@h/d\naudiences:\n  a: {audience: '${NAME}', table: t}\n"
    (audience,) = read(text, {"NAME": "VIPs", "PASSWORD": "secret"}).audiences
    assert (audience.audience, audience.source) == ("VIPs", "postgresql://u:${PASSWORD}@h/d")
    with raises(Code.ENVIRONMENT_VARIABLE_UNSET, match="NAME"):
        read(text)


def test_a_source_is_named_or_is_the_only_one(read: Read) -> None:
    two = "sources: {dwh: dwh.duckdb, crm: crm.duckdb}\naudiences:\n  a: {table: t%s}\n"
    assert read(two % ", source: crm").audiences[0].source == "crm.duckdb"
    assert read("sources: {dwh: dwh.duckdb}\naudiences:\n  a: {table: t}\n").audiences[0].source == "dwh.duckdb"
    with raises(Code.PROJECT_INVALID, match="`source` of the audience a is missing; give it one of `sources`"):
        read(two % "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tabel: t", r"line 3: `audiences.a.tabel` is not known"),
        ("mode: swap", r"line 3: `audiences.a.mode` can't be used"),
        ("batch_rows: many", r"line 3: `audiences.a.batch_rows` must be a whole number"),
        ("{table: t, query: SELECT 1}", r"line 3: `query` of the audience a stands beside `table`"),
        ("{mode: replace, cursor: c}", r"line 3: `cursor` of the audience a reads a part of the rows"),
        ("difference: warehouse", r"line 3: `difference` of the audience a needs `difference_schema`"),
        ("{difference: warehouse, difference_schema: s}", r"`difference` of the audience a needs `mode: replace`"),
        ("lookback: 1h", r"`lookback` of the audience a needs `cursor`"),
        ("rejected_values: true", r"`rejected_values` of the audience a needs `rejected`"),
        ("{cursor: c, lookback: soon}", r"audience a: --lookback 'soon' is not a number"),
        ("identities: {email: LETTER}", r"audience a: --identity 'email=LETTER' is not"),
        ("settings: {batch_siz: 5}", r"line 3: `settings.batch_siz` of the audience a is no setting"),
        ("settings: {batch_size: 0}", r"line 3: `settings` of the audience a can't be used: .*`batch_size`"),
        (
            "settings: {audience_name: x}",
            r"`settings.audience_name` of the audience a has no place here; write `audience`",
        ),
        ("settings: {credentials: {access_token: pina_x}}", r"a sign-in belongs into a profile"),
        ("schedule: daily", r"line 3: `audiences.a.schedule` must be a span of time, such as 30s, 15m, 24h or 7d"),
        ("tags: [a b]", r"line 3: `audiences.a.tags.0` can't be a tag; use letters"),
        ("ad_account_id: mine", r"line 3: `audiences.a.ad_account_id` must be an ID, which has digits alone"),
        ("file: {format: docx}", r"line 3: `audiences.a.file.format` must be one of csv"),
        ("alerts: {failure: perhaps}", r"line 3: `audiences.a.alerts.failure` must be true or false"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(read: Read, line: str, said: str) -> None:
    entry = line if line.startswith("{") else f"{{{line}}}"
    with raises(Code.PROJECT_INVALID, match=said):
        read(f"source: a.csv\naudiences:\n  a: {entry}\n")


def test_a_name_that_an_audience_can_t_have_is_said(read: Read) -> None:
    with raises(Code.PROJECT_INVALID, match=r"line 3: `audiences.all of them` can't be a name; use up to 64 letters"):
        read("source: a.csv\naudiences:\n  all of them: {table: t}\n")


def test_no_value_of_the_file_gets_into_an_error(read: Read) -> None:
    with raises(Code.PROJECT_INVALID) as caught:
        read("source: a.csv\naudiences:\n  a: {settings: {batch_size: hunter2}, schedule: '${S}'}\n", {"S": "hunter2"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n", "audiences:\n", "source: a.csv\naudiences: {}\n"])
def test_a_file_without_audiences_is_refused(read: Read, text: str) -> None:
    with raises(Code.PROJECT_INVALID):
        read(text)


def test_a_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    with raises(Code.PROJECT_NOT_FOUND, match="or write one by `init`"):
        read_project(tmp_path / "audiences.yml", {})


def test_two_entries_that_replace_one_audience_are_refused(read: Read) -> None:
    with raises(Code.PROJECT_INVALID, match="replaces the same audience as a"):
        read("source: a.csv\ndefaults: {mode: replace}\naudiences:\n  a: {audience: VIP}\n  b: {audience: vip}\n")


def test_an_audience_is_not_replaced_by_one_entry_and_added_to_by_another(read: Read) -> None:
    for first, second in (("replace", "add"), ("add", "replace")):
        with raises(Code.PROJECT_INVALID, match="one replaces the audience that the other adds to"):
            entries = f"  a: {{audience: VIP, mode: {first}}}\n  b: {{audience: VIP, mode: {second}}}\n"
            read(f"source: a.csv\naudiences:\n{entries}")
    read("source: a.csv\naudiences:\n  a: {audience: VIP}\n  b: {audience: VIP}\n")


def test_no_two_entries_write_their_rejected_rows_into_one_file(read: Read) -> None:
    with raises(Code.PROJECT_INVALID, match="is a file of a too"):
        read("source: a.csv\ndefaults: {rejected: x.jsonl}\naudiences:\n  a: {}\n  b: {}\n")
    with raises(Code.PROJECT_INVALID, match="is a file of a too"):
        read("source: a.csv\naudiences:\n  a: {rejected: x.jsonl}\n  b: {rejected: ./x.jsonl}\n")
    with raises(Code.PROJECT_INVALID, match="is a file of a too"):
        read("source: a.csv\naudiences:\n  a: {cursor: x}\n  b: {rejected: .pinterest-audiences/a.state.json}\n")
    with raises(Code.PROJECT_INVALID, match="is a file of a too"):
        read("source: a.csv\naudiences:\n  a: {cursor: x, rejected: .pinterest-audiences/a.state.json}\n")
    read("source: a.csv\ndefaults: {rejected: true}\naudiences:\n  a: {}\n  b: {}\n")


def test_names_whose_files_some_disks_take_for_one_are_refused(read: Read) -> None:
    with raises(Code.PROJECT_INVALID, match="the names Vip and vip differ in case alone"):
        read("source: a.csv\naudiences:\n  Vip: {}\n  vip: {audience: other}\n")


def test_the_same_audience_in_two_accounts_is_no_contradiction(read: Read) -> None:
    read(
        "source: a.csv\ndefaults: {mode: replace, audience: VIP}\naudiences:\n".replace(", audience: VIP", "")
        + "  a: {audience: VIP, ad_account_id: 1}\n  b: {audience: VIP, ad_account_id: 2}\n"
    )


def manifest(tmp_path: Path, **more: Any) -> None:
    node = {"resource_type": "model", "package_name": "shop", "name": "dim_customers", "schema": "marts"}
    nodes = {
        "model.shop.dim_customers": {**node, "alias": "customers", "relation_name": '"dwh"."marts"."customers"', **more}
    }
    (tmp_path / "target").mkdir(exist_ok=True)
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"nodes": nodes, "sources": {}}))


def test_a_dbt_model_is_read_where_the_manifest_says(read: Read, tmp_path: Path) -> None:
    manifest(tmp_path)
    for name in ("dim_customers", "shop.dim_customers"):
        (audience,) = read(f"source: dwh.duckdb\naudiences:\n  a: {{model: {name}}}\n").audiences
        assert audience.request(variables={}).table == "marts.customers"
        assert audience.relation is not None
        assert audience.relation.name == '"dwh"."marts"."customers"'


def test_a_dbt_model_that_is_no_relation_or_not_there_is_told(read: Read, tmp_path: Path) -> None:
    text = "source: dwh.duckdb\naudiences:\n  a: {model: dim_customers}\n"
    with raises(Code.DBT_MODEL_UNUSABLE, match="can't be read"):
        read(text)
    manifest(tmp_path, relation_name=None)
    with raises(Code.DBT_MODEL_UNUSABLE, match="is built into no table or view"):
        read(text)
    manifest(tmp_path, name="other")
    with raises(Code.DBT_MODEL_UNUSABLE, match="has no model 'dim_customers'"):
        read(text)


def test_of_a_dbt_model_with_versions_the_latest_is_meant_unless_one_is_named(read: Read, tmp_path: Path) -> None:
    node = {"resource_type": "model", "package_name": "shop", "name": "customers", "latest_version": 2}
    nodes = {
        str(number): {**node, "version": number, "alias": f"customers_v{number}", "relation_name": "r"}
        for number in (1, 2, 3)
    }
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"nodes": {**nodes, "odd": {**node, "name": ["x"]}}}))
    for name, table in (("customers", "customers_v2"), ("shop.customers.v3", "customers_v3")):
        (audience,) = read(f"source: dwh.duckdb\naudiences:\n  a: {{model: {name}}}\n").audiences
        assert audience.request(variables={}).table == table
    del nodes["2"]
    (tmp_path / "target" / "manifest.json").write_text(json.dumps({"nodes": nodes}))
    with raises(Code.DBT_MODEL_UNUSABLE, match=r"shop.customers.v1, shop.customers.v3. Name one of them so"):
        read("source: dwh.duckdb\naudiences:\n  a: {model: customers}\n")


def names(audiences: Any) -> list[str]:
    return [audience.name for audience in audiences]


def test_audiences_are_selected_by_name_pattern_and_tag(read: Read) -> None:
    project = read("""
source: a.csv
audiences:
  vip_de: {tags: [nightly]}
  vip_fr: {tags: [nightly], enabled: false}
  all: {}
""")
    assert names(selected(project, [])) == ["vip_de", "all"]
    assert names(selected(project, ["all", "tag:nightly"])) == ["vip_de", "all"]
    assert names(selected(project, ["vip_*"])) == ["vip_de"]
    assert names(selected(project, ["vip_fr"])) == ["vip_fr"]
    assert names(among(project.audiences, {"all"})) == ["all"]
    with raises(Code.SELECTION_EMPTY, match="has the tags nightly"):
        selected(project, ["tag:weekly"])
    with raises(Code.SELECTION_EMPTY, match="has the audiences vip_de, vip_fr, all"):
        selected(project, ["vip"])


def test_a_command_that_would_do_nothing_says_so(read: Read) -> None:
    project = read("source: a.csv\naudiences:\n  vip: {enabled: false, tags: [nightly]}\n")
    with raises(Code.NOTHING_ENABLED, match="All audiences of"):
        selected(project, [])
    for text in ("tag:nightly", "v*"):
        with raises(Code.NOTHING_ENABLED, match="what fits has `enabled: false`"):
            selected(project, [text])
    assert names(selected(project, ["vip"])) == ["vip"]


def test_the_schema_takes_what_the_program_takes_and_knows_the_connectors_settings() -> None:
    validator = jsonschema.Draft202012Validator(file_schema())
    validator.validate(yaml.safe_load(PLAIN))
    wrong = yaml.safe_load(PLAIN)
    wrong["audiences"]["vip"]["settings"] = {"batch_siz": 5}
    assert not validator.is_valid(wrong)
    wrong["audiences"]["vip"]["settings"] = {"batch_size": 500}
    assert validator.is_valid(wrong)


BY_ID = """
source: warehouse.duckdb
audiences:
  vip: {audience: VIP, audience_id: 2680059592705, ad_account_id: 549755885175, table: a, mode: replace}
  old: {audience: VIP, audience_id: 2680059592706, ad_account_id: 549755885175, table: b, mode: replace}
"""


def test_an_audience_may_be_named_by_its_id_and_then_its_name_may_be_another_ones(read: Read) -> None:
    requests = [audience.request(variables={}) for audience in read(BY_ID).audiences]

    assert [each.destination_object for each in requests] == [
        "VIP (549755885175/2680059592705)",
        "VIP (549755885175/2680059592706)",
    ]
    catalog = requests[0].stream_of("a", ["email"], []).catalog()
    assert catalog["streams"][0]["destination_object_name"] == "VIP (549755885175/2680059592705)"


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        (BY_ID.replace("ad_account_id: 549755885175, ", ""), "audience_id"),
        (BY_ID.replace("table: a", "settings: {audience_column: segment}"), "settings.audience_column"),
        (BY_ID.replace("table: a", "settings: {also_in_ad_accounts: ['1']}"), "settings.also_in_ad_accounts"),
    ],
)
def test_an_id_needs_its_account_and_names_one_audience_only(changed: str, key: str, read: Read) -> None:
    with raises(Code.PROJECT_INVALID, match=key):
        read(changed)


@pytest.mark.parametrize(
    "name", ["Friends of ada@example.com", "of ${WHO}", "+49 151 12345678", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"]
)
def test_a_name_that_identifies_somebody_is_refused_and_not_repeated(read: Read, name: str) -> None:
    text = PLAIN.replace("VIP customers", f'"{name}"')
    with raises(Code.STATIC_NAME_IDENTIFIES, match="line 6") as caught:
        read(text, {"WHO": "ada@example.com"})
    assert "ada" not in caught.value.message


def test_an_audience_that_is_already_called_so_is_kept_by_its_id(read: Read) -> None:
    more = '"Friends of ada@example.com"\n    audience_id: "12"\n    ad_account_id: "34"'
    (audience,) = read(PLAIN.replace("VIP customers", more)).audiences
    assert audience.entry.audience_id == "12"
