"""The dashboard and the alert rules ask for metrics and labels that there are, and the page names each metric."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pinterest_audiences.alerts.rules import SignIn
from pinterest_audiences.alerts.settings import AlertSettings
from pinterest_audiences.history.records import RunRecord, observed_by
from pinterest_audiences.telemetry.metrics import METRICS, observation_samples, run_samples, sign_in_samples

ROOT = Path(__file__).parents[3]
DASHBOARD = json.loads((ROOT / "examples" / "grafana" / "pinterest-audiences.json").read_text())
RULES = yaml.safe_load((ROOT / "examples" / "prometheus" / "alerts.yml").read_text())["groups"][0]["rules"]
NAMES = {metric.name for metric in METRICS}
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunRecord(
    "r", None, "n", "A", "1", None, "run", NOON, NOON, 0, None, None, None, "1",
    {"entered": 1, "audience_id": "2", "audience_status": "READY", "audience_size": 3, "match_estimate": {"share": 1}},
)  # fmt: skip
SAMPLES = [*run_samples([RUN]), *observation_samples(observed_by([RUN])), *sign_in_samples([SignIn("main", NOON)])]
LABELS = {name: {key for each in SAMPLES if each.metric.name == name for key, _ in each.labels} for name in NAMES}


def expressions(panels: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for panel in panels:
        for target in panel["targets"]:
            yield target["expr"], target["legendFormat"]


ASKED = [
    *expressions(DASHBOARD["panels"]),
    *((rule["expr"], " ".join(rule["annotations"].values())) for rule in RULES),
]


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\bpinterest_\w+", expression))


@pytest.mark.parametrize(("expression", "shown"), ASKED)
def test_an_expression_asks_for_what_there_is(expression: str, shown: str) -> None:
    asked = metrics_in(expression)
    assert asked
    assert asked <= NAMES
    chosen = re.findall(r"(\w+)=~?\"", expression)
    labels = {*chosen, *re.findall(r"\{\{(\w+)\}\}", shown), *re.findall(r"\$labels\.(\w+)", shown)}
    assert all(labels <= LABELS[name] for name in asked)


def test_variables_of_the_dashboard_ask_for_what_there_is() -> None:
    queries = [each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query"]
    assert queries
    for query in queries:
        (name,) = metrics_in(query)
        assert query.rpartition(", ")[2].rstrip(")") in LABELS[name]


def test_the_dashboard_shows_every_metric_but_moments_that_others_tell() -> None:
    shown = set().union(*(metrics_in(expression) for expression, _ in expressions(DASHBOARD["panels"])))
    assert NAMES - shown == {
        "pinterest_audience_seen_timestamp_seconds",
        "pinterest_audiences_run_timestamp_seconds",
    }


def test_panels_do_not_lie_over_each_other() -> None:
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_page_names_every_metric_and_no_other() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    assert set(re.findall(r"`(pinterest_audiences?_\w+)`", page)) == NAMES


def test_the_page_names_every_setting_of_alerts_with_its_default() -> None:
    page = (ROOT / "docs" / "alerts.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, flags=re.MULTILINE))
    properties = AlertSettings.model_json_schema()["properties"]
    assert set(properties) <= set(rows)
    for name, schema in properties.items():
        assert rows[name] == worded(schema.get("default")), name


def worded(default: Any) -> str:
    if isinstance(default, float):
        return f"`{default:.0%}`"
    return {"True": "`true`", "None": "off", "[]": "those of the variable"}.get(str(default), f"`{default}`")
