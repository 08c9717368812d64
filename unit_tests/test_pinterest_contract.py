"""source_spec/pinterest_v5.yaml says what Pinterest's own description says, and the sandbox answers as both say.

Pinterest's description is not part of this repository. Where it is at hand (PINTEREST_OPENAPI, or beside the checkout),
everything that our contract states is compared with it.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import jsonschema
import pytest
import yaml
from openapi_spec_validator import validate

from pinterest_sandbox.default_world import AD_ACCOUNT_ID
from pinterest_sandbox.in_process import InProcess
from pinterest_sandbox.sandbox import Sandbox
from pinterest_sandbox.settings import Settings
from pinterest_sandbox.storage import Memory

ROOT = Path(__file__).parents[1]
_TEXT = (ROOT / "source_spec" / "pinterest_v5.yaml").read_text(encoding="utf-8")
OURS = yaml.load(_TEXT, Loader=yaml.CSafeLoader)  # as safe as safe_load, in a tenth of its time
THEIR_PATH = Path(
    os.environ.get("PINTEREST_OPENAPI", ROOT.parent / "shared" / "contract" / "pinterest-openapi-5.23.0.json")
)
needs_their_description = pytest.mark.skipif(
    not THEIR_PATH.is_file(), reason=f"Pinterest's description is not at {THEIR_PATH}; PINTEREST_OPENAPI may name it"
)

# Where our contract differs from Pinterest's on purpose, and why.
DELIBERATE = {
    "POST /oauth/token body authorization_code.continuous_refresh: a property that they do not have": (
        "Pinterest's page on authentication tells apps made before 25 September 2025 to send it."
    ),
    "client_credentials clientCredentials: tokenUrl is 'https://api.pinterest.com/v5/oauth/token', theirs "
    "'https://api.pinterest.com/v3/oauth/access_token/'": (
        "Their scheme still names version 3, while their own v5 oauth/token takes grant_type client_credentials."
    ),
}

CONSTRAINTS = ("type", "nullable", "pattern", "maxLength", "minLength", "minimum", "maximum", "default")
Schema = dict[str, Any]


def follow(document: Schema, schema: Schema) -> Schema:
    """What a reference points to."""
    while "$ref" in schema:
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def flatten(document: Schema, schema: Schema) -> Schema:
    """A schema without references and allOf at its top; what it says itself goes before what its parts say."""
    schema = follow(document, schema)
    flat: Schema = {"properties": {}, "required": set()}
    own = {key: value for key, value in schema.items() if key not in {"allOf", "properties", "required"}}
    for part in schema.get("allOf", []):
        of_part = flatten(document, part)
        flat["properties"] |= of_part.pop("properties")
        flat["required"] |= of_part.pop("required")
        if "type" in own:
            of_part.pop("nullable", None)
        flat |= of_part
    flat |= own
    flat["properties"] |= schema.get("properties", {})
    flat["required"] |= set(schema.get("required", []))
    return flat


class Documents(NamedTuple):
    """The two descriptions that are compared."""

    ours: Schema
    theirs: Schema


def is_newer(release: str, than: str) -> bool:
    return [int(part) for part in release.split(".")] > [int(part) for part in than.split(".")]


def as_of(release: str, part: Any) -> Any:
    """Our contract as it was at a release: without what has a newer x-since, and with what x-before says."""
    if isinstance(part, list):
        return [as_of(release, item) for item in part if not is_news(release, item)]
    if not isinstance(part, dict):
        return part
    then = {key: as_of(release, value) for key, value in part.items() if key != "x-before"}
    for until, held in part.get("x-before", {}).items():
        if is_newer(until, release):
            then |= held
    return {key: value for key, value in then.items() if value is not None and not is_news(release, value)}


def is_news(release: str, part: Any) -> bool:
    return isinstance(part, dict) and "x-since" in part and is_newer(part["x-since"], release)


def schema_differences(ours: Schema, theirs: Schema, documents: Documents, where: str) -> Iterator[str]:
    our, their = flatten(documents.ours, ours), flatten(documents.theirs, theirs)
    for constraint in CONSTRAINTS:
        if our.get(constraint) != their.get(constraint):
            yield f"{where}: {constraint} is {our.get(constraint)!r}, theirs {their.get(constraint)!r}"
    if our.get("enum") != their.get("enum"):
        yield f"{where}: enum is {our.get('enum')}, theirs {their.get('enum')}"
    if our["required"] != their["required"]:
        yield f"{where}: required are {sorted(our['required'])}, theirs {sorted(their['required'])}"
    for name, schema in our["properties"].items():
        if name not in their["properties"]:
            yield f"{where}.{name}: a property that they do not have"
        else:
            yield from schema_differences(schema, their["properties"][name], documents, f"{where}.{name}")
    if ("items" in our) != ("items" in their):
        yield f"{where}: items"
    elif "items" in our:
        yield from schema_differences(our["items"], their["items"], documents, f"{where}[]")
    mapping = our.get("discriminator", {}).get("mapping", {})
    for value, reference in mapping.items():
        of_theirs = their["discriminator"]["mapping"][value]
        yield from schema_differences({"$ref": reference}, {"$ref": of_theirs}, documents, f"{where} {value}")


def operation_differences(ours: Schema, theirs: Schema, documents: Documents, where: str) -> Iterator[str]:
    for key in ("operationId", "x-ratelimit-category", "security"):
        if ours[key] != theirs[key]:
            yield f"{where}: {key} is {ours[key]}, theirs {theirs[key]}"
    our_parameters = {(p["in"], p["name"]): p for p in ours.get("parameters", [])}
    followed = [follow(documents.theirs, parameter) for parameter in theirs.get("parameters", [])]
    their_parameters = {(p["in"], p["name"]): p for p in followed}
    if our_parameters.keys() != their_parameters.keys():
        yield f"{where}: parameters are {sorted(our_parameters)}, theirs {sorted(their_parameters)}"
    for key, parameter in our_parameters.items():
        other = their_parameters.get(key, parameter)
        if parameter["required"] != other.get("required", False):
            yield f"{where} {key[1]}: required is {parameter['required']}"
        yield from schema_differences(parameter["schema"], other["schema"], documents, f"{where} {key[1]}")
    if ("requestBody" in ours) != ("requestBody" in theirs):
        yield f"{where}: body"
    elif "requestBody" in ours:
        yield from content_differences(ours["requestBody"], theirs["requestBody"], documents, f"{where} body")
    if ours["responses"].keys() != theirs["responses"].keys():
        yield f"{where}: answers are {list(ours['responses'])}, theirs {list(theirs['responses'])}"
    for status, answer in ours["responses"].items():
        other = theirs["responses"].get(status, answer)
        yield from content_differences(answer, other, documents, f"{where} {status}")


def content_differences(ours: Schema, theirs: Schema, documents: Documents, where: str) -> Iterator[str]:
    if ours["content"].keys() != theirs["content"].keys():
        yield f"{where}: media types are {list(ours['content'])}, theirs {list(theirs['content'])}"
        return
    for media_type, content in ours["content"].items():
        other = theirs["content"][media_type]
        yield from schema_differences(content["schema"], other["schema"], documents, where)


@pytest.fixture(scope="module")
def theirs() -> Schema:
    return dict(json.loads(THEIR_PATH.read_text(encoding="utf-8")))


def flow_differences(theirs: Schema) -> Iterator[str]:
    for name, scheme in OURS["components"]["securitySchemes"].items():
        their_flows = theirs["components"]["securitySchemes"][name].get("flows", {})
        for flow, ours in scheme.get("flows", {}).items():
            for url in ("tokenUrl", "authorizationUrl"):
                if ours.get(url) != their_flows[flow].get(url):
                    yield f"{name} {flow}: {url} is {ours.get(url)!r}, theirs {their_flows[flow].get(url)!r}"
            if not ours["scopes"].keys() <= their_flows[flow]["scopes"].keys():
                yield f"{name} {flow}: a scope that they do not have"


def all_differences(theirs: Schema) -> set[str]:
    documents = Documents(as_of(theirs["info"]["version"], OURS), theirs)
    return set(flow_differences(theirs)) | {
        difference
        for path, item in documents.ours["paths"].items()
        for method, operation in item.items()
        for difference in operation_differences(
            operation, theirs["paths"][path][method], documents, f"{method.upper()} {path}"
        )
    }


def test_our_contract_is_valid_openapi() -> None:
    validate(OURS)


@needs_their_description
def test_our_contract_says_what_pinterests_description_says_but_for_what_is_deliberate(theirs: Schema) -> None:
    assert all_differences(theirs) == set(DELIBERATE)


@needs_their_description
def test_our_contract_has_every_property_of_an_audiences_rule(theirs: Schema) -> None:
    ours = OURS["components"]["schemas"]["AudienceRule"]["properties"]
    assert ours.keys() == theirs["components"]["schemas"]["AudienceRule"]["properties"].keys()
    assert len(ours) == 20


@needs_their_description
def test_our_contract_is_of_their_release_or_a_newer_one_and_of_their_servers(theirs: Schema) -> None:
    assert not is_newer(theirs["info"]["version"], than=OURS["info"]["version"])
    assert OURS["servers"] == theirs["servers"]


def test_what_is_marked_as_newer_is_left_out_of_the_contract_of_an_older_release() -> None:
    request = {
        "required": ["name"],
        "x-before": {"5.28.0": {"required": ["name", "records"], "enum": None}},
        "enum": [],
    }
    document = {"a": request, "b": {"x-since": "5.28.0"}, "c": [{"x-since": "5.9.0"}, {"x-since": "5.28.0"}]}
    then = as_of("5.23.0", document)
    assert then == {"a": {"required": ["name", "records"]}, "c": [{"x-since": "5.9.0"}]}
    now = as_of("5.28.0", document)
    assert (now["a"], now["b"], len(now["c"])) == ({"required": ["name"], "enum": []}, {"x-since": "5.28.0"}, 2)


@needs_their_description
@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (lambda d: d["components"]["schemas"]["UserListType"]["enum"].append("PHONE"), "list_type: enum"),
        (lambda d: d["components"]["schemas"]["CustomerList"]["properties"].pop("status"), "status: a property"),
        (lambda d: d["components"]["schemas"]["CustomerListRequest"]["required"].remove("records"), "required are"),
        (
            lambda d: d["components"]["parameters"]["query_page_size"]["schema"].update(maximum=100),
            "page_size: maximum",
        ),
        (lambda d: d["components"]["parameters"]["path_audience_id"]["schema"].update(pattern="x"), "pattern is"),
        (lambda d: d["components"]["schemas"]["Audience"]["properties"]["size"].pop("nullable"), "nullable is True"),
    ],
)
def test_the_comparison_notices_a_change_of_theirs(
    theirs: Schema, change: Callable[[Schema], object], noticed: str
) -> None:
    changed = json.loads(json.dumps(theirs))
    change(changed)
    news = all_differences(changed) - set(DELIBERATE)
    assert news
    assert all(noticed in difference for difference in news)


def as_json_schema(document: Schema, schema: Schema, *, closed: bool) -> Schema:
    """The JSON Schema for an OpenAPI 3.0 schema. `closed` also refuses properties that it does not name."""
    flat = flatten(document, schema)
    made: Schema = {key: flat[key] for key in CONSTRAINTS if key in flat and key not in {"nullable", "default"}}
    if "enum" in flat:
        made["enum"] = flat["enum"]
    if flat["required"]:
        made["required"] = sorted(flat["required"])
    if flat["properties"]:
        made["properties"] = {
            name: as_json_schema(document, property_, closed=closed) for name, property_ in flat["properties"].items()
        }
        made["additionalProperties"] = not closed
    if "items" in flat:
        made["items"] = as_json_schema(document, flat["items"], closed=closed)
    if flat.get("nullable"):
        return {"anyOf": [made, {"type": "null"}]}
    return made


def answer_schema(document: Schema, method: str, path: str, status: int, answer: Any) -> Schema:
    responses = document["paths"][path][method.lower()]["responses"]
    schema: Schema = responses.get(str(status), responses["default"])["content"]["application/json"]["schema"]
    mapping = follow(document, schema).get("discriminator", {}).get("mapping", {})
    if mapping and "response_type" in answer:
        return {"$ref": mapping[answer["response_type"]]}
    return schema


class Recorder:
    """Plays calls against a sandbox, and keeps each answer with the operation that gave it."""

    def __init__(self, client: InProcess) -> None:
        self._client = client
        self.answers: list[tuple[str, str, int, Any]] = []

    def __call__(self, method: str, path: str, ids: dict[str, str], query: str = "", **request: Any) -> Any:
        reply = self._client.request(method, "/v5" + path.format(**ids) + query, **request)
        answer = reply.json()
        self.answers.append((method, path, reply.status, answer))
        return answer

    def put(self, url: str, body: bytes) -> None:
        parts = urlsplit(url)
        assert self._client.request("PUT", f"{parts.path}?{parts.query}", body=body).status == 200

    def advance(self, seconds: float) -> None:
        assert self._client.request("POST", "/_sandbox/clock", {"advance_s": seconds}).status == 200


async def no_sleep(_: float) -> None:
    return


def new_sandbox(**settings: Any) -> Sandbox:
    return Sandbox(
        Settings(tier="none", matching_delay_s=5, match_rate=1.0, **settings),
        Memory(),
        with_control=True,
        clock=lambda: 1_795_000_000.0,
        sleep=no_sleep,
        chance=random.Random(1),
    )


@pytest.fixture(scope="module")
def answers() -> Iterator[list[tuple[str, str, int, Any]]]:
    with InProcess(new_sandbox()) as client:
        recorder = Recorder(client)
        play_successes(recorder)
        play_refusals(recorder)
        yield recorder.answers


ACCOUNT = "/ad_accounts/{ad_account_id}"
LISTS, AUDIENCES = f"{ACCOUNT}/customer_lists", f"{ACCOUNT}/audiences"
LIST = f"{LISTS}/{{customer_list_id}}"
UPLOAD = f"{LIST}/uploads/{{customer_list_upload_id}}"
BUSINESS = "/businesses/{business_id}/audiences"
SISTER_ACCOUNT, SISTER_BUSINESS = "549755885176", "729090764583391195"


def play_successes(call: Recorder) -> None:
    ids = {"ad_account_id": AD_ACCOUNT_ID, "business_id": "729090764583391194"}
    play_tokens(call)
    call("GET", "/user_account", ids)
    call("GET", "/ad_accounts", ids, "?page_size=1")
    call("GET", ACCOUNT, ids)
    people = ",".join(f"p{number}@example.com" for number in range(150))
    ids["customer_list_id"] = call("POST", LISTS, ids, json={"name": "big", "records": people})["id"]
    call("POST", LISTS, ids, json={"name": "small", "records": "a@example.com", "list_type": "IDFA"})
    call("PATCH", LIST, ids, json={"operation_type": "REMOVE", "records": "p1@example.com"})
    rule = {"customer_list_id": ids["customer_list_id"]}
    body = {"name": "all", "audience_type": "CUSTOMER_LIST", "rule": rule}
    ids["audience_id"] = call("POST", AUDIENCES, ids, json=body)["id"]
    like = {"seed_id": [ids["audience_id"]], "country": "US", "percentage": "5"}
    call("POST", AUDIENCES, ids, json={"name": "like", "audience_type": "ACTALIKE", "rule": like, "description": "d"})
    play_upload(call, ids)
    play_sharing(call, ids)
    for _ in range(2):
        call("GET", LISTS, ids, "?page_size=1&order=ASCENDING")
        call("GET", LIST, ids)
        call("GET", AUDIENCES, ids, "?page_size=1")
        call("GET", f"{AUDIENCES}/{{audience_id}}", ids)
        call("GET", UPLOAD, ids)
        call.advance(5)
    call("PATCH", f"{AUDIENCES}/{{audience_id}}", ids, json={"operation_type": "REMOVE"})


def play_tokens(call: Recorder) -> None:
    headers = {
        "authorization": "Basic MTIzNDU2NzpzYW5kYm94LXNlY3JldA==",
        "content-type": "application/x-www-form-urlencoded",
    }
    asked = {
        "client_id": "1234567",
        "redirect_uri": "http://localhost/",
        "response_type": "code",
        "scope": "ads:read",
        "decision": "allow",
    }
    client = call._client
    consent = client.request(
        "POST", "/oauth/", body=urlencode(asked).encode(), headers={**headers, "authorization": ""}
    )
    code = consent.headers["location"].partition("code=")[2]
    for form in (
        {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/"},
        {"grant_type": "refresh_token", "refresh_token": "pinr_sandbox"},
        {"grant_type": "client_credentials", "scope": "ads:read"},
        {"grant_type": "refresh_token", "refresh_token": "spent"},
    ):
        call("POST", "/oauth/token", {}, body=urlencode(form).encode(), headers=headers, token=None)


def play_upload(call: Recorder, ids: dict[str, str]) -> None:
    made = call("POST", f"{LIST}/uploads", ids, json={"operation": "ADD", "total_parts": 1})
    ids["customer_list_upload_id"] = made["customer_list_upload"]["id"]
    call("GET", UPLOAD, ids)
    call.put(made["s3_multipart_upload_data"]["file_parts"][0]["presigned_url"], b"new@example.com\nNONSENSE")
    call("POST", f"{UPLOAD}/run", ids)


def play_sharing(call: Recorder, ids: dict[str, str]) -> None:
    to_accounts = {"audience_id": ids["audience_id"], "recipient_account_ids": [SISTER_ACCOUNT]}
    to_businesses = {"audience_id": ids["audience_id"], "recipient_business_ids": [SISTER_BUSINESS]}
    for prefix in (AUDIENCES, BUSINESS):
        for operation in ("SHARE", "REVOKE", "SHARE"):
            call("PATCH", f"{prefix}/ad_accounts/shared", ids, json={**to_accounts, "operation_type": operation})
            call("PATCH", f"{prefix}/businesses/shared", ids, json={**to_businesses, "operation_type": operation})
        for kind in ("AD_ACCOUNT", "BUSINESS_ACCOUNT"):
            query = f"?audience_id={ids['audience_id']}&account_type={kind}"
            call("GET", f"{prefix}/shared/accounts", ids, query)
    call("GET", AUDIENCES, {"ad_account_id": SISTER_ACCOUNT}, "?ownership_type=RECEIVED")
    call("GET", BUSINESS, ids)


def play_refusals(call: Recorder) -> None:
    unknown = dict.fromkeys(("customer_list_id", "audience_id", "customer_list_upload_id"), "1")
    for account, business in ((AD_ACCOUNT_ID, "729090764583391194"), ("1", "1"), ("549755885999", "12a")):
        ids = {**unknown, "ad_account_id": account, "business_id": business}
        for path, item in OURS["paths"].items():
            for method in item:
                call(method.upper(), path, ids, "?page_size=0&audience_id=1&account_type=AD_ACCOUNT", json={})
                call(method.upper(), path, ids, "?audience_id=1&account_type=AD_ACCOUNT", token="garbage")
                call(method.upper(), path, ids, "?audience_id=1&account_type=AD_ACCOUNT")


def test_the_answers_played_are_of_every_operation_and_of_many_statuses(
    answers: list[tuple[str, str, int, Any]],
) -> None:
    succeeded = {(method.lower(), path) for method, path, status, _ in answers if status == 200}
    assert succeeded == {(method, path) for path, item in OURS["paths"].items() for method in item}
    assert {status for _, _, status, _ in answers} >= {200, 400, 401, 403, 404}


def test_every_answer_of_the_sandbox_is_what_our_contract_promises_and_nothing_more(
    answers: list[tuple[str, str, int, Any]],
) -> None:
    for method, path, status, answer in answers:
        schema = as_json_schema(OURS, answer_schema(OURS, method, path, status, answer), closed=True)
        jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


@needs_their_description
def test_every_answer_of_the_sandbox_is_what_pinterests_description_promises(
    theirs: Schema, answers: list[tuple[str, str, int, Any]]
) -> None:
    for method, path, status, answer in answers:
        schema = as_json_schema(theirs, answer_schema(theirs, method, path, status, answer), closed=True)
        known = without_news(theirs["info"]["version"], answer)
        jsonschema.validate(known, schema, jsonschema.Draft202012Validator)


def without_news(release: str, answer: Any) -> Any:
    """An answer without the properties that are newer than a release."""
    news = {
        name
        for schema in OURS["components"]["schemas"].values()
        for name, property_ in schema.get("properties", {}).items()
        if is_news(release, property_)
    }
    if isinstance(answer, list):
        return [without_news(release, item) for item in answer]
    if isinstance(answer, dict):
        return {name: without_news(release, value) for name, value in answer.items() if name not in news}
    return answer


def test_the_answers_of_release_5_28_are_what_our_contract_promises() -> None:
    people = [{"email": f"p{number}@example.com", "external_id": str(number)} for number in range(150)]
    ids = {"ad_account_id": AD_ACCOUNT_ID}
    with InProcess(new_sandbox(created_status=201, list_numbers="floats")) as client:
        call = Recorder(client)
        play_tokens(call)
        ids["customer_list_id"] = call("POST", LISTS, ids, json={"name": "x", "records_v2": people, "is_nca": True})[
            "id"
        ]
        call("PATCH", LIST, ids, json={"operation_type": "REMOVE", "records_v2": people[:1]})
        rule = {"customer_list_id": ids["customer_list_id"]}
        body = {"name": "all", "audience_type": "CUSTOMER_LIST", "rule": rule}
        ids["audience_id"] = call("POST", AUDIENCES, ids, json=body)["id"]
        for status in ("ELIGIBLE", "PERSONAS_INITIALIZING", "PERSONAS_INELIGIBLE_SIZE"):
            client.request("PATCH", f"/_sandbox/audiences/{ids['audience_id']}", {"status": status})
            assert call("GET", f"{AUDIENCES}/{{audience_id}}", ids)["status"] == status
        for path in (LISTS, AUDIENCES):
            assert call("GET", path, ids, "?exclude_nca=false")["items"][0]["is_nca"] is True
            assert call("GET", path, ids, "?exclude_nca=true")["items"] == []
    assert {status for *_, status, _ in call.answers} == {200, 201, 401}
    for method, path, status, answer in call.answers:
        schema = as_json_schema(OURS, answer_schema(OURS, method, path, status, answer), closed=True)
        jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)
