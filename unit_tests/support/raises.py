"""Expects an error of the connector by its code, as programs and the page know it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConnectorError


@contextmanager
def raises(code: Code, match: str | None = None) -> Iterator[pytest.ExceptionInfo[ConnectorError]]:
    """As `pytest.raises`, where an error of this code is raised. `match` is looked for in what the user reads."""
    with pytest.raises(ConnectorError, match=match) as caught:
        yield caught
    assert caught.value.code is code, str(caught.value)
    assert caught.value.failure_kind == code.failure_kind
