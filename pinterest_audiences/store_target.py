"""Reads where a membership store is to be copied to: a folder, or the store of another config file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_pinterest.error_codes import Code
from pinterest_audiences.config_file import read_settings
from pinterest_audiences.environment import expanded
from pinterest_audiences.failures import UsageError
from pinterest_audiences.sources.files import as_path, existing_file


def target_of(to: str, source: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Returns the settings of the other store. Raises: UsageError if there are none, or their key is another."""
    path = as_path(to)
    key = source.get("store_key")
    if path.is_dir():
        return {"store_type": "local", "path": str(path.resolve()), "store_key": key}
    if not path.exists():
        raise UsageError(
            Code.STORE_TARGET_UNUSABLE,
            f"There is no folder or file {to}. Create the folder, or name a config file with the other store.",
        )
    store = read_settings(existing_file(to)).get("membership_store")
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
