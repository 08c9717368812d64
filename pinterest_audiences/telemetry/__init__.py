"""Metrics and traces of runs: by OpenTelemetry's standard environment variables, and as a Prometheus text file."""
