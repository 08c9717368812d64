from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest
from airbyte_protocol_dataclasses.models import DestinationCatalog
from serpyco_rs import Serializer

from integration_tests.airbyte_messages import ACCESS_TOKEN, OAUTH, address, config, digests, record, state, stream
from integration_tests.connector_process import Connectors, Outcome
from integration_tests.sandbox_process import AD_ACCOUNT_ID, AUDIENCES, ROOT, RunningSandbox

ROW = {"email": "a@example.com", "gaid": "38400000-8cf0-11bd-b23e-10b96e40000d", "email_md5": "0a" * 16, "idfa": None}


def discover(connectors: Connectors, **settings: Any) -> Outcome:
    settings = config(**{"api_base_url": connectors.api_base_url, **settings})
    return connectors.start("discover", "--config", connectors.given(settings)).finish()


def catalog_of(outcome: Outcome) -> dict[str, Any]:
    """What was printed, which must be one catalog and nothing else."""
    (line,) = outcome.succeeded().lines
    assert set(line.message) == {"type", "destination_catalog"}
    assert line.message["type"] == "DESTINATION_CATALOG"
    catalog: dict[str, Any] = line.message["destination_catalog"]
    return catalog


def objects(catalog: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(operation["object_name"] for operation in catalog["operations"]))


def pointed_at(name: str, chosen: str, *columns: str, mode: str = "append_dedup") -> dict[str, Any]:
    """A stream as the platform configures it: with the fields of the object, and the matching key as primary key."""
    return {**stream(name, *columns, destination_sync_mode=mode), "destination_object_name": chosen}


def object_of(outcome: Outcome, audience_id: str) -> str:
    (name,) = [name for name in objects(catalog_of(outcome)) if name.endswith(f"/{audience_id})")]
    return name


def rename(sandbox: RunningSandbox, audience_id: str, name: str) -> None:
    reply = sandbox.call("PATCH", f"{AUDIENCES}/{audience_id}", {"operation_type": "UPDATE", "name": name})
    assert reply.status_code == 200, reply.text


def test_the_catalog_of_the_repository_is_what_is_printed(connector: Connectors, sandbox: RunningSandbox) -> None:
    for name in ("VIP customers", "Newsletter (2026)"):
        sandbox.new_audience(name, sandbox.new_list())
    sandbox.new_visitor_audience("Visitors")
    declared = json.loads((ROOT / "source_spec" / "destination_catalog.json").read_text())
    assert catalog_of(discover(connector)) == declared


