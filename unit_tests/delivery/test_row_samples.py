from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.delivery.row_samples import RowSamples
from destination_pinterest.identity.column_sample import SAMPLE_ROWS
from destination_pinterest.protocol.catalog import ConfiguredStream, StreamKey
from destination_pinterest.routing.plan import plan_streams

USERS = StreamKey(None, "users")


def line(**row: Any) -> bytes:
    return json.dumps({"type": "RECORD", "record": {"stream": "users", "emitted_at": 1, "data": row}}).encode()


@pytest.fixture
def logged() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def samples(raw_config: dict[str, Any], logged: list[tuple[str, str]]) -> Callable[..., RowSamples]:
    def make(*columns: str, **settings: Any) -> RowSamples:
        config = read_config({**raw_config, **settings})
        streams = [ConfiguredStream(USERS, columns, "full_refresh", "append")]
        return RowSamples(plan_streams(streams, config), config, lambda level, text: logged.append((level, text)))

    return make


Samples = Callable[..., RowSamples]


def test_a_column_that_is_not_used_is_warned_of_once_there_are_enough_rows(
    samples: Samples, logged: list[tuple[str, str]]
) -> None:
    taking = samples("email", "Kontakt 1")
    row = line(email="ada@example.com", **{"Kontakt 1": "grace@example.com"})
    assert taking.take(USERS, [row] * (SAMPLE_ROWS - 1))
    assert logged == []
    assert not taking.take(USERS, [row] * 9)
    assert not taking.take(USERS, [row])
    ((level, text),) = logged
    assert level == "WARN"
    assert "not used but may hold identifiers: Kontakt 1 (e-mail addresses, in 500 of the first 500 values)." in text
    assert "--identity email=EMAIL --identity 'Kontakt 1=EMAIL'" in text
    assert "@" not in text


def test_the_end_of_the_input_is_enough(samples: Samples, logged: list[tuple[str, str]]) -> None:
    taking = samples("email")
    taking.take(USERS, [line(email="900150983cd24fb0d6963f7d28e17f72")])
    taking.close()
    ((level, text),) = logged
    assert level == "WARN"
    assert "is used as EMAIL, but its only value can't be used: it may hold MD5 digests." in text
    assert "--identity email=EMAIL:md5" in text


def test_a_column_that_the_settings_leave_out_is_only_mentioned(
    samples: Samples, logged: list[tuple[str, str]]
) -> None:
    taking = samples("email", "login", identity_columns=[{"column": "email", "identifier": "EMAIL"}])
    taking.take(USERS, [line(email="ada@example.com", login="grace@example.com")])
    taking.close()
    assert [level for level, _ in logged] == ["INFO"]


def test_doubtful_marks_are_warned_of(samples: Samples, logged: list[tuple[str, str]]) -> None:
    taking = samples("email", "left", operation_column={"mode": "removes_if_set", "column": "left"})
    taking.take(USERS, [line(email="ada@example.com", left="false"), line(email="grace@example.com", left=None)])
    taking.close()
    ((level, text),) = logged
    assert level == "WARN"
    assert 'The column left of the stream "users" has marks that may stand for none' in text
    assert "in 1 of the first 1 values" in text


def test_an_operation_by_value_has_no_marks(samples: Samples, logged: list[tuple[str, str]]) -> None:
    taking = samples("email", "op", operation_column={"column": "op"})
    taking.take(USERS, [line(email="ada@example.com", op="0")])
    taking.close()
    assert logged == []


@pytest.mark.parametrize(
    "bad", [b"{}", b"nonsense", b'{"record":{"data":[]}}', b'{"record":{"data":{"email":"\\ud83d"}}}']
)
def test_a_line_that_can_not_be_read_in_full_is_left_out(
    samples: Samples, logged: list[tuple[str, str]], bad: bytes
) -> None:
    taking = samples("email")
    assert taking.take(USERS, [bad, line(email="ada@example.com")])
    taking.close()
    assert logged == []


def test_columns_are_found_under_their_names_in_pyairbytes_cache(
    samples: Samples, logged: list[tuple[str, str]]
) -> None:
    taking = samples("email", "Login-Name")
    taking.take(USERS, [line(email="ada@example.com", login_name="grace@example.com")])
    taking.close()
    assert len(logged) == 1


def test_a_stream_whose_schema_names_no_columns_is_not_looked_at(
    samples: Samples, logged: list[tuple[str, str]]
) -> None:
    taking = samples(identity_columns=[{"column": "email", "identifier": "EMAIL"}])
    assert not taking.take(USERS, [line(email="nobody")])
    taking.close()
    assert logged == []
