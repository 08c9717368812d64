from __future__ import annotations

import pytest

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import ConfigurationError, ConnectorError, InternalError, TransientError
from pinterest_audiences.failures import Failure
from pinterest_audiences.spark.feeding import raise_failure


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("config_error", ConfigurationError),
        ("transient_error", TransientError),
        ("system_error", InternalError),
        ("of another connector", InternalError),
    ],
)
def test_a_failure_is_raised_as_the_error_of_its_kind_and_code(kind: str, error: type[ConnectorError]) -> None:
    with pytest.raises(error) as raised:
        raise_failure(Failure(f"{Code.STORE_BUSY}: Wait.", Code.STORE_BUSY, kind))

    assert raised.value.code is Code.STORE_BUSY
    assert str(raised.value) == f"{Code.STORE_BUSY}: Wait."


def test_a_code_of_another_version_becomes_the_one_for_that() -> None:
    with pytest.raises(InternalError) as raised:
        raise_failure(Failure("NEW-1: New.", "NEW-1", "system_error"))

    assert raised.value.code is Code.CONNECTOR_GAVE_NO_CODE
