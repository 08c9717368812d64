"""A person who has never seen the connector fills its form, and every rule that Airbyte has for forms is kept."""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest

from destination_pinterest.config import Config, read_config
from destination_pinterest.routing.destination_object import NEW_AUDIENCE
from destination_pinterest.specification import connector_specification
from unit_tests.platform.connection_form import (
    Block,
    Card,
    FormError,
    build_form,
    cards,
    every_block,
    initial_values,
    missing,
)

SCHEMA: Mapping[str, Any] = connector_specification()["connectionSpecification"]
FORM = build_form(SCHEMA)
BLOCKS = [block for block in every_block(FORM) if block is not FORM]
# An option of a choice has a title and a description, but no place of its own; a constant is never drawn.
OPTIONS = {id(option) for block in BLOCKS for option in block.options}
PLACES = [block for block in BLOCKS if id(block) not in OPTIONS]
FIELDS = [block for block in PLACES if not block.is_constant]
CHOICES = [block for block in BLOCKS if block.kind == "choice"]
KEYWORDS_THE_FORM_IGNORES = {"anyOf", "allOf", "not", "if", "$ref", "patternProperties"}
# What a person has to type, and the words of its description that lead there.
WHERE_TO_FIND = {
    "credentials.client_id": "under My apps at developers.pinterest.com",
    "credentials.client_secret": "under My apps at developers.pinterest.com",
    "credentials.refresh_token": "Filled in by signing in",
    "credentials.access_token": "My apps at developers.pinterest.com, your app, Generate access token",
    "ad_account_id": "in Pinterest Ads Manager, the number after /advertiser/ in the address bar",
    "identity_columns.column": "name in the stream",
    "identity_columns.identifier": "What the column has",
    "operation_column.column": "name in the stream",
    "consent_column.column": "every stream must have",
    "membership_store.path": "a mounted volume or a disk",
    "membership_store.store_key": "A secret of your own",
    "membership_store.s3_bucket_name": "as the storage shows it",
    "membership_store.s3_bucket_region": "The region of the bucket",
    "membership_store.bucket_path": "The folder in the bucket",
    "suppression_store.path": "a mounted volume or a disk",
    "suppression_store.store_key": "A secret of your own",
    "suppression_store.s3_bucket_name": "as the storage shows it",
    "suppression_store.s3_bucket_region": "The region of the bucket",
    "suppression_store.bucket_path": "The folder in the bucket",
    "object_storage_config.s3_bucket_name": "as the storage shows it",
    "object_storage_config.s3_bucket_region": "The region of the bucket",
    "object_storage_config.bucket_path": "The folder in the bucket",
}


def name(block: Block) -> str:
    return ".".join(block.path)


def ids(blocks: list[Block]) -> list[str]:
    return [name(block) for block in blocks]


def spec_with(change: Any) -> dict[str, Any]:
    changed = copy.deepcopy(dict(SCHEMA))
    change(changed["properties"])
    return changed


def test_somebody_who_signs_in_has_one_field_to_fill() -> None:
    values = initial_values(FORM)
    auth = connector_specification()["advanced_auth"]["oauth_config_specification"]
    for part in ("complete_oauth_output_specification", "complete_oauth_server_output_specification"):
        for content in auth[part]["properties"].values():
            outer, inner = content["path_in_connector_config"]
            values[outer][inner] = "from the sign-in"

    assert missing(FORM, values) == ["ad_account_id"]

    values["ad_account_id"] = "549755885175"
    assert missing(FORM, values) == []
    jsonschema.validate(values, SCHEMA, cls=jsonschema.Draft7Validator)
    assert read_config(values) == Config.model_validate(
        {"credentials": values["credentials"], "ad_account_id": "549755885175"}
    )


def test_somebody_with_a_token_has_two_fields_to_fill() -> None:
    values = initial_values(FORM)
    (credentials,) = (block for block in FORM.children if block.key == "credentials")
    values["credentials"] = initial_values(credentials.options[1])

    assert missing(FORM, values) == ["credentials.access_token", "ad_account_id"]

    values["credentials"]["access_token"] = "pina_pasted"
    values["ad_account_id"] = "549755885175"
    assert missing(FORM, values) == []
    jsonschema.validate(values, SCHEMA, cls=jsonschema.Draft7Validator)
    assert read_config(values).credentials.auth_method == "access_token"


