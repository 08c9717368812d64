from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.routing.audience_plan import plan_audiences
from destination_pinterest.routing.plan import plan_streams
from destination_pinterest.wording.plan_text import PlanLine, plan_lines

STORE = {"store_type": "local", "path": "/data", "store_key": "a key that is not used here"}
OVERWRITTEN = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
UPDATED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}


def stream(name: str = "users", *columns: str, **configured: Any) -> dict[str, Any]:
    schema = {"properties": {column: {} for column in ("email", *columns)}}
    return {"stream": {"name": name, "json_schema": schema}, **UPDATED, **configured}


@pytest.fixture
def announced(raw_config: dict[str, Any]) -> Callable[..., list[PlanLine]]:
    def announced(
        *streams: dict[str, Any], shadow_lists: dict[tuple[str, ...], str] | None = None, **settings: Any
    ) -> list[PlanLine]:
        config = read_config({**raw_config, **settings})
        plans = plan_streams(parse_catalog(json.dumps({"streams": streams}).encode()), config)
        return list(plan_lines(plans, plan_audiences(plans, config), config, shadow_lists or {}))

    return announced


Announced = Callable[..., list[PlanLine]]


def test_each_stream_says_where_it_goes_and_by_which_columns(announced: Announced) -> None:
    assert announced(stream("users", "idfa"), stream("orders"), audience_name="people") == [
        (
            "INFO",
            'Stream "users" goes to the audience "people"; identities: email as EMAIL (auto), idfa as IDFA (auto).',
        ),
        ("INFO", 'Stream "orders" goes to the audience "people"; identities: email as EMAIL (auto).'),
    ]


def test_of_several_ad_accounts_the_lines_say_which(announced: Announced) -> None:
    texts = [text for _, text in announced(stream(**OVERWRITTEN), also_in_ad_accounts=["549755885176"])]
    assert texts[0].startswith(
        'Stream "users" goes to the audience "users" in the ad accounts 549755885175, 549755885176; '
    )
    assert [text.partition(" is to be replaced")[0] for text in texts[1:]] == [
        'The audience "users" (ad account 549755885175)',
        'The audience "users" (ad account 549755885176)',
    ]


def test_columns_that_the_first_version_did_not_use_are_named_once(announced: Announced) -> None:
    (_, (level, text)) = announced(stream("users", "Work email", "email_status", "MAID_1"))
    assert level == "INFO"
    assert 'Of the stream "users", version 0.1.0 did not use Work email, MAID_1:' in text
    assert "identity_columns" in text
    assert "--identity" in text


def test_columns_that_the_settings_name_are_no_news(announced: Announced) -> None:
    columns = [{"column": "Work email", "identifier": "EMAIL"}]
    ((_, text),) = announced(stream("users", "Work email", "Email 2"), identity_columns=columns)
    assert text.endswith("identities: Work email as EMAIL (auto).")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (("_AB_CDC_DELETED_AT",), "_AB_CDC_DELETED_AT"),
        (("op", "_AB_CDC_DELETED_AT", "_ab_cdc_deleted_at"), "_AB_CDC_DELETED_AT, _ab_cdc_deleted_at, op"),
    ],
)
def test_the_columns_that_mark_rows_as_deleted_are_named(
    announced: Announced, columns: tuple[str, ...], said: str
) -> None:
    settings = BY_OPERATION if "op" in columns else {}
    ((_, text),) = announced(stream("users", *columns), **settings)
    assert text.endswith(f"; identities: email as EMAIL (auto); deletions: {said}.")


@pytest.mark.parametrize(
    ("mode", "said"), [("removes_if_set", " (any value removes)"), ("adds_if_set", " (any value adds)"), ("column", "")]
)
def test_how_the_operation_column_decides_is_said(announced: Announced, mode: str, said: str) -> None:
    ((_, text),) = announced(stream("users", "left"), operation_column={"mode": mode, "column": "left"})
    assert text.endswith(f"; deletions: left{said}.")


@pytest.mark.parametrize(
    ("column", "mode"), [("DELETED_AT", "removes_if_set"), ("_fivetran_deleted", "column"), ("__op", "column")]
)
def test_a_column_that_says_who_left_and_is_not_used_is_warned_of(announced: Announced, column: str, mode: str) -> None:
    (_, (level, text)) = announced(stream("users", column))
    assert level == "WARN"
    assert f'The stream "users" has the column {column}, which may say who left and is not used' in text
    assert f'{{"mode": "{mode}", "column": "{column}"}}' in text


def test_a_second_column_that_says_who_left_is_warned_of(announced: Announced) -> None:
    (_, (level, text)) = announced(stream("users", "op", "deleted_at", "opted_out"), **BY_OPERATION)
    assert level == "WARN"
    assert "the columns deleted_at, opted_out, which may say who left and are not used: only op decides" in text


@pytest.mark.parametrize("settings", [{"mode": "remove"}, {"operation_column": {"column": "deleted_at"}}])
def test_a_column_that_is_used_or_natural_is_not_warned_of(announced: Announced, settings: dict[str, Any]) -> None:
    assert len(announced(stream("users", "deleted_at"), **settings)) == 1


