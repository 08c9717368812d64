"""What a probe has learned is a setting; those that nobody has set follow it, and the log says so."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from destination_pinterest.config import PinterestFacts, connection_specification, read_config, with_facts
from destination_pinterest.config.learned import recommended
from destination_pinterest.error_codes import Code
from unit_tests.support.raises import raises

HOST = "api.pinterest.com"


def text(**facts: Any) -> str:
    return PinterestFacts(format=1, asked_on="2026-11-27", host=facts.pop("host", HOST), **facts).as_text()


@pytest.fixture
def raw(raw_config: dict[str, Any]) -> dict[str, Any]:
    del raw_config["access_tier"]
    return raw_config


def test_the_text_of_a_probe_is_taken_by_the_form_and_read_back(raw: dict[str, Any]) -> None:
    written = text(rule_change="refused", request_size=1_900, listings_have_rule=False)
    config = {**raw, "pinterest_facts": written}
    jsonschema.validate(config, connection_specification())
    facts = read_config(config).pinterest_facts
    assert facts is not None
    assert (facts.as_text(), facts.rule_change, facts.listings_have_rule) == (written, "refused", False)
    assert read_config({**raw, "pinterest_facts": json.loads(written)}).pinterest_facts == facts


@pytest.mark.parametrize("nothing", [None, "", "  \n"])
def test_an_empty_text_is_none(raw: dict[str, Any], nothing: str | None) -> None:
    assert read_config({**raw, "pinterest_facts": nothing}).pinterest_facts is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "must be the whole text"),
        ("[]", "must be the whole text"),
        ("refused", "must be the whole text"),
        (text()[:-5], "must be the whole text"),
        ('{"format": 2, "anything": "new"}', "was written by a later version"),
        ('{"format": 1, "host": "x"}', "`pinterest_facts.asked_on`) is missing"),
        ('{"format": 1, "host": "x", "asked_on": "today"}', "`pinterest_facts.asked_on`"),
        (text().replace("}", ',"rule_change":"perhaps"}'), "`pinterest_facts.rule_change`"),
    ],
)
def test_a_text_that_is_none_of_a_probes_is_refused(raw: dict[str, Any], given: str, said: str) -> None:
    with raises(Code.SETTINGS_INVALID) as caught:
        read_config({**raw, "pinterest_facts": given})
    assert said in str(caught.value)


def test_a_size_that_was_not_counted_in_full_lowers_the_default_and_nothing_that_was_set(raw: dict[str, Any]) -> None:
    facts = text(request_size=1_000, request_size_refused=1_900)
    learned = with_facts(read_config({**raw, "pinterest_facts": facts}))
    assert learned.config.batch_size == 1_000
    ((level, said),) = learned.said
    assert level == "INFO"
    assert "(batch_size) is 1,000" in said
    assert "probe of 2026-11-27" in said
    chosen = with_facts(read_config({**raw, "pinterest_facts": facts, "batch_size": 1_500}))
    assert (chosen.config.batch_size, chosen.said) == (1_500, ())


def test_a_size_that_was_counted_in_full_is_recommended_and_changes_nothing_by_itself(raw: dict[str, Any]) -> None:
    config = read_config({**raw, "pinterest_facts": text(request_size=10_000, counters="exact")})
    assert with_facts(config).config.batch_size == 1_900
    assert recommended(config.pinterest_facts) == {"request_growth": "auto"}
    for doubtful in ({"request_size": 10_000, "counters": "late"}, {"request_size": 1_900, "counters": "exact"}, {}):
        assert recommended(read_config({**raw, "pinterest_facts": text(**doubtful)}).pinterest_facts) == {}
    assert recommended(None) == {}


def test_what_was_asked_of_another_host_is_not_used_and_that_is_said(raw: dict[str, Any]) -> None:
    facts = text(host="127.0.0.1:8700", request_size=1_000, request_size_refused=1_900)
    learned = with_facts(read_config({**raw, "pinterest_facts": facts}))
    assert (learned.config.batch_size, learned.config.pinterest_facts) == (1_900, None)
    ((level, said),) = learned.said
    assert (level, "of 127.0.0.1:8700, not of api.pinterest.com" in said) == ("WARN", True)


def test_a_tier_and_a_refused_replacement_are_said(raw: dict[str, Any]) -> None:
    facts = text(access_tier="trial", rule_change="refused")
    said = [line for _, line in with_facts(read_config({**raw, "pinterest_facts": facts})).said]
    assert [line.split(",")[0] for line in said] == [
        "Access tier (access_tier) begins as trial",
        "An audience is not replaced by a list of its own",
    ]
    chosen = {**raw, "pinterest_facts": facts, "access_tier": "standard", "refused_rule_change": "new_audience"}
    assert with_facts(read_config(chosen)).said == ()


def test_without_a_probe_nothing_is_said(raw: dict[str, Any]) -> None:
    config = read_config(raw)
    assert (with_facts(config).config, with_facts(config).said) == (config, ())
