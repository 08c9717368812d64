"""The sandbox obeys source_spec/pinterest_v5.yaml: it says the same, and refuses what the contract refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from pinterest_sandbox import contract
from pinterest_sandbox.in_process import Reply
from pinterest_sandbox.operations import OPERATIONS
from unit_tests.sandbox.person import Person

_TEXT = (Path(__file__).parents[2] / "source_spec" / "pinterest_v5.yaml").read_text(encoding="utf-8")
CONTRACT = yaml.load(_TEXT, Loader=yaml.CSafeLoader)  # as safe as safe_load, in a tenth of its time
SCHEMAS = CONTRACT["components"]["schemas"]
BODIES = [
    contract.CustomerListRequest,
    contract.CustomerListUpdateRequest,
    contract.CustomerListUploadCreateRequest,
    contract.AudienceCreateRequest,
    contract.AudienceUpdateRequest,
    contract.AudienceRule,
    contract.EventData,
    contract.LineItem,
    contract.SharedAudience,
    contract.BusinessSharedAudience,
]
LIST, AUDIENCE, UPLOAD = "2542620000001", "2542620000002", "2542620000003"
IDS = {
    "ad_account_id": "549755885175",
    "customer_list_id": LIST,
    "audience_id": AUDIENCE,
    "customer_list_upload_id": UPLOAD,
    "business_id": "729090764583391194",
}
GOOD_BODIES: dict[str, dict[str, Any]] = {
    "CustomerListRequest": {"name": "x", "records": "a@example.com", "list_type": "MAID"},
    "CustomerListUpdateRequest": {"operation_type": "ADD", "records": "a@example.com"},
    "CustomerListUploadCreateRequest": {"operation": "ADD", "total_parts": 1},
    "AudienceCreateRequest": {"name": "x", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": LIST}},
    "AudienceUpdateRequest": {"name": "y", "description": "d", "operation_type": "UPDATE"},
    "SharedAudience": {"audience_id": AUDIENCE, "recipient_account_ids": ["549755885176"], "operation_type": "SHARE"},
    "BusinessSharedAudience": {
        "audience_id": AUDIENCE,
        "recipient_business_ids": ["729090764583391195"],
        "operation_type": "SHARE",
    },
}
GOOD_QUERY = {"audience_id": AUDIENCE, "account_type": "AD_ACCOUNT"}


def declared(operation_id: str) -> tuple[str, str, dict[str, Any]]:
    for path, item in CONTRACT["paths"].items():
        for method, declaration in item.items():
            if declaration["operationId"] == operation_id:
                return method.upper(), path, declaration
    raise AssertionError(operation_id)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    for part in [schema, *schema.get("allOf", [])]:
        if "$ref" in part:
            return {
                **resolved(SCHEMAS[part["$ref"].rpartition("/")[2]]),
                **{k: v for k, v in schema.items() if k != "$ref"},
            }
    return schema


def body_schema(declaration: dict[str, Any]) -> str | None:
    content = declaration.get("requestBody", {}).get("content", {}).get("application/json")
    return content["schema"]["$ref"].rpartition("/")[2] if content else None


def test_the_table_of_operations_is_the_contracts() -> None:
    assert {operation.id for operation in OPERATIONS} == {
        declaration["operationId"] for item in CONTRACT["paths"].values() for declaration in item.values()
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_each_operation_says_what_the_contract_says(operation: Any) -> None:
    method, path, declaration = declared(operation.id)
    assert (operation.method, operation.path) == (method, path)
    assert operation.category == declaration["x-ratelimit-category"]
    query = [parameter for parameter in declaration.get("parameters", []) if parameter["in"] == "query"]
    assert set(operation.query) == {parameter["name"] for parameter in query}
    assert set(operation.required_query) == {parameter["name"] for parameter in query if parameter["required"]}
    ways = {name: scopes for way in declaration["security"] for name, scopes in way.items()}
    assert operation.basic_auth == ("basic" in ways)
    assert operation.client_tokens == ("client_credentials" in ways)
    assert list(operation.scopes) == ways.get("pinterest_oauth2", [])


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_each_body_has_the_contracts_properties_required_ones_enums_and_defaults(kind: type[msgspec.Struct]) -> None:
    ours = msgspec.json.schema(kind)["$defs"][kind.__name__]
    theirs = SCHEMAS[kind.__name__]
    assert set(ours["properties"]) == set(theirs["properties"])
    assert set(ours.get("required", [])) == set(theirs.get("required", []))
    for name, property_ in theirs["properties"].items():
        enum = resolved(property_).get("enum")
        assert sorted(ours["properties"][name].get("enum", [])) == sorted(enum or []), name
        if name in ours["properties"] and "default" in ours["properties"][name]:
            assert ours["properties"][name]["default"] == resolved(property_)["default"]


def test_the_queries_enums_and_bounds_are_the_contracts() -> None:
    for item in CONTRACT["paths"].values():
        for declaration in item.values():
            for parameter in declaration.get("parameters", []):
                schema = resolved(parameter["schema"])
                if parameter["name"] == "page_size":
                    assert (schema["minimum"], schema["maximum"], schema["default"]) == (
                        1,
                        contract.LARGEST_PAGE,
                        contract.DEFAULT_PAGE_SIZE,
                    )
                elif "enum" in schema:
                    assert tuple(schema["enum"]) == contract.QUERY_ENUMS[parameter["name"]]


def bad_values(schema: dict[str, Any]) -> Iterator[Any]:
    """Values that break each constraint of a property."""
    wrong_types = {"string": 5, "integer": "five", "array": "x", "object": "x", "boolean": "x"}
    yield wrong_types[schema["type"]]
    yield None
    if "enum" in schema:
        yield "NONSENSE"
        yield schema["enum"][0].lower()
    if "minimum" in schema:
        yield schema["minimum"] - 1
        yield schema["maximum"] + 1
    if "pattern" in schema:
        yield "12a"
    if schema["type"] == "array":
        yield [5]
        if "pattern" in schema["items"]:
            yield ["12a"]


def bad_bodies() -> Iterator[Any]:
    for operation in OPERATIONS:
        name = body_schema(declared(operation.id)[2])
        if name is None:
            continue
        good = GOOD_BODIES[name]
        schema = SCHEMAS[name]
        for required in schema.get("required", []):
            without = {key: value for key, value in good.items() if key != required}
            yield pytest.param(operation, without, id=f"{operation.id} without {required}")
        for key, property_ in schema["properties"].items():
            for value in bad_values(resolved(property_)):
                yield pytest.param(operation, {**good, key: value}, id=f"{operation.id} {key}={value!r}")
        for body in ([], "text", 5):
            yield pytest.param(operation, body, id=f"{operation.id} body {body!r}")


def prepare(person: Person) -> None:
    assert person.new_list()["id"] == LIST
    assert person.new_audience(LIST)["id"] == AUDIENCE
    path = f"/v5/ad_accounts/549755885175/customer_lists/{LIST}/uploads"
    made = person.call("POST", path, {"operation": "ADD", "total_parts": 1}).json()
    assert made["customer_list_upload"]["id"] == UPLOAD


def send(person: Person, operation: Any, body: Any = None, path: dict[str, str] | None = None, query: str = "") -> Any:
    target = "/v5" + operation.path.format(**{**IDS, **(path or {})})
    return person.call(operation.method, target + query, body)


def good_query(operation: Any, **changes: str) -> str:
    query = {**{name: GOOD_QUERY[name] for name in operation.required_query}, **changes}
    return "?" + "&".join(f"{name}={value}" for name, value in query.items())


def assert_refused(reply: Reply) -> None:
    assert reply.status == 400, reply.body
    assert reply.json()["code"] == 1
    assert set(reply.json()) == {"code", "message"}


@pytest.mark.parametrize(("operation", "body"), list(bad_bodies()))
def test_a_body_that_the_contract_refuses_is_refused_and_changes_nothing(
    person: Person, operation: Any, body: Any
) -> None:
    prepare(person)
    before = msgspec.json.encode([person.world.customer_lists, person.world.audiences, person.world.shares])
    assert_refused(send(person, operation, body))
    after = msgspec.json.encode([person.world.customer_lists, person.world.audiences, person.world.shares])
    assert after == before


# Keys of a rule where Pinterest's examples allow more than its schema says.
WIDER = {"percentage": ["five"], "retention_days": ["five"], "url": [5, [5]], "visitor_source_id": [5, "12a", ["12a"]]}


def bad_rules() -> Iterator[Any]:
    for key, property_ in SCHEMAS["AudienceRule"]["properties"].items():
        for value in [*WIDER.get(key, bad_values(resolved(property_))), None]:
            yield pytest.param({key: value}, id=f"{key}={value!r}")
    for key, property_ in SCHEMAS["EventData"]["properties"].items():
        if key not in {"value", "line_items"}:
            for value in bad_values(resolved(property_)):
                yield pytest.param({"event_data": {key: value}}, id=f"event_data.{key}={value!r}")
    yield pytest.param({"event_data": {"line_items": [{"product_name": 5}]}}, id="event_data.line_items")


@pytest.mark.parametrize("rule", list(bad_rules()))
def test_each_key_of_a_rule_is_held_to_its_type(person: Person, rule: dict[str, Any]) -> None:
    prepare(person)
    path = "/v5/ad_accounts/549755885175/audiences"
    good = {"engagement_domain": ["www.example.com"], "customer_list_id": LIST}
    for kind in ("CUSTOMER_LIST", "VISITOR", "ENGAGEMENT"):
        assert_refused(person.call("POST", path, {"name": "x", "audience_type": kind, "rule": {**good, **rule}}))


@pytest.mark.parametrize(
    "operation", [op for op in OPERATIONS if body_schema(declared(op.id)[2])], ids=lambda operation: operation.id
)
def test_a_body_that_the_contract_allows_is_accepted_and_one_that_is_no_json_is_not(
    person: Person, operation: Any
) -> None:
    prepare(person)
    good = GOOD_BODIES[str(body_schema(declared(operation.id)[2]))]
    assert send(person, operation, {**good, "a_key_of_a_later_version": 1}).status == 200
    target = "/v5" + operation.path.format(**IDS)
    for body in (b"", b"{", b"\xff\xfe", msgspec.json.encode(good)[:-1]):
        assert_refused(person.call(operation.method, target, body=body))


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if "{" in op.path], ids=lambda operation: operation.id)
def test_ids_in_the_path_are_held_to_pattern_and_length(person: Person, operation: Any) -> None:
    prepare(person)
    declaration = declared(operation.id)[2]
    good = GOOD_BODIES.get(str(body_schema(declaration)))
    for parameter in declaration["parameters"]:
        if parameter["in"] != "path":
            continue
        for value in ("12a", "1 2", "-1", "\u0661", "1" * (parameter["schema"]["maxLength"] + 1), ""):
            reply = send(person, operation, good, {parameter["name"]: value}, good_query(operation))
            assert_refused(reply)
        longest = send(
            person, operation, good, {parameter["name"]: "1" * parameter["schema"]["maxLength"]}, good_query(operation)
        )
        assert longest.status in {403, 404}


@pytest.mark.parametrize("operation", [op for op in OPERATIONS if op.query], ids=lambda operation: operation.id)
def test_queries_are_held_to_the_contract(person: Person, operation: Any) -> None:
    prepare(person)
    assert send(person, operation, query=good_query(operation)).status == 200
    for parameter in declared(operation.id)[2]["parameters"]:
        if parameter["in"] != "query":
            continue
        name, schema = parameter["name"], resolved(parameter["schema"])
        bad = {"integer": ["3e", "", "0", "251", "-1", "1.5"], "boolean": ["maybe"]}.get(schema["type"], [])
        if "enum" in schema:
            bad = ["NONSENSE", schema["enum"][0].lower()]
        if "pattern" in schema:
            bad = ["12a", "1" * 19]
        for value in bad:
            assert_refused(send(person, operation, query=good_query(operation, **{name: value})))
        if parameter["required"]:
            without = good_query(operation).replace(name, "other")
            assert_refused(send(person, operation, query=without))


def test_messages_read_as_pinterests_do_and_repeat_the_body(person: Person) -> None:
    prepare(person)
    lists = "/v5/ad_accounts/549755885175/customer_lists"
    pattern = person.call("GET", "/v5/ad_accounts/12a").json()["message"]
    assert pattern == "'ad_account_id' value '12a' must match the pattern: ^\\d+$"
    numeric = person.call("GET", f"{lists}?page_size=3e").json()["message"]
    assert numeric == "Parameter 'page_size' was not numeric (was 3e)"
    body = {"operation_type": "REPLACE", "records": "jane@example.com"}
    echoed = person.call("PATCH", f"{lists}/{LIST}", body).json()["message"]
    assert echoed.startswith(f"Invalid request: {body}")
    assert "REPLACE" in echoed


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_body_of_another_media_type_is_refused(person: Person, media_type: str) -> None:
    prepare(person)
    target = f"/v5/ad_accounts/549755885175/customer_lists/{LIST}"
    body = msgspec.json.encode(GOOD_BODIES["CustomerListUpdateRequest"])
    assert_refused(person.call("PATCH", target, body=body, headers={"content-type": media_type}))
    with_charset = {"content-type": "application/json; charset=utf-8"}
    assert person.call("PATCH", target, body=body, headers=with_charset).status == 200
