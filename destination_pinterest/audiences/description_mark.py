"""The mark in an audience's description: what one sync leaves to the next at Pinterest.

Without a membership store, that is what the rows are compared with; with one, only which state the store is in.

A description is the user's text, then one mark, as in `VIPs of the shop [dp1:w12000,E1000,G400]`. People may write
around the mark, and may delete it, which only makes what it said unknown. The text is read afresh before each write, so
that nobody's words are lost, and nothing is written if the mark would say the same.

    dp1                          the version of this form; marks of another version are left alone
    w12000,E1000,G400            a whole pass: rows, then the kinds of identifiers with their share of rows in per mille
    i150,E900                    an increment, likewise
    m11800,11000,12000,0415,260101   identifiers, people, Pinterest's records (or -), the end of the customer list's id,
                                 and the date of the count
    x                            the audience is for exclusion: its members must not be advertised to
    t0a1b2c3d                    a digest of the user's text as the connector wrote it; see description_text.py
    r261127                      the date on which Pinterest refused `records_v2`; older versions keep it as it is
    q10000                       so many identifiers fitted into one request, as its counters have proven; see growth.py
    e17,0a1b2c3d                 the epoch and the name of the membership store's ledger; it is written once the store
                                 has that epoch safely, so it may be behind, but is never ahead of the newest store

Parts are separated by semicolons, and unknown ones are kept if there is room. No column, value or name is in it.

Source: Pinterest OpenAPI 5.23.0, AudienceDescription (read 2026-11-27): a text that audiences/create and
audiences/update take. Doubt: no limit to its length is documented; a refusal is a warning.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from msgspec.structs import replace

from destination_pinterest.audiences.drift import IdentityFill
from destination_pinterest.audiences.remembered import NOTHING, KnownMembers, Remembered, StoreEpoch
from destination_pinterest.vocabulary import Identifier

_LONGEST: Final = 400
MARK: Final = re.compile(rf" ?\[dp(?P<version>[0-9]+):(?P<parts>[^\[\]\r\n]{{0,{_LONGEST}}})\]")
_VERSION: Final = "1"
# What stood around a mark that was taken out may be one itself.
_MARKS_IN_MARKS: Final = 100
_LETTERS: Final = {
    Identifier.EMAIL: "E",
    Identifier.GAID: "G",
    Identifier.IDFA: "I",
    Identifier.MAID: "M",
    Identifier.LR_ID: "L",
    Identifier.DLX_ID: "D",
    Identifier.HASHED_PINNER_ID: "P",
    Identifier.PHONE: "T",
    Identifier.EXTERNAL_ID: "X",
    Identifier.LIVERAMP_ENVELOPE: "V",
}
_KINDS: Final = {letter: kind for kind, letter in _LETTERS.items()}
_FILL: Final = re.compile(r"[wi](?P<rows>[0-9]{1,15})(?P<shares>(?:,[A-Z][0-9]{1,4})*)")
_MEMBERS: Final = re.compile(
    r"m(?P<identifiers>[0-9]{1,15}),(?P<people>[0-9]{1,15}),(?P<records>[0-9]{1,15}|-),(?P<tail>[0-9]{1,4}),"
    r"(?P<day>[0-9]{6})"
)
_STORE: Final = re.compile(r"e(?P<epoch>[0-9]{1,15}),(?P<ledger>[0-9a-f]{8})")
_TEXT: Final = re.compile(r"t[0-9a-f]{8}")
_REFUSED: Final = re.compile(r"r[0-9]{6}")
_REQUEST: Final = re.compile(r"q[1-9][0-9]{0,5}")
_DAY: Final = "%y%m%d"
# A part that earlier versions keep without knowing it.
_EXCLUSION: Final = "x"
# What only the connector writes: this mark of any version, or that of a name (stored_names.py).
_OURS: Final = re.compile(r"\[dp(?:[0-9]+|-name[0-9]+):")


def read_mark(description: str | None) -> Remembered:
    """Returns what the mark in a description says, wherever it stands; nothing if there is none that can be read."""
    for found in MARK.finditer(description or ""):
        if found["version"] == _VERSION:
            return decode(found["parts"])
    return NOTHING


def is_marked(description: str | None) -> bool:
    """Whether the connector has written into a description."""
    return _OURS.search(description or "") is not None


def is_for_exclusion(description: str | None) -> bool:
    """Whether a mark says that an audience is there to exclude people. Pinterest itself does not know."""
    return _EXCLUSION in read_mark(description).others


def for_exclusion(remembered: Remembered) -> Remembered:
    """Returns what a mark is to say of an audience that is there to exclude people."""
    return replace(remembered, others=tuple(dict.fromkeys((*remembered.others, _EXCLUSION))))


def with_mark(description: str | None, remembered: Remembered) -> str:
    """Returns the description with the user's text as it is and one mark behind it.

    A mark of a later version is left alone, and no other is added: that version's connector reads it.
    """
    text = description or ""
    if has_later_mark(text):
        return text
    for _ in range(_MARKS_IN_MARKS):
        if not MARK.search(text):
            break
        text = MARK.sub("", text).rstrip(" ")
    parts = encode(remembered)
    if len(parts) > _LONGEST:  # it would not be found again, and another one be added each time
        parts = encode(replace(remembered, others=()))
    if not parts:
        return text
    return f"{text}{' ' if text else ''}[dp{_VERSION}:{parts}]"


def has_later_mark(description: str) -> bool:
    """Whether a description has a mark of another version."""
    return any(found["version"] != _VERSION for found in MARK.finditer(description))


def encode(remembered: Remembered) -> str:
    """Returns what is remembered as a short text, rounded; empty if it is nothing."""
    parts = []
    if remembered.whole is not None:
        parts.append(f"w{_fill_text(remembered.whole)}")
    if remembered.increment is not None:
        parts.append(f"i{_fill_text(remembered.increment)}")
    if remembered.members is not None:
        known = remembered.members
        records = "-" if known.records is None else known.records
        day = known.counted_on.strftime(_DAY)
        parts.append(f"m{known.identifiers},{known.people},{records},{known.list_tail},{day}")
    if remembered.store is not None:
        parts.append(f"e{remembered.store.epoch},{remembered.store.ledger}")
    if remembered.text is not None:
        parts.append(f"t{remembered.text}")
    if remembered.rows_refused_on is not None:
        parts.append(f"r{remembered.rows_refused_on.strftime(_DAY)}")
    if remembered.request_size is not None:
        parts.append(f"q{remembered.request_size}")
    return ";".join([*parts, *remembered.others])


def decode(text: str) -> Remembered:
    """Reads what `encode` wrote. A part that can't be read is unknown."""
    whole = increment = members = store = text_digest = refused_on = request_size = None
    others = []
    for part in text.split(";"):
        if part.startswith("w"):
            whole = _fill(part)
        elif part.startswith("i"):
            increment = _fill(part)
        elif part.startswith("m"):
            members = _members(part)
        elif part.startswith("e"):
            store = _store(part)
        elif _TEXT.fullmatch(part):
            text_digest = part[1:]
        elif _REFUSED.fullmatch(part):
            refused_on = _date(part[1:])
        elif _REQUEST.fullmatch(part):
            request_size = int(part[1:])
        elif part:
            others.append(part)
    return Remembered(whole, increment, members, store, text_digest, tuple(others), refused_on, request_size)


