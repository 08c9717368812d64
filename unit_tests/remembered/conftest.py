from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from unit_tests.remembered.shop import Shop


@pytest.fixture
def shop(
    pinterest: Any,
    messages: Any,
    raw_config: dict[str, Any],
    clock: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Shop:
    # A tenth of a second for every ledger: what makes guessing slow would make the tests slow.
    monkeypatch.setattr(hashlib, "scrypt", lambda typed, *, salt, **_: hashlib.sha256(typed + salt).digest())
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")
