"""Sends metrics and traces where OpenTelemetry's standard environment variables say.

Nothing is instrumented: a run is a span with one for each audience, made of its record once it has ended, and sent in
one request. Without those variables nothing is imported and nothing is sent.

Source: opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables and .../protocol/exporter;
    opentelemetry.io/docs/specs/otel/context/env-carriers (TRACEPARENT, as Airflow and CI systems give it to processes;
    read 2026-11-27).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

from destination_pinterest.foreign_text import cleaned
from pinterest_audiences.history.impersonal import impersonal
from pinterest_audiences.history.records import RunRecord
from pinterest_audiences.telemetry.metrics import Sample

PATIENCE_S: Final = 15.0
_SCOPE: Final = "pinterest_audiences"
_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_OF_SIGNAL: Final = {
    "metrics": ("OTEL_METRICS_EXPORTER", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"),
    "traces": ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
}
_PROTOCOL: Final = "OTEL_EXPORTER_OTLP_PROTOCOL"
_OURS: Final = "http/protobuf"
_TELEMETRY: Final = 'pip install "airbyte-destination-pinterest[cli,telemetry]"'


class TelemetryError(Exception):
    """Metrics or traces could not be sent; its text says why."""


def wanted_signals(environment: Mapping[str, str]) -> frozenset[str]:
    """Returns which of metrics and traces the environment asks for. Raises: TelemetryError if we can't do that."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return frozenset()
    wanted = set()
    for signal, (exporter_name, endpoint, protocol_name) in _OF_SIGNAL.items():
        exporter = environment.get(exporter_name, "").strip().lower()
        if exporter == "none" or not (exporter or environment.get(_ENDPOINT) or environment.get(endpoint)):
            continue
        if exporter not in {"", "otlp"}:
            raise TelemetryError(f"{exporter_name} asks for {cleaned(exporter)!r}, and only otlp and none are there.")
        protocol = environment.get(protocol_name) or environment.get(_PROTOCOL) or _OURS
        if protocol.strip().lower() != _OURS:
            raise TelemetryError(f"{protocol_name} and {_PROTOCOL} can only be {_OURS}.")
        wanted.add(signal)
    return frozenset(wanted)


def send(
    samples: Sequence[Sample],
    records: Sequence[RunRecord],
    environment: Mapping[str, str],
    patience_s: float = PATIENCE_S,
) -> None:
    """Sends what the environment asks for. Raises: TelemetryError."""
    wanted = wanted_signals(environment)
    problems = []
    for signal in sorted(wanted):
        sending = _Sending(signal, samples, records, environment)
        sending.start()
        sending.join(patience_s)
        if sending.problem is not None:
            problems.append(f"{signal}: {sending.problem}")
    if problems:
        raise TelemetryError("; ".join(problems) + ".")


class _Sending(threading.Thread):
    """A daemon: an exporter repeats what fails for longer than anybody waits."""

    def __init__(
        self, signal: str, samples: Sequence[Sample], records: Sequence[RunRecord], environment: Mapping[str, str]
    ) -> None:
        super().__init__(daemon=True)
        self._signal = signal
        self._samples = samples
        self._records = records
        self._environment = environment
        self.problem: str | None = "the collector did not answer in time"

    def run(self) -> None:
        log = logging.getLogger("opentelemetry")  # Its warnings quote addresses.
        log.addHandler(logging.NullHandler())
        log.propagate = False
        try:
            is_taken = (
                _send_metrics(self._samples)
                if self._signal == "metrics"
                else _send_traces(self._records, self._environment)
            )
            self.problem = None if is_taken else "the collector did not take them"
        except ModuleNotFoundError:
            self.problem = f"the packages for it are not installed; run: {_TELEMETRY}"
        except Exception as error:  # noqa: BLE001 - another's, whose text may hold an address or a header
            self.problem = f"the exporter failed ({type(error).__name__})"


def _send_metrics(samples: Sequence[Sample]) -> bool:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult  # noqa: PLC0415

    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=_resource(), shutdown_on_exit=False)
    meter = provider.get_meter(_SCOPE)
    gauges = {each.metric: each.metric for each in samples}
    made = {metric: meter.create_gauge(metric.name, metric.unit, metric.help) for metric in gauges}
    for sample in samples:
        made[sample.metric].set(sample.value, dict(sample.labels))
    data = reader.get_metrics_data()
    exporter = OTLPMetricExporter()
    try:
        return data is None or exporter.export(data) is MetricExportResult.SUCCESS
    finally:
        provider.shutdown()


def _send_traces(records: Sequence[RunRecord], environment: Mapping[str, str]) -> bool:
    if not records:
        return True
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer(_SCOPE)
    carrier = {name: environment[name.upper()] for name in ("traceparent", "tracestate") if name.upper() in environment}
    parent = TraceContextTextMapPropagator().extract(carrier)
    started = min(each.started_at for each in records)
    finished = max(each.finished_at for each in records)
    whole = tracer.start_span(records[0].command, context=parent, start_time=_nanoseconds(started))
    whole.set_attributes({"pinterest.run_id": records[0].run_id, "pinterest.version": records[0].version})
    within = trace.set_span_in_context(whole)
    for record in records:
        span = tracer.start_span(
            f"audience {_text(record.audience)}", context=within, start_time=_nanoseconds(record.started_at)
        )
        span.set_attributes(_attributes(record))
        if not record.succeeded:
            span.set_status(trace.StatusCode.ERROR, record.failure_code)
        span.end(_nanoseconds(record.finished_at))
    failed = sum(not each.succeeded for each in records)
    if failed:
        whole.set_status(trace.StatusCode.ERROR, f"{failed} of {len(records)} failed")
    whole.end(_nanoseconds(finished))
    try:
        return OTLPSpanExporter().export(kept.get_finished_spans()) is SpanExportResult.SUCCESS
    finally:
        provider.shutdown()


def _resource() -> Any:
    """Returns whose telemetry it is: what the standard variables say, else this program's name."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    named = Resource.create()
    if str(named.attributes.get("service.name", "")).startswith("unknown_service"):
        return named.merge(Resource({"service.name": "pinterest-audiences"}))
    return named


def _attributes(record: RunRecord) -> dict[str, str | int | float]:
    figures = {
        f"pinterest.{name}": record.figures[name]
        for name in ("entered", "synced", "pending", "errored", "identifiers_added", "identifiers_removed", "requests")
        if isinstance(record.figures.get(name), int | float)
    }
    texts = {
        "pinterest.project": record.project,
        "pinterest.name": record.name,
        "pinterest.audience": record.audience,
        "pinterest.ad_account_id": record.ad_account_id,
        "pinterest.failure_kind": record.failure_kind,
        "pinterest.failure_code": record.failure_code,
    }
    return {
        **{name: _text(text) for name, text in texts.items() if text},
        "pinterest.exit_code": record.exit_code,
        **figures,
    }


def _text(text: str) -> str:
    """Returns a text as it may leave: names are anybody's words, and half a character can't be sent at all."""
    return cleaned(impersonal(text))


def _nanoseconds(moment: Any) -> int:
    return int(moment.timestamp() * 1_000_000) * 1_000
