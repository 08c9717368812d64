"""Tries the engine's SQL on values that are hard to judge, before it judges the table's.

Engines differ in what they call a letter, an end or a blank, and versions and settings of one engine do as well. Each
run asks for a few dozen made-up values in one query, and goes on only if all are judged as the mapper judges them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from destination_pinterest.config import Config
from destination_pinterest.error_codes import Code
from destination_pinterest.identity.mapping import IdentityColumn, IdentityMapper
from destination_pinterest.identity.rejection import RejectionReason
from pinterest_audiences.difference.judging import BLANK, ODD, judgement_of
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.warehouse import Session
from pinterest_audiences.failures import UsageError

_DIGEST: Final = hashlib.sha256(b"ada@example.com").hexdigest()
_UUID: Final = "f7b3A5c1-8d2e-4f6a-9b0c-1d2e3f4a5b6c"
HARD_VALUES: Final = (
    *("ada@example.com", " Ada.L+shop@Mail.EXAMPLE.com  ", "IDA@EXAMPLE.COM", "ada@example.com\n", "\tada@example.com"),
    *("ada@example.test", "ada@sub.example.LOCAL", "ada@example.com\r", "ada@example.com\nbob@example.com", "'a@b.co"),
    *("ada.@example.com", "ada..l@example.com", ".ada@example.com", "a@b.c", "a@b--c.com", "a@-b.com", "a@b_c.com"),
    *(
        "\u212aim@example.com",
        "\u017fam@example.com",
        "\u0131da@example.com",
        "ida@example.com\u2028",
        "ad\u00e4@b.com",
    ),
    *("\u0130da@example.com", "ada@example.com\u00a0", "\u200bada@example.com", "ada@example.com;bob@example.com"),
    *("a" * 52 + "@example.com", "a" * 51 + "@example.com", "nobody", "", "   ", "\t", "\u00a0", "\x01"),
    *(_DIGEST, _DIGEST.upper(), f" {_DIGEST}", f"{_DIGEST}\n", "0" * 64, hashlib.sha256(b"null").hexdigest(), "a" * 63),
    *("a" * 32, "a" * 40, "0" * 32, _UUID, _UUID.lower(), f"{_UUID}\n", f" {_UUID}", f"{{{_UUID}}}", _UUID[:-1]),
    *("00000000-0000-0000-0000-000000000000", f"{_UUID[:-1]}\uff16", "+4915112345678", "0"),
)


def check_engine(
    session: Session, statements: Statements, identities: Sequence[IdentityColumn], config: Config
) -> None:
    """Tries the identity columns' SQL. Raises: UsageError if the engine judges a value otherwise than the mapper."""
    parameters = {f"v{place}": value for place, value in enumerate(HARD_VALUES)}
    for identity in {(each.identifier, each.format, each.country): each for each in identities}.values():
        found = session.rows(_question(statements, identity, config), **parameters)
        by_place = {int(place): (way, sent) for place, way, sent in found}
        column = IdentityColumn("tried", identity.identifier, identity.format, identity.country)
        map_row = IdentityMapper([column], maid_case=config.advertising_id_case).map
        for place, value in enumerate(HARD_VALUES):
            way, sent = by_place[place]
            mapped = map_row((value,))
            is_nothing = [each.reason for each in mapped.rejections] == [RejectionReason.NO_IDENTITY]
            is_taken = way not in {BLANK, ODD}
            if (is_taken and mapped.identifiers != (sent,)) or (way == BLANK and not is_nothing):
                raise UsageError(
                    Code.DIFFERENCE_JUDGED_OTHERWISE,
                    f"The database judges values of the kind {identity.identifier} otherwise than this program "
                    f"(made-up value {place}). Leave out --difference warehouse, and please report this with the "
                    "database's version.",
                )


def _question(statements: Statements, identity: IdentityColumn, config: Config) -> str:
    dialect = statements.dialect
    column = IdentityColumn("tried", identity.identifier, identity.format, identity.country)
    one = judgement_of(column, config.advertising_id_case, dialect)
    return statements.judged_values(one, dialect.quoted("tried"), len(HARD_VALUES))
