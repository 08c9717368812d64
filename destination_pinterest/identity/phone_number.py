"""Hashes plain phone numbers: reads them by each country's own rules, writes them as digits, and applies SHA-256.

libphonenumber decides what a number is. What is hashed is its digits with the country code, without the plus, signs or
zeros in front. A number that it does not take for a valid one, or can't judge for want of a country, is refused: the
digest of a wrong number is another person's, or nobody's.

Source: how a number is written before it is hashed is said in Pinterest's documentation of conversions (`ph`), which
    Dagster's component for customer lists quotes (read 2026-11-26); that of customer lists says only that it is hashed.
Doubt: extensions are not mentioned. A number with one is a switchboard's, so it is refused.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import Conversion, looks_hashed
from destination_pinterest.identity.rejection import RejectionReason

_LONGEST: Final = 60
_FEWEST_DIGITS: Final = 7
_SCHEME: Final = re.compile(r"tel:", re.IGNORECASE)
# Digits of any script, and what stands between them: blanks, brackets, dots, slashes, hyphens and marks of direction.
_WRITTEN: Final = re.compile(r"[\d\s+\uff0b().\[\]/\u002d\u00ad\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060~]+")
_PLUSES: Final = ("+", "\uff0b")


def hash_phone_number(default_country: str) -> Conversion:
    """Returns the conversion of plain phone numbers.

    Args:
        default_country: the country whose numbers need no country code, as in ISO 3166-1 (US); "" if there is none.
    """
    # Imported here, since it costs more than all of the rest and few connections have phone numbers.
    from phonenumbers import (  # noqa: PLC0415
        NumberParseException,
        PhoneNumberFormat,
        format_number,
        is_valid_number,
        parse,
    )

    def convert(value: str) -> str | RejectionReason | None:
        text = strip_blanks(value).removeprefix("'")  # A spreadsheet's mark of a text.
        text = _SCHEME.sub("", text, count=1) if _SCHEME.match(text) else text
        if not text:
            return None
        if len(text) > _LONGEST or not _WRITTEN.fullmatch(text):
            return RejectionReason.ALREADY_HASHED if looks_hashed(text) else RejectionReason.INVALID_PHONE
        if not default_country and not text.lstrip("(").startswith(_PLUSES):
            has_digits = sum(map(str.isdigit, text)) >= _FEWEST_DIGITS
            return RejectionReason.PHONE_WITHOUT_COUNTRY if has_digits else RejectionReason.INVALID_PHONE
        try:
            number = parse(text, default_country or None)
        except NumberParseException:  # Its text may have the number in it.
            return RejectionReason.INVALID_PHONE
        if number.extension or not is_valid_number(number):
            return RejectionReason.INVALID_PHONE
        digits = format_number(number, PhoneNumberFormat.E164).lstrip("+0")
        return sha256(digits.encode()).hexdigest()

    return convert


def is_country(code: str) -> bool:
    """Whether a country of that code has phone numbers."""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - see above

    return code in SUPPORTED_REGIONS
