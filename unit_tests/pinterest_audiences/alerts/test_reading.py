from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from destination_pinterest.error_codes import Code
from pinterest_audiences.alerts.reading import alert_settings
from unit_tests.support.raises import raises


def written(folder: Path, text: str) -> str:
    path = folder / "alerts.yml"
    path.write_text(text)
    return str(path)


def test_nobody_is_alerted_by_default() -> None:
    assert alert_settings(None, {}) is None


def test_the_environment_may_have_several_addresses() -> None:
    settings = alert_settings(None, {"PINTEREST_AUDIENCES_ALERTS": "json://a.example.com\n json://b.example.com"})
    assert settings is not None
    assert settings.addresses == ("json://a.example.com", "json://b.example.com")


def test_a_file_takes_its_addresses_from_variables(tmp_path: Path) -> None:
    path = written(tmp_path, 'alerts:\n  notify: ["${SLACK}"]\n  stale_after: 26h\nmore: 1\n')
    settings = alert_settings(path, {"SLACK": "json://example.com/secret"})
    assert settings is not None
    assert (settings.addresses, settings.stale_after) == (("json://example.com/secret",), timedelta(hours=26))


def test_a_file_without_addresses_goes_to_those_of_the_environment(tmp_path: Path) -> None:
    path = written(tmp_path, "alerts: {size_drop: 50%}\n")
    settings = alert_settings(path, {"PINTEREST_AUDIENCES_ALERTS": "json://example.com"})
    assert settings is not None
    assert (settings.addresses, settings.size_drop) == (("json://example.com",), 0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts:\n  notify: [json://hidden]\n  sise_drop: 1\n", "alerts.sise_drop"),
        ("alerts:\n  stale_after: hidden\n", "alerts.stale_after: not a duration"),
        ("alerts: [hidden]\n", "has no section"),
        ("other: 1\n", "has no section"),
        ("- hidden\n", "has no section"),
        ("alerts: {hidden\n", "is not YAML"),
        ("alerts: !!python/object:os.system hidden\n", "is not YAML"),
        ("\0", "is not YAML"),
        ("", "has no section"),
    ],
)
def test_what_can_not_be_read_is_refused_without_its_values(tmp_path: Path, text: str, said: str) -> None:
    with raises(Code.ALERTS_UNUSABLE, match=said) as caught:
        alert_settings(written(tmp_path, text), {})
    assert "hidden" not in str(caught.value)


def test_a_variable_that_is_not_set_is_named(tmp_path: Path) -> None:
    with raises(Code.ENVIRONMENT_VARIABLE_UNSET, match="SLACK"):
        alert_settings(written(tmp_path, "alerts: {notify: '${SLACK}'}"), {})
