"""What a platform sends a destination: configs, catalogs, records and states, as it writes them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

ACCESS_TOKEN = "pina_sandbox"
OAUTH = {
    "auth_method": "oauth2.0",
    "client_id": "1234567",
    "client_secret": "sandbox-secret",
    "refresh_token": "pinr_sandbox",
}


def config(api_base_url: str, **changes: Any) -> dict[str, Any]:
    """Settings that need no patience: no quota, and rows that wait for a fifth of a second at most."""
    return {
        "credentials": {"auth_method": "access_token", "access_token": ACCESS_TOKEN},
        "ad_account_id": "549755885175",
        "api_base_url": api_base_url,
        "access_tier": "none",
        "flush_seconds": 0.2,
        **changes,
    }


def stream(
    name: str, *columns: str, namespace: str | None = None, destination_sync_mode: str = "append_dedup"
) -> dict[str, Any]:
    return {
        "stream": {
            "name": name,
            "namespace": namespace,
            "json_schema": {"type": "object", "properties": {column: {} for column in columns or ("email",)}},
            "supported_sync_modes": ["full_refresh", "incremental"],
        },
        "sync_mode": "incremental",
        "destination_sync_mode": destination_sync_mode,
        "primary_key": [["email"]],
        "generation_id": 1,
        "minimum_generation_id": 0,
        "sync_id": 1,
    }


def record(stream_name: str, namespace: str | None = None, **data: Any) -> bytes:
    content = {"stream": stream_name, "namespace": namespace, "data": data, "emitted_at": 1_764_000_000_000}
    return line({"type": "RECORD", "record": content, "state": None})


def state(number: int, stream_name: str, namespace: str | None = None, **blob: Any) -> bytes:
    """A state as the orchestrator sends it, with an `id` of its own."""
    descriptor = {"name": stream_name, "namespace": namespace}
    content = {
        "type": "STREAM",
        "stream": {"stream_descriptor": descriptor, "stream_state": blob},
        "sourceStats": {"recordCount": 1.0},
        "id": number,
    }
    return line({"type": "STATE", "record": None, "state": content})


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def address(number: int) -> str:
    return f"person.{number}@example.com"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def digests(*addresses: str) -> set[str]:
    return {sha256(each) for each in addresses}