def test_everything_by_hand_is_asked_for_and_nothing_else() -> None:
    assert missing(FORM, initial_values(FORM)) == [
        "credentials.client_id",
        "credentials.client_secret",
        "credentials.refresh_token",
        "ad_account_id",
    ]


@pytest.mark.parametrize("block", CHOICES, ids=name)
def test_whatever_is_chosen_the_form_asks_only_for_what_it_says_where_to_find(block: Block) -> None:
    for option in block.options:
        assert set(missing(option, initial_values(option))) <= set(WHERE_TO_FIND)


def test_an_object_that_may_be_left_out_would_keep_the_form_from_being_sent() -> None:
    """Why an optional object with something required in it is a choice here."""
    operation_column = SCHEMA["properties"]["operation_column"]["oneOf"][1]
    form = build_form(spec_with(lambda settings: settings.update(operation_column=operation_column)))

    assert "operation_column.column" in missing(form, initial_values(form))


def test_the_cards_show_what_has_to_be_decided_and_fold_the_rest() -> None:
    shown = cards(FORM)

    assert [card.title for card in shown] == [group["title"] for group in SCHEMA["groups"]]
    assert Card("Sign-in", ("credentials",), ()) in shown
    folded = ("used_for", "audience_column", "max_audiences", "also_in_ad_accounts", "ad_account_column")
    assert Card("Ad account and audience", ("ad_account_id", "audience_name"), folded) in shown
    assert (
        Card("Identity mapping to pinterest_audience", ("identity_columns", "operation_column"), ("default_country",))
        in shown
    )
    removal = ("deletes", "max_removal_percent", "allow_empty_audience", "allow_identity_drift", "expire_after_days")
    chosen = ("mode", "membership_store", "consent_column")
    assert Card("Who joins and who leaves", chosen, removal) in shown
    delivery = ("batch_size", "request_growth", "shared_quota", "notify_url")
    assert Card("Delivery", ("access_tier",), delivery) in shown
    assert Card("Rejected rows", ("object_storage_config",), ("max_rejected_percent",)) in shown


def test_what_is_advanced_can_be_left_folded_but_for_objects() -> None:
    (advanced,) = (card for card in cards(FORM) if card.title == "Advanced")

    assert advanced.seen == ("actalike", "share_with", "suppression_store")
    assert {"installation_name", "retry_hours"} <= set(advanced.folded)


def test_the_term_of_the_mapping_is_shown_where_identities_are_mapped() -> None:
    """Adobe's mapping calls the target so, and data activation the object."""
    (group,) = (group for group in SCHEMA["groups"] if group["id"] == SCHEMA["properties"]["identity_columns"]["group"])

    assert NEW_AUDIENCE == "pinterest_audience"
    assert NEW_AUDIENCE in group["title"]
    assert NEW_AUDIENCE in SCHEMA["properties"]["identity_columns"]["description"]


LINKS = re.findall(r'<a href="([^"]*)">[^<]+</a>', str(SCHEMA))


def test_descriptions_lead_to_pinterests_own_pages_by_links_that_are_whole() -> None:
    assert len(LINKS) >= 4
    assert str(SCHEMA).count("<a ") == str(SCHEMA).count("</a>") == len(LINKS)
    assert all(re.match(r"https://(developers|ads|help)\.pinterest\.com\b", link) for link in LINKS)


def test_what_is_hidden_is_what_no_person_has_to_know() -> None:
    hidden = [block for block in BLOCKS if block.is_hidden]

    assert set(ids(hidden)) == {
        "credentials.access_token",
        "credentials.access_token_expires_at",
        "credentials.refresh_token_expires_at",
        "credentials.access_token_mark",
        "credentials.refresh_token_mark",
        "object_storage_config.format",
        "object_storage_config.path_format",
        "object_storage_config.file_name_format",
        "api_base_url",
    }
    assert not [name(block) for block in hidden if block.required]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda settings: settings["credentials"].pop("type"), "no objects"),
        (lambda settings: settings["credentials"]["oneOf"][1]["properties"].pop("auth_method"), "no constant"),
    ],
)
def test_a_form_that_the_web_app_can_not_draw_is_noticed(change: Any, said: str) -> None:
    with pytest.raises(FormError, match=said):
        build_form(spec_with(change))


@pytest.mark.parametrize("block", FIELDS, ids=ids(FIELDS))
def test_a_field_has_a_title_and_a_description_that_is_a_sentence(block: Block) -> None:
    assert re.match(r"[A-Z]", block.schema["title"])
    assert re.match(r"[A-Z].{20,}[.]$", block.schema["description"], re.DOTALL)


