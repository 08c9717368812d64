"""Hashes plain e-mail addresses: trims, lower-cases and validates them, and applies SHA-256.

The library email-validator decides what an address is. A pattern before it takes the plain ASCII addresses that make up
nearly every list: what the pattern accepts, the library accepts and leaves unchanged.

Dots and plus tags before the @ are never rewritten, for any provider: Pinterest documents no such rule.

Source: Pinterest OpenAPI 5.23.0, CustomerListRequest.records (read 2026-11-22): e-mails must be lower-case.

Doubt: how Pinterest writes an internationalised domain before hashing is not documented. Here it is Punycode (xn--…),
    so that both spellings of an address give the same hash: browsers submit e-mail fields that way, mail servers
    without SMTPUTF8 need it, and many sign-up forms refuse anything else, so an account most likely has that form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from destination_pinterest.identity.blanks import strip_blanks
from destination_pinterest.identity.digest import Conversion, looks_hashed
from destination_pinterest.identity.rejection import RejectionReason

if TYPE_CHECKING:  # It takes as long to load as a tenth of all else, and most tables have simple addresses only.
    from email_validator import ValidatedEmail

# The library's, whose tests hold these to it: its own longest address, and the last labels of reserved names.
EMAIL_MAX_LENGTH: Final = 254
RESERVED_LABELS: Final = ("arpa", "invalid", "local", "localhost", "onion", "test")

# Up to here no part of an address can break the limits of its own (64 before the @, 63 a label), and a SHA-256
# digest, which has 64 characters, does not get as far as the pattern.
SIMPLE_MAX_CHARACTERS = 63

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]++"
# One hyphen at a time excludes xn-- and the like; the reserved names are the library's, by their last label. Every
# quantifier is possessive: nothing is tried twice, so a hostile text takes linear time.
_RESERVED = "|".join(RESERVED_LABELS)
# An apostrophe in front is a spreadsheet's mark of a text.
_SIMPLE = rf"(?!'){_ATOM}(?:\.{_ATOM})*+@(?:[a-z0-9]++[.-])*+(?<=\.)(?!(?:{_RESERVED})(?![a-z]))[a-z]{{2,63}}+"
SIMPLE_EMAIL = re.compile(_SIMPLE)
# One match per line, with the address in its group if it is simple; plain blanks around it are those that occur.
_SIMPLE_LINES = re.compile(rf"^(?:(?!.{{{SIMPLE_MAX_CHARACTERS + 1}}}) *+({_SIMPLE}) *+$|.*+)".encode(), re.MULTILINE)

_MARKS_OF_MORE_THAN_AN_ADDRESS = re.compile(r"""\Amailto:|\A'|["<>()]""", re.DOTALL)


def hash_email(otherwise: Conversion) -> Conversion:
    """Returns the conversion that hashes simple addresses at once and leaves all other texts to `otherwise`."""
    is_simple = SIMPLE_EMAIL.fullmatch

    def convert(value: str) -> str | RejectionReason | None:
        lowered = value.lower()
        if len(lowered) <= SIMPLE_MAX_CHARACTERS and is_simple(lowered):
            return sha256(lowered.encode()).hexdigest()
        return otherwise(value)

    return convert


def hash_simple_emails(values: Sequence[str]) -> list[str | None]:
    """Returns the digests of the simple addresses among `values`, and None for all other values: a BulkConversion.

    Blanks around an address are not part of it. The same as `hash_email` one by one, at three quarters of the cost: one
    search goes through all of them.
    """
    # Lower-casing them together is the same: where the case of a letter depends on its neighbours, a line ends a word.
    lines = "\n".join(values).lower().encode("utf-8", "surrogatepass")
    found = _SIMPLE_LINES.findall(lines)
    if len(found) != len(values):  # one has a line break
        return [None] * len(values)
    return [sha256(email).hexdigest() if email else None for email in found]


def hash_any_email(value: str) -> str | RejectionReason | None:
    """Converts any text that should be a plain address, simple or not."""
    normalised = normalise_email(value)
    if not normalised or isinstance(normalised, RejectionReason):
        return normalised or None
    return sha256(normalised.encode()).hexdigest()


def normalise_email(value: str) -> str | RejectionReason:
    """Returns the address in the form to hash; empty for a blank text; or why it is refused."""
    given = strip_blanks(value)
    text = given.lower()
    if len(text) <= SIMPLE_MAX_CHARACTERS and SIMPLE_EMAIL.fullmatch(text):
        return text
    if len(text) > EMAIL_MAX_LENGTH:
        return RejectionReason.EMAIL_TOO_LONG
    if "\ufffd" in text:
        return RejectionReason.INVALID_EMAIL  # It replaces letters that were lost before they reached the warehouse.
    if "@" not in text:
        return text and (RejectionReason.ALREADY_HASHED if looks_hashed(given) else RejectionReason.INVALID_EMAIL)
    try:
        address = _validate(text)
    except ValueError:  # the library's own error is one; so are those of Unicode and IDNA beneath it
        return _reason_to_refuse(text)
    return f"{address.local_part}@{address.ascii_domain}"


def _validate(text: str) -> ValidatedEmail:
    """Raises: ValueError (its text has the address, so it must not be passed on)."""
    from email_validator import validate_email  # noqa: PLC0415

    if text.startswith("'"):
        raise ValueError("a spreadsheet's mark of a text")
    return validate_email(
        text,
        check_deliverability=False,  # this package does no I/O
        test_environment=False,  # .test is reserved; example.com passes anyway
        globally_deliverable=True,  # Pinterest has no accounts at a domain without a dot
        allow_smtputf8=True,
        allow_quoted_local=False,
        allow_domain_literal=False,
        allow_display_name=False,
        allow_empty_local=False,
        strict=False,  # more than 64 characters before the @ do occur; at worst such an address matches no account
    )


def _reason_to_refuse(text: str) -> RejectionReason:
    """Returns the reason for a text with an @ that the library refused."""
    if len(text.encode("utf-8", "surrogatepass")) > EMAIL_MAX_LENGTH:
        return RejectionReason.EMAIL_TOO_LONG
    if text.count("@") > 1:
        return RejectionReason.SEVERAL_EMAILS
    if _MARKS_OF_MORE_THAN_AN_ADDRESS.search(text):
        return RejectionReason.EMAIL_NOT_BARE
    try:
        _validate(f"a@{text.partition('@')[2]}")
    except ValueError:
        return RejectionReason.INVALID_EMAIL_DOMAIN
    return RejectionReason.INVALID_EMAIL