def test_the_audiences_of_every_page_are_objects_that_the_protocol_and_rows_fit(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    list_id = sandbox.new_list()
    with ThreadPoolExecutor(4) as side_by_side:
        ids = list(side_by_side.map(lambda number: sandbox.new_audience(f"A{number}", list_id), range(260)))
    sandbox.forget_requests()
    outcome = discover(connector)
    catalog = catalog_of(outcome)
    assert ACCESS_TOKEN.encode() not in outcome.lines[0].raw
    names = {f"A{number} ({AD_ACCOUNT_ID}/{audience_id})" for number, audience_id in enumerate(ids)}
    assert set(objects(catalog)) == {"pinterest_audience", *names}
    assert len(sandbox.seen()) == 2  # pages of 250

    read = Serializer(DestinationCatalog).load(catalog)
    assert Serializer(DestinationCatalog).dump(read) == catalog
    assert len({(operation.object_name, operation.sync_mode) for operation in read.operations}) == 261 * 3
    for operation in catalog["operations"][:6]:
        jsonschema.Draft7Validator.check_schema(operation["json_schema"])
        jsonschema.Draft7Validator(operation["json_schema"]).validate(ROW)
        assert {len(key) for key in operation["matching_keys"]} == {1}


# What is wrong, and the words that say so.
FAILURES: dict[str, tuple[Callable[[RunningSandbox], dict[str, Any]], str]] = {
    "garbage token": (
        lambda _: {"credentials": {"auth_method": "access_token", "access_token": "pina_garbage"}},
        "Make a new one",
    ),
    "unknown ad account": (lambda _: {"ad_account_id": "1"}, "no such ad account"),
    "settings": (lambda _: {"ad_account_id": "VIP"}, "up to 18 digits"),
}


@pytest.fixture(scope="module")
def failed(shared_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """All that fail, a few at a time, since most of their time goes into starting."""
    shared_sandbox.reset()
    connectors = Connectors(tmp_path_factory.mktemp("discovers"), shared_sandbox.api_base_url)
    settings = [prepare(shared_sandbox) for prepare, _ in FAILURES.values()]
    started = [
        connectors.start("discover", "--config", connectors.given(config(connectors.api_base_url, **each)))
        for each in settings
    ]
    yield dict(zip(FAILURES, [each.finish() for each in started], strict=True))
    connectors.stop()


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_says_what_to_change_and_shows_no_secret(failed: dict[str, Outcome], name: str) -> None:
    outcome = failed[name]
    assert outcome.error["failure_type"] == "config_error"
    assert FAILURES[name][1] in outcome.error["message"]
    assert outcome.of_type("DESTINATION_CATALOG") == outcome.controls == []
    said = b"".join(line.raw for line in outcome.lines)
    for secret in ("pina_", "pinr_sandbox", "sandbox-secret"):
        assert secret.encode() not in said


def test_a_sign_in_is_never_renewed_and_so_never_lost(connector: Connectors, sandbox: RunningSandbox) -> None:
    """Not renewed before a check; after it the kept access token is used; and the refresh token still works then."""
    assert "Test the destination once" in discover(connector, credentials=OAUTH).error["message"]
    (kept,) = connector.check(credentials=OAUTH).succeeded().controls
    sandbox.forget_requests()
    outcome = discover(connector, **kept)
    assert objects(catalog_of(outcome)) == ["pinterest_audience"]
    assert {request["endpoint"] for request in sandbox.seen()} == {"audiences/list"}
    secrets = [value for key, value in kept["credentials"].items() if key != "auth_method" and value]
    assert [secret for secret in secrets if str(secret).encode() in outcome.lines[0].raw] == []

    sandbox.end_token(kept["credentials"]["access_token"], "revoke")
    assert "Test the destination once" in discover(connector, **kept).error["message"]
    assert len(connector.check(**kept).succeeded().controls) == 1


def test_the_help_names_discover(connector: Connectors) -> None:
    helped = connector.start("--help")
    helped.process.wait(60)
    helped.stop()
    assert helped.process.returncode == 0
    assert b"discover" in b"".join(line.raw for line in helped.lines)


# --- what was chosen is written to ------------------------------------------------------------------------------------


def test_a_stream_writes_to_its_object_though_the_audience_was_renamed_and_has_a_namesake(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    list_id = sandbox.new_list("z@example.com", "VIP")
    audience_id = sandbox.new_audience("VIP", list_id)
    chosen = object_of(discover(connector), audience_id)
    rename(sandbox, audience_id, "VIP 2027")
    namesake = sandbox.new_list("n@example.com", "namesake")
    sandbox.new_audience("VIP", namesake)

    sync = connector.write(
        pointed_at("users", chosen, "email"), identity_columns=[{"column": "contact", "identifier": "EMAIL"}]
    )
    outcome = sync.feed(record("users", email="a@example.com"), state(1, "users")).finish().succeeded()

    assert outcome.state_ids == [1]
    assert sandbox.members(list_id) == digests("a@example.com") | {"z@example.com"}
    assert len(sandbox.members(namesake)) == 1
    assert outcome.audience("VIP 2027")["audience_id"] == audience_id
    assert len(sandbox.audiences()) == 2


def test_streams_that_insert_and_delete_share_an_object_in_order(
    connector: Connectors, sandbox: RunningSandbox
) -> None:
    list_id = sandbox.new_list()
    chosen = f"VIP ({AD_ACCOUNT_ID}/{sandbox.new_audience('VIP', list_id)})"
    streams = [
        pointed_at("users", chosen, "email", "_ab_cdc_deleted_at"),
        pointed_at("gone", chosen, "email", mode="soft_delete"),
    ]
    sync = connector.write(*streams)
    sync.feed(*(record("users", email=address(number)) for number in range(6)))
    sync.feed(*(record("gone", email=address(number)) for number in (0, 1, 9)))
    sync.feed(record("users", email=address(1)), record("users", email=address(2), _ab_cdc_deleted_at="2026-11-22"))
    outcome = sync.feed(state(1, "users"), state(2, "gone")).finish().succeeded()

    assert outcome.state_ids == [1, 2]
    assert sandbox.members(list_id) - {"a@example.com"} == digests(*(address(number) for number in (1, 3, 4, 5)))
    assert [each["destinationStats"]["recordCount"] for each in outcome.states] == [8.0, 3.0]


def test_a_new_audience_goes_by_the_name_of_the_settings(connector: Connectors, sandbox: RunningSandbox) -> None:
    sync = connector.write(pointed_at("users", "pinterest_audience", "email"), audience_name="VIP {stream}")
    sync.feed(record("users", email="a@example.com")).finish().succeeded()
    assert sandbox.members_of("VIP users") == digests("a@example.com")


def test_objects_that_can_not_be_written_to_say_why(connector: Connectors, sandbox: RunningSandbox) -> None:
    list_id = sandbox.new_list()
    chosen = f"VIP ({AD_ACCOUNT_ID}/{sandbox.new_audience('VIP', list_id)})"
    visitors = f"Visitors ({AD_ACCOUNT_ID}/{sandbox.new_visitor_audience('Visitors')})"
    gone_id = sandbox.new_audience("Gone", sandbox.new_list())
    assert sandbox.call("PATCH", f"{AUDIENCES}/{gone_id}", {"operation_type": "REMOVE"}).status_code == 200
    before = sandbox.members(list_id)
    by_name = stream("VIP", "email", destination_sync_mode="append")
    refused = {
        "of the type VISITOR": [pointed_at("users", visitors, "email")],
        "is not in the ad account any more": [pointed_at("users", f"Gone ({AD_ACCOUNT_ID}/{gone_id})", "email")],
        "one destination object for both": [pointed_at("users", chosen, "email"), by_name],
    }
    row = record("users", email="a@example.com")
    syncs = {words: connector.write(*streams).feed(row) for words, streams in refused.items()}
    for words, sync in syncs.items():
        error = sync.finish().error
        assert error["failure_type"] == "config_error"
        assert words in error["message"]
    assert sandbox.members(list_id) == before
