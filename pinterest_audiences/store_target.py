"""Reads where a membership store is to be copied to: a folder, or the store of another config file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.environment import expanded
from pinterest_audiences.failures import UsageError


def target_of(to: str, source: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Returns the settings of the other store. Raises: UsageError if there are none, or their key is another."""
    path = Path(to)
    key = source.get("store_key")
    if path.is_dir():
        return {"store_type": "local", "path": str(path.resolve()), "store_key": key}
    if not path.is_file():
        raise UsageError(
            Code.STORE_TARGET_UNUSABLE,
            f"There is no folder or file {to}. Create the folder, or name a config file with the other store.",
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = None
    store = content.get("membership_store") if isinstance(content, dict) else None
    if not isinstance(store, dict):
        raise UsageError(
            Code.STORE_TARGET_UNUSABLE,
            f"The file {to} has no membership_store. Name a folder, or a config file with the other store.",
        )
    target = {"store_key": key, **expanded(store, environment, to)}
    if target["store_key"] != key:
        raise UsageError(
            Code.STORE_TARGET_UNUSABLE,
            f"The store in {to} has another store key, but a copy keeps the key. Copy under the same key, and change "
            "it by `store rekey` afterwards.",
        )
    return target
