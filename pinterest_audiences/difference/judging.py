"""Says in SQL what can be said exactly of a column's values: which are blank, and what is sent for which.

A value is one of three: blank, taken (SQL knows what is sent for it), or odd: only Python can judge it. SQL takes fewer
values than it could, never more: whatever it takes, the mapper (destination_pinterest/identity) takes too, and sends
the same for it. Whoever is not plainly so is odd: another alphabet, a mark around an address, a domain that is
reserved, a phone number.
"""

from __future__ import annotations

from collections.abc import Callable
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


BLANK: Final = "blank"
ODD: Final = "odd"
_PLAIN: Final = "plain"
_DIGEST: Final = "digest"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What SQL says of one column, as expressions, in steps: each is computed once for a value.

    Args:
        kind: the kind of identifier.
        text: of the column: its trimmed text, blank if there is none; null for a value that is no text.
        way: of that text: how it is judged, `blank`, `odd`, or a way to take it.
        sent: of text and way: what is sent.
    """

    kind: Identifier
    text: str
    way: Callable[[str], str]
    sent: Callable[[str, str], str]


def judgement_of(column: IdentityColumn, case: LetterCase, dialect: Dialect) -> Judgement:
    """Returns the judgement of an identity column."""
    name = dialect.quoted(column.column)
    trimmed = dialect.trimmed.format(x=dialect.text.format(x=name))
    tag = TAGS.get(column.identifier, "")

    def way(text: str) -> str:
        cases = " ".join(f"WHEN {condition} THEN '{label}'" for label, condition in _ways(column, dialect, text))
        is_blank = f"{dialect.characters.format(x=text)} = 0"
        return f"CASE WHEN {text} IS NULL THEN '{ODD}' WHEN {is_blank} THEN '{BLANK}' {cases} ELSE '{ODD}' END"

    def sent(text: str, chosen: str) -> str:
        cased = dialect.lower.format(x=text)
        if column.identifier in _ADVERTISING_IDS:
            upper = dialect.upper.format(x=text)
            cased = {LetterCase.LOWER: cased, LetterCase.UPPER: upper, LetterCase.AS_IS: text}[case]
        digest = dialect.lower.format(x=text)
        digest = f"CONCAT('{tag}', {digest})" if tag else digest
        return f"CASE {chosen} WHEN '{_PLAIN}' THEN {dialect.sha256.format(x=cased)} WHEN '{_DIGEST}' THEN {digest} END"

    text = f"CASE WHEN {name} IS NULL THEN '' WHEN {dialect.is_text.format(x=name)} THEN {trimmed} END"
    return Judgement(column.identifier, text, way, sent)


def _ways(column: IdentityColumn, dialect: Dialect, text: str) -> list[tuple[str, str]]:
    """Returns how a text may be taken, and on which condition."""
    if column.format in HEX_DIGITS:
        return [(_DIGEST, _is_digest(dialect, text, HEX_DIGITS[column.format]))]
    ways = []
    if column.identifier is Identifier.EMAIL:
        is_short = f"{dialect.characters.format(x=text)} <= {SIMPLE_MAX_CHARACTERS}"
        is_address = _matches(dialect, text, _ADDRESS, _ADDRESS_CHARACTERS)
        is_reserved = _matches(dialect, dialect.lower.format(x=text), _RESERVED, _ADDRESS_CHARACTERS)
        ways.append((_PLAIN, f"{is_short} AND {is_address} AND NOT ({is_reserved})"))
    elif column.identifier in _ADVERTISING_IDS:
        is_uuid = _matches(dialect, text, _UUID, _UUID_CHARACTERS)
        ways.append((_PLAIN, f"{is_uuid} AND {text} <> '{ZERO_UUID}'"))
    if column.format is ValueFormat.AUTO:
        ways.append((_DIGEST, _is_digest(dialect, text, HEX_DIGITS[ValueFormat.SHA256])))
    return ways


def _is_digest(dialect: Dialect, text: str, digits: int) -> str:
    # As a pattern: DuckDB makes a join of a long IN, for all rows.
    nothings = "|".join(each for each in sorted(HASHES_OF_NOTHING) if len(each) == digits)
    is_nothing = _matches(dialect, dialect.lower.format(x=text), nothings, _HEX_CHARACTERS)
    is_digest = _matches(dialect, text, f"[0-9a-fA-F]{{{digits}}}", _HEX_CHARACTERS)
    is_long = f"{dialect.characters.format(x=text)} = {digits}"
    return f"{is_long} AND {is_digest} AND NOT ({is_nothing})"


def _matches(dialect: Dialect, text: str, pattern: str, characters: str) -> str:
    # Not by format: patterns have braces.
    return dialect.matches.replace("{x}", text).replace("{p}", pattern).replace("{c}", characters)
