from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from pinterest_audiences.alerts.durations import duration_text
from pinterest_audiences.alerts.settings import AlertSettings

SECRET = "json://user:very-secret@example.com"


def test_a_url_is_never_shown() -> None:
    settings = AlertSettings.model_validate({"notify": SECRET})
    assert settings.addresses == (SECRET,)
    assert "very-secret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_a_refusal_does_not_quote_what_was_written() -> None:
    with pytest.raises(ValidationError) as caught:
        AlertSettings.model_validate({"notify": [SECRET, {"url": SECRET}], "stale_after": SECRET})
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("26h", timedelta(hours=26)),
        ("90m", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2W", timedelta(weeks=2)),
        (26, timedelta(hours=26)),
        ("1.5 h", timedelta(minutes=90)),
        (None, None),
    ],
)
def test_a_duration_is_written_with_its_unit(written: object, meant: timedelta | None) -> None:
    assert AlertSettings.model_validate({"stale_after": written}).stale_after == meant


@pytest.mark.parametrize("written", ["", "soon", "-3h", "0h", "3 parsecs", True, "1e9"])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        AlertSettings.model_validate({"stale_after": written})


@pytest.mark.parametrize(("written", "meant"), [("5%", 0.05), (0.05, 0.05), ("0.05", 0.05), ("100 %", 1)])
def test_a_share_may_be_a_percentage(written: object, meant: float) -> None:
    assert AlertSettings.model_validate({"size_drop": written}).size_drop == meant


@pytest.mark.parametrize("written", [0, 1.5, "150%", "5 percent", "%", "nan"])
def test_what_is_no_share_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        AlertSettings.model_validate({"size_drop": written})


def test_a_misspelled_condition_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        AlertSettings.model_validate({"sise_drop": 0.3})


def test_an_audience_changes_only_what_it_says() -> None:
    general = AlertSettings.model_validate({"notify": [SECRET], "size_drop": 0.5, "stale_after": "26h"})
    own = AlertSettings.model_validate({"size_drop": None, "stale_after": "8d"})
    merged = general.overlaid(own)
    assert (merged.addresses, merged.size_drop, merged.stale_after) == ((SECRET,), None, timedelta(days=8))
    assert general.overlaid(None) is general


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        ({"notify": ["${SLACK}"], "size_drop": "30%", "stale_after": "26h"}, True),
        ({"notify": "${SLACK}", "size_drop": None, "sign_in_days": 7}, True),
        ({"sise_drop": 1}, False),
        ({"stale_after": [1]}, False),
    ],
)
def test_the_schema_for_editors_says_the_same(content: dict[str, Any], fits: bool) -> None:
    schema = AlertSettings.model_json_schema()
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(content) is fits
    assert schema["properties"]["drop_window"]["default"] == "7d"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(hours=26), "26 hours"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=49), "2 days"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=5), "5 seconds"),
    ],
)
def test_a_duration_is_worded(length: timedelta, text: str) -> None:
    assert duration_text(length) == text