def test_a_column_of_consent_is_mentioned(announced: Announced) -> None:
    (_, (level, text)) = announced(stream("users", "accepts_marketing"))
    assert level == "INFO"
    assert "accepts_marketing, which may say who consented" in text


def test_a_plain_table_is_told_in_one_line(announced: Announced) -> None:
    assert len(announced(stream("users", "id", "name", "created_at", "status", "cancelled_at", "opt"))) == 1


@pytest.mark.parametrize("more", [{"mode": "remove"}, {"destination_sync_mode": "soft_delete"}])
def test_a_stream_that_takes_people_out_says_so(announced: Announced, more: dict[str, Any]) -> None:
    streams = [stream(**({} if "mode" in more else more))]
    said = announced(*streams, **(more if "mode" in more else {}))
    assert said[0][1].startswith('Stream "users" removes members from the audience "users"')


def test_a_stream_without_the_operation_column_is_warned_of(announced: Announced) -> None:
    said = announced(stream("users", "op"), stream("orders"), **BY_OPERATION)
    (warning,) = [text for level, text in said if level == "WARN"]
    assert 'The stream "orders" has no column "op"' in warning


def test_identity_columns_that_a_stream_lacks_are_warned_of_by_name(announced: Announced) -> None:
    named = [{"column": column, "identifier": "EMAIL"} for column in ("email", "work_email")]
    said = announced(stream("users"), identity_columns=named, allow_missing_columns=True)
    (warning,) = [text for level, text in said if level == "WARN"]
    assert warning == 'The stream "users" lacks identity columns of the settings: "work_email".'


def test_a_replacement_names_the_list_that_it_is_built_in(announced: Announced) -> None:
    (_, (level, text)) = announced(
        stream(**OVERWRITTEN), shadow_lists={("549755885175", "name", "users"): "users [new]"}
    )
    assert level == "INFO"
    assert text.startswith('The audience "users" is to be replaced: the rows go into the customer list "users [new]",')


def test_a_replacement_is_told_before_its_list_has_a_name(announced: Announced) -> None:
    (_, (_, text)) = announced(stream(**OVERWRITTEN))
    assert "the rows go into a new customer list, which replaces" in text


def test_a_table_that_is_only_added_to_is_warned_of_with_the_reason(announced: Announced) -> None:
    (_, (level, text)) = announced(stream(**OVERWRITTEN), mode="additive")
    assert level == "WARN"
    assert "is not replaced but added to, since the setting What the table does (mode) is additive" in text


@pytest.mark.parametrize(
    ("configured", "when"), [(OVERWRITTEN, "is sent, at the end."), (UPDATED, "every 10 minutes and at the end.")]
)
def test_a_remembered_audience_says_when_the_difference_is_sent(
    announced: Announced, configured: dict[str, Any], when: str
) -> None:
    (_, (level, text)) = announced(stream(**configured), membership_store=STORE)
    assert level == "INFO"
    assert text.startswith('The audience "users" uses the membership store')
    assert text.endswith(when)


@pytest.mark.parametrize("mode", ["additive", "remove"])
def test_a_store_that_is_not_used_is_warned_of(announced: Announced, mode: str) -> None:
    said = announced(stream(), membership_store=STORE, mode=mode)
    assert said[-1] == ("WARN", f"The membership store is not used, since What the table does (mode) is {mode}.")
    assert not any("uses the membership store" in text for _, text in said)


CONSENT = {"consent_column": {"column": "consent"}}


def test_the_consent_column_is_named_and_how_long_a_refusal_counts(announced: Announced) -> None:
    first, second = announced(stream("users", "consent"), **CONSENT)
    assert first[1].endswith("identities: email as EMAIL (auto); consent: consent.")
    assert (second[0], "in this sync alone" in second[1]) == ("INFO", True)
    remembered = announced(stream("users", "consent"), **CONSENT, membership_store=STORE)
    assert not any("in this sync alone" in text for _, text in remembered)


def test_a_consent_column_that_is_not_used_is_warned_of(announced: Announced) -> None:
    for settings, why in (({"used_for": "exclusion"}, "exclusion audiences"), ({"mode": "remove"}, "nobody joins")):
        (text,) = (text for level, text in announced(stream(), **CONSENT, **settings) if level == "WARN")
        assert why in text


def test_an_exclusion_audience_that_is_replaced_is_warned_of_how_long_matching_takes(announced: Announced) -> None:
    replaced = stream(**OVERWRITTEN)
    assert [text[:10] for level, text in announced(replaced, used_for="exclusion") if level == "WARN"] == ["Matching a"]
    assert [level for level, _ in announced(replaced, used_for="exclusion", membership_store=STORE)] == ["INFO"] * 2


def test_a_name_that_identifies_somebody_is_warned_of_without_repeating_it(announced: Announced) -> None:
    lines = announced(stream("users", "email"), audience_name="Friends of ada@example.com")
    (warning,) = [text for level, text in lines if level == "WARN" and "identifier of a person" in text]
    assert "ada" not in warning


@pytest.mark.parametrize("name", ["VIP customers 2026-11-27", "Meet us @ the fair", "{stream} (5+ orders)", "90 days"])
def test_ordinary_names_are_not_warned_of(announced: Announced, name: str) -> None:
    assert [text for level, text in announced(stream("users"), audience_name=name) if level == "WARN"] == []
