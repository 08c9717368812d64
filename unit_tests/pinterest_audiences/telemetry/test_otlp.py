from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.telemetry.metrics import run_samples
from pinterest_audiences.telemetry.otlp import TelemetryError, send, wanted_signals
from unit_tests.support.webhook import Webhook, webhook

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunRecord(
    "r1", None, "vip", "VIP", "1", None, "run", NOON, NOON + timedelta(seconds=90), 0, None, None, None, "1",
    {"entered": 100, "synced": 98},
)  # fmt: skip
LOST = replace(RUN, audience="B", exit_code=1, failure_kind="transient_error", failure_code="PIN-NET-001", figures={})


@pytest.fixture
def collector() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def environment(collector: Webhook, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector.host}",
        "TRACEPARENT": f"00-{'a' * 32}-{'b' * 16}-01",
    }
    for name, value in variables.items():  # The exporters read them themselves.
        monkeypatch.setenv(name, value)
    return variables


def test_metrics_and_traces_arrive_once_each(collector: Webhook, environment: dict[str, str]) -> None:
    send([*run_samples([RUN, LOST])], [RUN, LOST], environment)

    by_path = {posted.path: posted.body for posted in collector.posted}
    assert sorted(posted.path for posted in collector.posted) == ["/v1/metrics", "/v1/traces"]
    metrics = ExportMetricsServiceRequest.FromString(by_path["/v1/metrics"])
    (of_resource,) = metrics.resource_metrics
    assert {"service.name": "pinterest-audiences"}.items() <= {
        each.key: each.value.string_value for each in of_resource.resource.attributes
    }.items()
    named = {metric.name: metric for metric in of_resource.scope_metrics[0].metrics}
    assert [point.as_double for point in named["pinterest_audiences_run_success"].gauge.data_points] == [1, 0]
    spans = ExportTraceServiceRequest.FromString(by_path["/v1/traces"]).resource_spans[0].scope_spans[0].spans
    whole = next(span for span in spans if span.name == "run")
    assert {span.name for span in spans} == {"run", "audience VIP", "audience B"}
    assert {span.trace_id for span in spans} == {bytes.fromhex("a" * 32)}
    assert whole.parent_span_id == bytes.fromhex("b" * 16)
    assert whole.end_time_unix_nano - whole.start_time_unix_nano == 90 * 10**9


def test_a_collector_that_refuses_is_told(collector: Webhook, environment: dict[str, str]) -> None:
    collector.status = 400
    with pytest.raises(TelemetryError, match="metrics: the collector did not take them; traces: the collector"):
        send([*run_samples([RUN])], [RUN], environment)


def test_a_collector_that_hangs_is_given_up(collector: Webhook, environment: dict[str, str]) -> None:
    collector.delay_s = 1.0
    with pytest.raises(TelemetryError, match="did not answer in time"):
        send([*run_samples([RUN])], [RUN], {**environment, "OTEL_TRACES_EXPORTER": "none"}, patience_s=0.2)


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, set()),
        ({"OTEL_SERVICE_NAME": "x"}, set()),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, {"metrics", "traces"}),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c"}, {"traces"}),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, {"metrics"}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, {"metrics"}),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "true"}, set()),
    ],
)
def test_the_standard_variables_say_what_is_sent(environment: dict[str, str], wanted: set[str]) -> None:
    assert wanted_signals(environment) == wanted


@pytest.mark.parametrize(
    "environment",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_METRICS_EXPORTER": "prometheus"},
    ],
)
def test_what_is_not_there_is_said_and_not_ignored(environment: dict[str, str]) -> None:
    with pytest.raises(TelemetryError, match="OTEL_"):
        wanted_signals(environment)


def test_names_with_half_a_character_or_an_address_arrive_without_it(
    collector: Webhook, environment: dict[str, str]
) -> None:
    odd = replace(RUN, audience="V\ud800IP of ada@example.com", name="\udfffvip", project="ada@example.com")
    send([*run_samples([odd])], [odd], environment)
    assert sorted(posted.path for posted in collector.posted) == ["/v1/metrics", "/v1/traces"]
    for posted in collector.posted:
        assert b"VIP of" in posted.body
        assert b"ada@example.com" not in posted.body
