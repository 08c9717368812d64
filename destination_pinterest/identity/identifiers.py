"""The IDENTIFIERS table: for each kind of identifier its formats, its conversion and the names it is recognised by.

Source: Pinterest OpenAPI 5.23.0, CustomerListType (read 2026-11-22); Adobe's names GAID, IDFA and Email_LC_SHA256 for
the Pinterest destination (experienceleague.adobe.com, catalog/advertising/pinterest, read 2026-11-22).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import msgspec

from destination_pinterest.identity.advertising_id import hash_advertising_id, hash_simple_advertising_ids
from destination_pinterest.identity.digest import (
    HEX_DIGITS,
    BulkConversion,
    Conversion,
    read_digest,
    read_digest_or,
    read_digests,
)
from destination_pinterest.identity.email_address import hash_any_email, hash_email, hash_simple_emails
from destination_pinterest.identity.given_id import read_envelope, read_external_id
from destination_pinterest.identity.opaque_id import read_opaque_id, read_opaque_ids
from destination_pinterest.identity.phone_number import hash_phone_number
from destination_pinterest.identity.row_field import tagged
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat

ALL_FORMATS = (ValueFormat.AUTO, ValueFormat.PLAIN, ValueFormat.SHA256, ValueFormat.SHA1, ValueFormat.MD5)
HASHED_FORMATS = frozenset(HEX_DIGITS)


def _none_in_bulk(values: Sequence[str]) -> list[str | None]:
    return [None] * len(values)


def _no_bulk(_: LetterCase) -> BulkConversion:
    return _none_in_bulk


def _emails_in_bulk(_: LetterCase) -> BulkConversion:
    return hash_simple_emails


def _given_in_bulk(_: LetterCase) -> BulkConversion:
    return read_opaque_ids


def _untagged(conversion: Conversion) -> Conversion:
    return conversion


class IdentifierRule(msgspec.Struct, frozen=True):
    """How the values of one kind of identifier are read.

    `formats` may be declared for it; `auto_or_plain` gives the conversion of the two formats that are not hashed, from
    the format, the case of advertising IDs and the country of phone numbers; `auto_or_plain_in_bulk` is a shortcut for
    many texts; `column_names` are written with underscores, and compared without separators and letter case. Without
    any, only the settings can name its columns. `takes_integers`: whether a number in the table is taken as its digits.
    """

    formats: tuple[ValueFormat, ...]
    auto_or_plain: Callable[[ValueFormat, LetterCase, str], Conversion]
    column_names: tuple[str, ...]
    auto_or_plain_in_bulk: Callable[[LetterCase], BulkConversion] = _no_bulk
    tag: Callable[[Conversion], Conversion] = _untagged
    takes_integers: bool = False

    @property
    def may_be_hashed(self) -> bool:
        """Whether digests may be declared for it, and so whether column names that declare a hash are recognised."""
        return HASHED_FORMATS.issubset(self.formats)

    def conversion(self, value_format: ValueFormat, maid_case: LetterCase, country: str = "") -> Conversion:
        """Returns the conversion for a column in `value_format`, which must be one of `formats`."""
        if value_format in HASHED_FORMATS:
            return self.tag(read_digest(value_format))
        return self.tag(self.auto_or_plain(value_format, maid_case, country))

    def bulk_conversion(self, value_format: ValueFormat, maid_case: LetterCase) -> BulkConversion:
        """Returns the shortcut for many texts; without one, it leaves them all to `conversion`."""
        if self.tag is not _untagged:
            return _none_in_bulk
        if value_format in HASHED_FORMATS:
            return read_digests(value_format)
        return self.auto_or_plain_in_bulk(maid_case)


def _email(value_format: ValueFormat, _: LetterCase, __: str) -> Conversion:
    is_auto = value_format is ValueFormat.AUTO
    return hash_email(otherwise=read_digest_or(hash_any_email) if is_auto else hash_any_email)


def _advertising_id(value_format: ValueFormat, maid_case: LetterCase, _: str) -> Conversion:
    plain = hash_advertising_id(maid_case)
    return read_digest_or(plain) if value_format is ValueFormat.AUTO else plain


def _phone(value_format: ValueFormat, _: LetterCase, country: str) -> Conversion:
    plain = hash_phone_number(country)
    return read_digest_or(plain) if value_format is ValueFormat.AUTO else plain


def _as_given(_: ValueFormat, __: LetterCase, ___: str) -> Conversion:
    return read_opaque_id


def _external_id(_: ValueFormat, __: LetterCase, ___: str) -> Conversion:
    return read_external_id


def _envelope(_: ValueFormat, __: LetterCase, ___: str) -> Conversion:
    return read_envelope


IDENTIFIERS: Mapping[Identifier, IdentifierRule] = MappingProxyType(
    {
        Identifier.EMAIL: IdentifierRule(
            ALL_FORMATS,
            _email,
            ("email", "email_address", "user_email", "user_email_address", "customer_email", "customer_email_address"),
            _emails_in_bulk,
        ),
        Identifier.GAID: IdentifierRule(
            ALL_FORMATS,
            _advertising_id,
            (
                *("gaid", "google_advertising_id", "google_ad_id", "gps_adid"),
                *("aaid", "android_advertising_id", "android_ad_id"),
            ),
            hash_simple_advertising_ids,
        ),
        Identifier.IDFA: IdentifierRule(
            ALL_FORMATS,
            _advertising_id,
            (
                *("idfa", "apple_idfa", "ios_idfa"),
                *("apple_advertising_id", "apple_ad_id", "ios_advertising_id", "ios_ad_id"),
            ),
            hash_simple_advertising_ids,
        ),
        Identifier.MAID: IdentifierRule(
            ALL_FORMATS,
            _advertising_id,
            (
                *("maid", "madid", "mobile_advertising_id", "mobile_advertiser_id", "mobile_ad_id"),
                *("device_advertising_id", "advertising_id"),
            ),
            hash_simple_advertising_ids,
        ),
        Identifier.LR_ID: IdentifierRule(
            (ValueFormat.AUTO, ValueFormat.PLAIN), _as_given, ("lr_id", "liveramp_id", "ramp_id"), _given_in_bulk
        ),
        Identifier.DLX_ID: IdentifierRule(
            (ValueFormat.AUTO, ValueFormat.PLAIN), _as_given, ("dlx_id", "datalogix_id"), _given_in_bulk
        ),
        # Pinterest does not document how it hashes these, so neither plain values nor our hashes can be offered.
        Identifier.HASHED_PINNER_ID: IdentifierRule(
            (ValueFormat.AUTO,), _as_given, ("hashed_pinner_id", "pinner_id_hashed"), _given_in_bulk
        ),
        # The rest needs a newer request, and two of them leave in plain. So no name of a column is enough for them.
        Identifier.PHONE: IdentifierRule(
            ALL_FORMATS, _phone, (), tag=partial(tagged, Identifier.PHONE), takes_integers=True
        ),
        Identifier.EXTERNAL_ID: IdentifierRule(
            (ValueFormat.AUTO, ValueFormat.PLAIN),
            _external_id,
            (),
            tag=partial(tagged, Identifier.EXTERNAL_ID),
            takes_integers=True,
        ),
        Identifier.LIVERAMP_ENVELOPE: IdentifierRule(
            (ValueFormat.AUTO, ValueFormat.PLAIN), _envelope, (), tag=partial(tagged, Identifier.LIVERAMP_ENVELOPE)
        ),
    }
)