def _fill_text(fill: IdentityFill) -> str:
    shares = (
        f",{_LETTERS[kind]}{max(1, round(share * 1000))}"
        for kind, share in sorted(fill.shares.items())
        if share and kind in _LETTERS
    )
    return f"{_two_digits(fill.rows)}{''.join(shares)}"


def _two_digits(number: int) -> int:
    return round(number, 2 - len(str(number)))


def _fill(part: str) -> IdentityFill | None:
    found = _FILL.fullmatch(part)
    if found is None:
        return None
    shares = {}
    for share in found["shares"].split(",")[1:]:
        if share[0] in _KINDS:
            shares[_KINDS[share[0]]] = int(share[1:]) / 1000
    return IdentityFill(int(found["rows"]), shares)


def _members(part: str) -> KnownMembers | None:
    found = _MEMBERS.fullmatch(part)
    if found is None:
        return None
    records = None if found["records"] == "-" else int(found["records"])
    day = _date(found["day"])
    if day is None:
        return None
    return KnownMembers(int(found["identifiers"]), int(found["people"]), records, found["tail"], day)


def _store(part: str) -> StoreEpoch | None:
    found = _STORE.fullmatch(part)
    return None if found is None else StoreEpoch(int(found["epoch"]), found["ledger"])


def _date(text: str) -> date | None:
    try:
        return datetime.strptime(text, _DAY).replace(tzinfo=UTC).date()
    except ValueError:
        return None
