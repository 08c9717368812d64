from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from unit_tests.membership.shop import Shop


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where private folders are made."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def shop(tmp_path: Path, private: Path) -> Iterator[Shop]:
    (tmp_path / "store").mkdir()
    shop = Shop(tmp_path / "store")
    yield shop
    for ledger in shop.opened:
        ledger.close()