@pytest.mark.parametrize("block", [block for block in FIELDS if block.kind == "field"], ids=name)
def test_a_description_says_where_a_value_comes_from_or_what_leaving_it_means(block: Block) -> None:
    description = block.schema["description"]
    if block.required:
        assert WHERE_TO_FIND[name(block)] in description
    elif "default" not in block.schema:
        assert "leave it empty" in description.lower()
    for value in block.schema.get("enum", []):
        assert re.search(rf"\b{re.escape(value)}\b", description), value


def test_nothing_is_said_of_fields_that_are_not_there() -> None:
    assert set(WHERE_TO_FIND) <= {name(block) for block in FIELDS if block.required}


def test_orders_are_numbers_and_different_within_what_is_drawn_together() -> None:
    together: Counter[tuple[Any, ...]] = Counter()
    for parent in every_block(FORM):
        for child in parent.children:
            assert isinstance(child.schema["order"], int), name(child)
            together[id(parent), child.schema.get("group"), child.schema["order"]] += 1

    assert [key for key, count in together.items() if count > 1] == []


def test_groups_are_of_the_top_level_and_each_one_is_known_and_used() -> None:
    used = {block.schema.get("group") for block in FORM.children}
    deeper = [name(block) for block in BLOCKS if len(block.path) > 1 and "group" in block.schema]

    assert used == {group["id"] for group in SCHEMA["groups"]}
    assert deeper == []


@pytest.mark.parametrize("block", CHOICES, ids=ids(CHOICES))
def test_the_options_of_a_choice_are_told_apart_by_one_required_constant(block: Block) -> None:
    constants = []
    for option in block.options:
        (constant,) = (child for child in option.children if child.is_constant)
        assert constant.key == block.chosen_by
        assert constant.schema["type"] == "string"
        assert constant.required
        assert constant.schema.get("default", constant.schema["const"]) == constant.schema["const"]
        assert option.schema["title"]
        assert option.schema["description"]
        constants.append(constant.schema["const"])

    assert len(set(constants)) == len(constants) > 1
    assert len({option.schema["title"] for option in block.options}) == len(constants)
    assert block.schema["type"] == "object"
    assert block.schema.get("display_type", "dropdown") in {"radio", "dropdown"}
    # To the form, a choice's default would be the name of an option; to a JSON Schema it would have to be an object.
    assert "default" not in block.schema


@pytest.mark.parametrize("block", PLACES, ids=ids(PLACES))
def test_nothing_that_has_a_default_is_required(block: Block) -> None:
    assert not (block.required and "default" in block.schema and not block.is_constant)


@pytest.mark.parametrize("block", PLACES, ids=ids(PLACES))
def test_defaults_and_examples_are_such_as_the_form_takes(block: Block) -> None:
    validator = jsonschema.Draft7Validator(block.schema)
    for value in (*block.schema.get("examples", []), *([block.schema["default"]] if "default" in block.schema else [])):
        validator.validate(value)


PATTERNS = [block for block in PLACES if "pattern" in block.schema or "pattern_descriptor" in block.schema]


@pytest.mark.parametrize("block", PATTERNS, ids=ids(PATTERNS))
def test_a_pattern_is_for_the_whole_value_in_words_too_and_means_the_same_in_javascript(block: Block) -> None:
    pattern = block.schema["pattern"]

    assert block.schema["pattern_descriptor"]
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    assert not re.search(r"\(\?(?!:)|\\[AZ]|[*+?}]\+", pattern)


@pytest.mark.parametrize("block", PLACES, ids=ids(PLACES))
def test_only_such_rules_stand_there_as_the_form_itself_checks_before_it_is_sent(block: Block) -> None:
    """The web app knows minimum, maximum, pattern, enum and required; the server refuses the rest later, and curtly."""
    assert not KEYWORDS_THE_FORM_IGNORES & set(block.schema)
    assert not {"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems"} & set(block.schema)


def test_what_is_secret_is_drawn_as_a_secret_and_nothing_else_is() -> None:
    secret = [block for block in PLACES if block.schema.get("airbyte_secret")]

    assert {block.key for block in secret if block.path[0] == "credentials"} == {
        "client_id",
        "client_secret",
        "refresh_token",
        "access_token",
    }
    assert {block.schema["type"] for block in secret} == {"string"}
