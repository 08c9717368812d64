from __future__ import annotations

from dataclasses import replace

import pytest

from destination_pinterest.config import read_config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.vocabulary import Identifier
from pinterest_audiences.difference.dialects import DUCKDB, Dialect
from pinterest_audiences.difference.judging import SENT_AS_DIGESTS
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.trust import check_engine
from pinterest_audiences.difference.warehouse import Session
from unit_tests.support.raises import raises

CONFIG = read_config({"credentials": {"auth_method": "access_token", "access_token": "x"}, "ad_account_id": "5"})


def tried(session: Session, dialect: Dialect, kind: Identifier) -> None:
    check_engine(session, Statements(dialect, "pins", "people"), [IdentityColumn("email", kind)], CONFIG)


@pytest.mark.parametrize("kind", sorted(SENT_AS_DIGESTS))
def test_an_engine_that_judges_as_the_mapper_does_is_trusted(session: Session, kind: Identifier) -> None:
    tried(session, DUCKDB, kind)


@pytest.mark.parametrize(
    ("kind", "otherwise"),
    [
        (Identifier.EMAIL, {"matches": "regexp_matches({x}, '^({p})\\s*$')"}),
        (Identifier.EMAIL, {"matches": "regexp_matches({x}, '{p}')"}),
        (Identifier.EMAIL, {"trimmed": "regexp_replace({x}, '^\\s+|\\s+$', '', 'g')", "lower": "{x}"}),
        (Identifier.EMAIL, {"sha256": "md5({x})"}),
        (Identifier.EMAIL, {"characters": "(length({x}) - 1)"}),
        (Identifier.IDFA, {"lower": "{x}"}),
        (Identifier.PHONE, {"lower": "{x}"}),
    ],
)
def test_an_engine_that_judges_otherwise_is_not(session: Session, kind: Identifier, otherwise: dict[str, str]) -> None:
    with raises(Code.DIFFERENCE_JUDGED_OTHERWISE):
        tried(session, replace(DUCKDB, **otherwise), kind)
