from __future__ import annotations

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
) -> Shop:
    return Shop(pinterest, messages, raw_config, clock, tmp_path / "store")
