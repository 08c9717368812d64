"""The reasons why a value or a row is not sent, a sentence for each, and the rejection that a report counts.

A rejection names a column, an identifier and a reason, but never the value.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType

import msgspec

from destination_pinterest.vocabulary import Identifier


class RejectionReason(StrEnum):
    """Why a value or a row is not sent. The value of each reason is its key in reports."""

    NO_IDENTITY = "no_identity"
    NO_IDENTITY_IN_DELETION = "no_identity_in_deletion"
    NOT_TEXT = "not_text"
    INVALID_EMAIL = "invalid_email"
    INVALID_EMAIL_DOMAIN = "invalid_email_domain"
    EMAIL_NOT_BARE = "email_not_bare"
    SEVERAL_EMAILS = "several_emails"
    EMAIL_TOO_LONG = "email_too_long"
    INVALID_ADVERTISING_ID = "invalid_advertising_id"
    ZERO_MAID = "zero_maid"
    ALREADY_HASHED = "already_hashed"
    NOT_HASHED = "not_hashed"
    INVALID_HASH = "invalid_hash"
    HASH_OF_NOTHING = "hash_of_nothing"
    INVALID_ID = "invalid_id"
    ID_TOO_LONG = "id_too_long"
    INVALID_PHONE = "invalid_phone"
    PHONE_WITHOUT_COUNTRY = "phone_without_country"
    INVALID_EXTERNAL_ID = "invalid_external_id"
    INVALID_ENVELOPE = "invalid_envelope"
    PLAIN_IN_ID = "plain_value_in_id"
    NEEDS_RECORDS_V2 = "needs_records_v2"
    UNKNOWN_OPERATION = "unknown_operation"
    NO_CONSENT = "no_consent"
    VALUE_UNCHANGED = "value_unchanged"
    NO_AUDIENCE = "no_audience"
    AUDIENCE_NAME_IDENTIFIES = "audience_name_identifies"
    AUDIENCE_NAME_NOT_TEXT = "audience_name_not_text"
    AUDIENCE_NAME_TOO_LONG = "audience_name_too_long"
    TOO_MANY_AUDIENCES_IN_ROW = "too_many_audiences_in_row"
    NO_AD_ACCOUNT = "no_ad_account"
    INVALID_AD_ACCOUNT = "invalid_ad_account"
    UNKNOWN_AD_ACCOUNT = "unknown_ad_account"
    SUPPRESSED = "suppressed"

    @property
    def sentence(self) -> str:
        """What is wrong and what the user can do about it."""
        return _SENTENCES[self]


_SENTENCES = MappingProxyType(
    {
        RejectionReason.NO_IDENTITY: (
            "Every identity column of the row is null or blank; such people can't be matched, so filter them out "
            "upstream or map another column."
        ),
        RejectionReason.NO_IDENTITY_IN_DELETION: (
            "Not removed: the deletion carries only the row's key and no identity. Have the source send whole rows "
            "(PostgreSQL: REPLICA IDENTITY FULL), or set up a membership store, which finds the person by the key."
        ),
        RejectionReason.NOT_TEXT: (
            "The value is a number, a boolean, an object or a nested array; cast the column to text or to an array "
            "of text."
        ),
        RejectionReason.INVALID_EMAIL: "The value is not an e-mail address; correct it in the table.",
        RejectionReason.INVALID_EMAIL_DOMAIN: (
            "The part after the @ is not a public domain name (no dot, a reserved name, an IP address or a forbidden "
            "character); correct it in the table."
        ),
        RejectionReason.EMAIL_NOT_BARE: (
            "There is something around or within the address that could mean several things (a comment, a stray quote "
            "or bracket, another address as a name); keep the bare address in the column."
        ),
        RejectionReason.SEVERAL_EMAILS: (
            "There is more than one @ in the value, and nothing that separates whole addresses; separate them by "
            "semicolons, or correct the value in the table."
        ),
        RejectionReason.EMAIL_TOO_LONG: (
            "The value is longer than the 254 bytes that an e-mail address may have; correct it in the table."
        ),
        RejectionReason.INVALID_ADVERTISING_ID: (
            "The value is not an advertising ID of 8-4-4-4-12 hexadecimal digits with hyphens; bring the column to "
            "that form."
        ),
        RejectionReason.ZERO_MAID: (
            "The advertising ID is all zeros, which is what phones send when tracking is refused; there is nobody to "
            "match, so filter it out upstream."
        ),
        RejectionReason.ALREADY_HASHED: (
            "The value is a hash where a plain value is expected; declare the column's format as sha256, sha1 or md5."
        ),
        RejectionReason.NOT_HASHED: (
            "The value is plain although the column is declared as hashed; declare the column's format as plain or "
            "auto, or hash the column."
        ),
        RejectionReason.INVALID_HASH: (
            "The value is not a digest of the declared kind, which is 64 (sha256), 40 (sha1) or 32 (md5) hexadecimal "
            "digits, or as many bytes in Base64; declare the hash that the column has, or correct it in the table."
        ),
        RejectionReason.HASH_OF_NOTHING: (
            "The value is the hash of an empty text, of a word for null or of the all-zero advertising ID; hash only "
            "values that are there."
        ),
        RejectionReason.INVALID_ID: (
            "The ID holds a comma, a blank, an @ or a character that is not printable ASCII, and Pinterest would "
            "read it as something else; correct it in the table."
        ),
        RejectionReason.ID_TOO_LONG: (
            "The ID is longer than any that is known for its kind; check that the right column is mapped."
        ),
        RejectionReason.INVALID_PHONE: (
            "The value is not one valid phone number, or has an extension; correct it in the table, and see that "
            "default_country is the country of numbers without a country code."
        ),
        RejectionReason.PHONE_WITHOUT_COUNTRY: (
            "The phone number has no country code, so it can't be judged; write it with a plus and the country code, "
            "or set the country of such numbers (default_country)."
        ),
        RejectionReason.INVALID_EXTERNAL_ID: (
            "The value is a word for null, or has a character that can't be printed; correct it in the table."
        ),
        RejectionReason.INVALID_ENVELOPE: (
            "The value is not a LiveRamp envelope, which is Base64 without blanks; check that the right column is "
            "mapped."
        ),
        RejectionReason.PLAIN_IN_ID: (
            "The value looks like an e-mail address, a phone number or an IP address, and this kind of identifier "
            "leaves as it is; map the column as EMAIL or PHONE, which are hashed, or correct it in the table."
        ),
        RejectionReason.NEEDS_RECORDS_V2: (
            "Only requests in the form records_v2 can carry this kind of identifier, and Pinterest does not accept "
            "them from this app, or record_format rules them out; map an e-mail column as well, so that people are "
            "found without it."
        ),
        RejectionReason.UNKNOWN_OPERATION: (
            "The operation column's value is among neither the values that add nor those that remove; add it to the "
            "one or the other in the connection's settings."
        ),
        RejectionReason.NO_CONSENT: (
            "The row, or another row with the same identifier, has no consent to advertising in its consent column, so "
            "nobody joins by it and its identifiers leave. If the column says otherwise, name the values that permit "
            "advertising under Consent column (permits)."
        ),
        RejectionReason.VALUE_UNCHANGED: (
            "The source says that the value is unchanged instead of giving it, and nothing knows which it is. Have the "
            "source send whole rows (PostgreSQL: REPLICA IDENTITY FULL), or set up a membership store and a primary "
            "key, so that the row keeps what it had."
        ),
        RejectionReason.NO_AUDIENCE: (
            "A column that names the row's audience is null, blank or an empty array, so the row is in none; fill the "
            "column where the row should be in one."
        ),
        RejectionReason.AUDIENCE_NAME_IDENTIFIES: (
            "The value that should name the audience looks like an e-mail address, an advertising ID, a digest, a "
            "phone number or another person ID, which never becomes a name; choose a column that names groups."
        ),
        RejectionReason.AUDIENCE_NAME_NOT_TEXT: (
            "The value that should name the audience is an object, a nested array or has characters that can't be "
            "shown; cast the column to text or to an array of text."
        ),
        RejectionReason.AUDIENCE_NAME_TOO_LONG: (
            "The audience's name would have more than 200 characters; shorten it in the table or in the settings."
        ),
        RejectionReason.TOO_MANY_AUDIENCES_IN_ROW: (
            "The row names more than 1,000 audiences; use fewer arrays in the name, or shorter ones."
        ),
        RejectionReason.NO_AD_ACCOUNT: (
            "The column that names the row's ad account is null or blank, so the row goes to none; fill the column."
        ),
        RejectionReason.INVALID_AD_ACCOUNT: (
            "The value that should name the ad account is not up to 18 digits; correct it in the table."
        ),
        RejectionReason.UNKNOWN_AD_ACCOUNT: (
            "The row names an ad account that is not in the settings; add it under Also in ad accounts "
            "(also_in_ad_accounts), or correct it in the table."
        ),
        RejectionReason.SUPPRESSED: (
            "The person was forgotten, so nobody adds them any more; lift that by `pinterest-audiences forget --lift` "
            "if it was a mistake."
        ),
    }
)


class Rejection(msgspec.Struct, frozen=True):
    """One value, or one row, that is not sent.

    `column` and `identifier` say where the value was; both are None if the reason is about the whole row (NO_IDENTITY,
    NO_IDENTITY_IN_DELETION), and `identifier` is None if the column is not an identity column (UNKNOWN_OPERATION,
    NO_CONSENT, and the reasons about audiences and ad accounts).
    """

    column: str | None
    identifier: Identifier | None
    reason: RejectionReason
