"""Says in SQL what can be said exactly of a column's values: which are blank, and what is sent for which.

A value is one of three: blank, taken (SQL knows what is sent for it), or odd: only Python can judge it. SQL takes fewer
values than it could, never more: whatever it takes, the mapper (destination_pinterest/identity) takes too, and sends
the same for it. Whoever is not plainly so is odd: another alphabet, a mark around an address, a domain that is
reserved, a phone number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from destination_pinterest.identity.digest import HASHES_OF_NOTHING, HEX_DIGITS, ZERO_UUID
from destination_pinterest.identity.email_address import SIMPLE_MAX_CHARACTERS
from destination_pinterest.identity.mapping import IdentityColumn
from destination_pinterest.identity.row_field import TAGS
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat
from pinterest_audiences.difference.dialects import Dialect

SENT_AS_DIGESTS: Final = frozenset(
    {Identifier.EMAIL, Identifier.GAID, Identifier.IDFA, Identifier.MAID, Identifier.PHONE}
)
"""The kinds of identifiers that may be kept in somebody's database: all others are sent as they are given."""

_ADVERTISING_IDS: Final = frozenset({Identifier.GAID, Identifier.IDFA, Identifier.MAID})
_ADDRESS_CHARACTERS: Final = "A-Za-z0-9@._+-"
_ADDRESS: Final = "[A-Za-z0-9_][A-Za-z0-9_+-]*([.][A-Za-z0-9_+-]+)*@([A-Za-z0-9]+(-[A-Za-z0-9]+)*[.])+[A-Za-z]{2,63}"
# Those of email-validator; unit_tests/pinterest_audiences/difference/test_judging.py compares them.
RESERVED_DOMAINS: Final = ("arpa", "invalid", "local", "localhost", "onion", "test")
_RESERVED: Final = f".*[.]({'|'.join(RESERVED_DOMAINS)})"
_UUID: Final = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_UUID_CHARACTERS: Final = "0-9a-fA-F-"
_HEX_CHARACTERS: Final = "0-9a-fA-F"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What SQL says of one column, as expressions.

    Args:
        kind: the kind of identifier.
        is_blank: whether there is no value.
        is_taken: whether SQL knows what is sent.
        sent: what is sent, for a value that is taken.
    """

    kind: Identifier
    is_blank: str
    is_taken: str
    sent: str


def judgement_of(column: IdentityColumn, case: LetterCase, dialect: Dialect) -> Judgement:
    """Returns the judgement of an identity column."""
    name = dialect.quoted(column.column)
    text = dialect.trimmed.format(x=dialect.text.format(x=name))
    is_text = dialect.is_text.format(x=name)
    ways = list(_ways(column, case, dialect, text))
    taken = " OR ".join(f"({condition})" for condition, _ in ways) or "1 = 0"
    cases = " ".join(f"WHEN {condition} THEN {sent}" for condition, sent in ways)
    tag = TAGS.get(column.identifier, "")
    sent = f"CASE {cases} END" if ways else "NULL"
    return Judgement(
        column.identifier,
        f"({name} IS NULL OR ({is_text} AND {dialect.characters.format(x=text)} = 0))",
        f"({name} IS NOT NULL AND {is_text} AND ({taken}))",
        f"CONCAT('{tag}', {sent})" if tag and ways else sent,
    )


def _ways(column: IdentityColumn, case: LetterCase, dialect: Dialect, text: str) -> list[tuple[str, str]]:
    """Returns how a value may be taken: on which condition, and what is sent then."""
    lower = dialect.lower.format(x=text)
    if column.format in HEX_DIGITS:
        return [_digest(dialect, text, lower, HEX_DIGITS[column.format])]
    ways = []
    if column.identifier is Identifier.EMAIL:
        is_short = f"{dialect.characters.format(x=text)} <= {SIMPLE_MAX_CHARACTERS}"
        is_address = _matches(dialect, text, _ADDRESS, _ADDRESS_CHARACTERS)
        is_reserved = _matches(dialect, lower, _RESERVED, _ADDRESS_CHARACTERS)
        ways.append((f"{is_short} AND {is_address} AND NOT ({is_reserved})", dialect.sha256.format(x=lower)))
    elif column.identifier in _ADVERTISING_IDS:
        cased = {LetterCase.LOWER: lower, LetterCase.UPPER: dialect.upper.format(x=text), LetterCase.AS_IS: text}[case]
        is_uuid = _matches(dialect, text, _UUID, _UUID_CHARACTERS)
        ways.append((f"{is_uuid} AND {text} <> '{ZERO_UUID}'", dialect.sha256.format(x=cased)))
    if column.format is ValueFormat.AUTO:
        ways.append(_digest(dialect, text, lower, HEX_DIGITS[ValueFormat.SHA256]))
    return ways


def _digest(dialect: Dialect, text: str, lower: str, digits: int) -> tuple[str, str]:
    nothings = ", ".join(f"'{each}'" for each in sorted(HASHES_OF_NOTHING) if len(each) == digits)
    is_digest = _matches(dialect, text, f"[0-9a-fA-F]{{{digits}}}", _HEX_CHARACTERS)
    return f"{is_digest} AND {lower} NOT IN ({nothings})", lower


def _matches(dialect: Dialect, text: str, pattern: str, characters: str) -> str:
    # Not by format: patterns have braces.
    return dialect.matches.replace("{x}", text).replace("{p}", pattern).replace("{c}", characters)
