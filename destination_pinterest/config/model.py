"""The settings of one connection, as the pydantic models that make up the form."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from destination_pinterest.config.api_address import PINTEREST_API, is_address, is_look_alike
from destination_pinterest.config.column_name import ColumnName
from destination_pinterest.config.columns import (
    AddsIfSetSetting,
    IdentityColumnSetting,
    NoOperationColumn,
    OperationColumnSetting,
    RemovesIfSetSetting,
)
from destination_pinterest.config.consent import ConsentColumnSetting, NoConsentColumn
from destination_pinterest.config.credentials import AccessTokenCredentials, OAuthCredentials
from destination_pinterest.config.membership_store import LocalMembershipStore, NoMembershipStore, S3MembershipStore
from destination_pinterest.config.notify_url import PATTERN, is_notify_url
from destination_pinterest.config.object_storage import NoObjectStorage, S3ObjectStorage
from destination_pinterest.config.pinterest_facts import PinterestFacts, read_facts
from destination_pinterest.config.reach import ActalikeSetting, ShareWithSetting
from destination_pinterest.config.setting import Settings, setting
from destination_pinterest.config.shared_quota import PATTERN as SHARED_QUOTA_PATTERN
from destination_pinterest.config.shared_quota import UnusableOptionError, read_shared_quota
from destination_pinterest.vocabulary import LetterCase

# Braze sends 1,900 users a request, Tealium, Lytics and Zernio 10,000; Pinterest publishes no limit (read 2026-11-22).
DEFAULT_BATCH_SIZE: Final = 1_900
LARGEST_BATCH_SIZE: Final = 10_000
DEFAULT_MAX_REJECTED_PERCENT: Final = 50
DEFAULT_MAX_AUDIENCES: Final = 200
# Text, and names of columns in braces.
_AUDIENCE_NAME: Final = re.compile(r"[^{}]*(\{[^{}]+\}[^{}]*)*")
# Nobody is known to have tried more.
LARGEST_MAX_AUDIENCES: Final = 10_000

AdAccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]


def _none_where(tag: str, nothing: str) -> Callable[[Any], Any]:
    """Turns the form's option for "none" into None."""

    def without(value: Any) -> Any:
        return None if isinstance(value, Mapping) and value.get(tag) == nothing else value

    return without


def _with_mode(value: Any) -> Any:
    """Turns the form's option for no column into None; who writes by hand need not write the mode `column`."""
    if not isinstance(value, Mapping):
        return value
    given = {key: each for key, each in value.items() if each is not None}
    return None if given.get("mode") == "none" else {"mode": "column", **given}


def _with_consent(value: Any) -> Any:
    """Turns the form's option for no column into None; who writes by hand need not write `"consent": "column"`."""
    if not isinstance(value, Mapping):
        return value
    given = {key: each for key, each in value.items() if each is not None}
    return None if given.get("consent") == "none" else {"consent": "column", **given}


def _none_if_bare(value: Any) -> Any:
    """Turns an object of the form in which nothing was entered into None."""
    is_bare = isinstance(value, Mapping) and not any(value.values())
    return None if is_bare else value


class Config(Settings):
    """The settings of one connection."""

    model_config = ConfigDict(title="Pinterest")

    credentials: Annotated[OAuthCredentials | AccessTokenCredentials, Field(discriminator="auth_method")] = setting(
        description=(
            "How the connector signs in to Pinterest, as an app of yours: see "
            '<a href="https://developers.pinterest.com/apps/">My apps</a> and <a href="https://developers.pinterest.com'
            "/docs/getting-started/set-up-authentication-and-authorization/\">Pinterest's page on signing in</a>."
        ),
        title="Sign-in",
        form={"display_type": "radio"},
    )
    ad_account_id: str = setting(
        pattern=r"^[0-9]{1,18}$",
        description=(
            "The ad account that owns the audiences: in Pinterest Ads Manager, the number after /advertiser/ in the "
            'address bar (<a href="https://ads.pinterest.com">open it</a>). You need the role Admin or Audience on it.'
        ),
        examples=["549755885175"],
        title="Ad account ID",
        form={"pattern_descriptor": "up to 18 digits"},
    )
    also_in_ad_accounts: tuple[AdAccountId, ...] = setting(
        (),
        description=(
            "Further ad accounts to keep the same audiences in, by their IDs. If one of them fails, the others are "
            "finished and the error names it. They share one quota, since Pinterest counts by user and app."
        ),
        title="Also in ad accounts",
    )
    ad_account_column: ColumnName | None = setting(
        None,
        min_length=1,
        description=(
            "A column that names the ad account of each row, one of the accounts above: the row goes to that account "
            "alone. Leave it empty to send each row to all. A row whose account changes leaves the one before by "
            "Overwrite, or if there is a membership store and a primary key."
        ),
        title="Ad account column",
    )
    audience_name: str = setting(
        "{stream}",
        min_length=1,
        max_length=200,
        description=(
            "The audience's name. {stream} stands for the stream's name and {namespace} for its namespace. An audience "
            "of that name is used, or created if there is none. Streams with the same name share one audience. Any "
            "other name in braces is a column: each row joins the audience that its value names. See "
            '<a href="https://developers.pinterest.com/docs/work-with-targets-and-audiences/create-audiences/">Pinterest\'s'
            " page on audiences</a>."
        ),
        examples=["{stream}", "VIP customers", "{country}: {segment}"],
        title="Audience name",
        form={"always_show": True},
    )
    audience_column: ColumnName | None = setting(
        None,
        min_length=1,
        description=(
            "A column that names each row's audience, by text or by an array of names: one table then keeps many "
            "audiences. A row that changes its audience leaves the old one only with a membership store, which "
            "Overwrite needs here. Leave it empty if Audience name holds for all rows."
        ),
        examples=["segment"],
        title="Audience column",
    )
    max_audiences: int = setting(
        DEFAULT_MAX_AUDIENCES,
        ge=1,
        le=LARGEST_MAX_AUDIENCES,
        description=(
            "How many audiences columns may name. A sync that would go beyond fails instead of creating them, so that "
            "the wrong column does not fill the ad account: Pinterest's customer lists can't be deleted."
        ),
        title="Most audiences",
    )
    description: str | None = setting(
        None,
        max_length=200,
        pattern=r"^[^{}\[\]]*((\{stream\}|\{namespace\})[^{}\[\]]*)*$",
        description=(
            "The text of the audience's description, for those who see it in Ads Manager. {stream} and {namespace} "
            "stand for the names of its streams and of their namespaces. What a person writes there is left alone. "
            "Leave it empty for the connector's own sentence."
        ),
        examples=["Customers of the shop, from {stream}"],
        title="Description",
        form={
            "pattern_descriptor": (
                "a text of up to 200 characters, with {stream} and {namespace} where wanted, without other braces or "
                "square brackets"
            ),
        },
    )
    create_early: bool = setting(
        False,
        description=(
            "Whether a new audience is created before its first row is there, so that campaigns can be set up. Its "
            "list then begins with one identifier that is nobody's. Pinterest may refuse that until a list has 100 "
            "matched people; then the audience is created as soon as it is possible."
        ),
        title="Create audiences early",
    )
    actalike: Annotated[ActalikeSetting | None, BeforeValidator(_none_if_bare)] = setting(
        None,
        description=(
            "Further audiences of people who are like those in the synced one. They are created once it is ready, by a "
            "later sync if need be, and never removed."
        ),
        title="Actalike audiences",
    )
    share_with: Annotated[ShareWithSetting | None, BeforeValidator(_none_if_bare)] = setting(
        None,
        description=(
            "Who else may use the audience: ad accounts and businesses of the same hierarchy. Whoever is taken out "
            "here loses it again, if it was the connector that shared it."
        ),
        title="Share with",
    )
    identity_columns: tuple[IdentityColumnSetting, ...] | None = setting(
        None,
        description=(
            "The columns that identify people: each is mapped to pinterest_audience, as Adobe calls the target of the "
            "mapping. A row may have several. Leave it empty to recognise columns by name (email, email_sha256, gaid, "
            "idfa, maid, …); the log says which were chosen."
        ),
        title="Identity columns",
        form={"always_show": True},
    )
    advertising_id_case: LetterCase = setting(
        LetterCase.LOWER,
        description=(
            "The case that GAID, IDFA and MAID are converted to before hashing; as_is leaves it. Pinterest "
            "does not document which it expects, and partners send lower; try upper if almost no iOS devices "
            "are matched."
        ),
        title="Case of advertising IDs",
    )
    default_country: str | None = setting(
        None,
        pattern=r"^[A-Z]{2}$",
        description=(
            "The country of phone numbers that have no country code, by its two letters (ISO 3166-1). If you leave it "
            "empty, such numbers are rejected and counted."
        ),
        examples=["US", "GB", "DE"],
        title="Country of phone numbers",
        form={"pattern_descriptor": "two capital letters, such as US"},
    )
    allow_missing_columns: bool = setting(
        False,
        description=(
            "Whether streams may lack columns that Identity columns and Operation column name. If off, a column that "
            "no stream of a sync has fails it, since a column that was renamed would lose people in silence. Switch it "
            "on if several connections with different columns share these settings."
        ),
        title="Allow missing columns",
    )
    deletes: Literal["remove", "keep"] = setting(
        "remove",
        description=(
            "What to do with a row marked as deleted (by _ab_cdc_deleted_at or the operation column). "
            "remove: remove it from the audience. keep: change nothing."
        ),
        title="Deleted rows",
    )
    # A choice in the form, not an object that may be left out: Airbyte's form can't leave out an object, and asks for
    # what is required in it.
    operation_column: Annotated[
        Annotated[OperationColumnSetting | RemovesIfSetSetting | AddsIfSetSetting, Field(discriminator="mode")] | None,
        BeforeValidator(
            _with_mode,
            json_schema_input_type=Annotated[
                NoOperationColumn | OperationColumnSetting | RemovesIfSetSetting | AddsIfSetSetting,
                Field(discriminator="mode"),
            ],
        ),
    ] = setting(
        None,
        description="Whether a column says for each row if it is added to the audience or removed from it.",
        title="Operation column",
    )
    consent_column: Annotated[
        ConsentColumnSetting | None,
        BeforeValidator(
            _with_consent,
            json_schema_input_type=Annotated[NoConsentColumn | ConsentColumnSetting, Field(discriminator="consent")],
        ),
    ] = setting(
        None,
        description=(
            "Whether a column says who consents to advertising. A row without consent is not added, and its "
            "identifiers leave, whatever other rows and settings say. Exclusion audiences don't ask for it."
        ),
        title="Consent column",
    )
    used_for: Literal["targeting", "exclusion"] = setting(
        "targeting",
        description=(
            "What campaigns use the audiences for. targeting: their members see ads, so whoever may have left leaves. "
            "exclusion: their members see none, so whoever may have to be excluded stays; doubtful marks add."
        ),
        title="What the audience is for",
    )
    max_addition_percent: int = setting(
        100,
        ge=0,
        le=100_000,
        description=(
            "An exclusion audience that grows by more than this percentage in one sync is reported with a warning, "
            "since a wrong table would keep ads from too many people. Everybody is added all the same: to leave "
            "somebody out would be worse."
        ),
        title="Largest growth of an exclusion audience",
    )
    mode: Literal["mirror", "additive", "remove"] = setting(
        "mirror",
        description=(
            "How the table changes the audience. mirror: rows are added and removed, and the sync mode "
            "Overwrite replaces the audience with the table. additive: rows are only added. remove: the table is a "
            "suppression list, and all its rows are removed."
        ),
        title="What the table does",
        form={"always_show": True},
    )
    max_removal_percent: int = setting(
        50,
        ge=0,
        le=100,
        description=(
            "A sync that would remove more than this percentage of an audience's members fails instead, so that "
            "a half-empty table does not empty the audience. 100 permits anything."
        ),
        title="Largest removal",
    )
    allow_empty_audience: bool = setting(
        False,
        description=(
            "Whether an empty table may empty its audience. If off, the audience stays as it is: a table "
            "is more often empty by mistake, and clearing a stream looks the same."
        ),
        title="Allow an empty audience",
    )
    allow_identity_drift: bool = setting(
        False,
        description=(
            "Whether members may leave although the rows lack a kind of identifier that the last sync had, or less "
            "than half as many rows have it. If off, such a sync fails before anybody leaves. Switch it on for one "
            "sync if the table was changed on purpose."
        ),
        title="Allow missing identifiers",
    )
    refused_rule_change: Literal["fail", "new_audience"] = setting(
        "fail",
        description=(
            "What to do if Pinterest refuses to give an existing audience another customer list, which Overwrite "
            "needs. fail: the sync fails and the audience stays as it is. "
            "new_audience: every replacement creates another audience of the same name; point your campaigns "
            "to it."
        ),
        title="If an audience can't be replaced",
    )
    if_audience_is_gone: Literal["recreate", "fresh", "fail"] = setting(
        "recreate",
        description=(
            "What to do if an audience is missing, but its customer list is there: somebody deleted the audience, or "
            "Pinterest has not made it yet. recreate: make a new audience of that list, with everybody in it, and "
            "warn. fresh: begin with a new list, with only those whom syncs bring from now on. fail: the sync fails. "
            "Campaigns have to be pointed to a new audience."
        ),
        title="If an audience is gone",
    )
    installation_name: str | None = setting(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$",
        description=(
            "A short name for this installation of Airbyte, such as shop-eu. Leave it empty if no other installation "
            "writes to the ad account. Otherwise it becomes part of the names of unfinished customer lists, so that no "
            "installation takes up another's. Don't change it later."
        ),
        examples=["shop-eu"],
        title="Installation name",
        form={
            "pattern_descriptor": (
                "up to 40 letters from a to z, digits, dots, hyphens and underscores, beginning with a letter or digit"
            ),
        },
    )
    notify_url: str | None = setting(
        None,
        pattern=PATTERN,
        description=(
            "An address to which the report of each sync is posted as JSON once it has ended, whether it succeeded or "
            "not: a webhook of yours, or of a chat. It begins with https://. Leave it empty to post nothing. No person "
            "is in the report."
        ),
        title="Notification URL",
        form={"airbyte_secret": True, "pattern_descriptor": "https://…, or http://… on this machine"},
    )
    shared_quota: str | None = setting(
        None,
        pattern=SHARED_QUOTA_PATTERN,
        description=(
            "For several syncs that use the same app as the same person at once: through what they share Pinterest's "
            "request limits. Leave it empty if there is one at a time. A Redis (redis://host:6379/0, rediss:// with "
            "TLS), for any number of machines; or the path of a file, for one machine. All of them have to name the "
            "same. With a Redis, ?processes=4 at the end says how many there are, for when it does not answer; ?name=… "
            "takes the place of the app."
        ),
        title="Shared quota",
        form={"airbyte_secret": True, "pattern_descriptor": "redis://host:6379/0, or a path that begins with /"},
    )
    trust_end_markers: bool = setting(
        True,
        description=(
            "Whether Overwrite trusts a source that marks the end of a stream itself. It matters only if Airbyte "
            "does not say when a stream is complete, as for a connector that was added by its image. Some sources "
            "write the mark even after a failure; if off, such a source can't replace an audience."
        ),
        title="Trust a source's end marker",
    )
    membership_store: Annotated[
        Annotated[LocalMembershipStore | S3MembershipStore, Field(discriminator="store_type")] | None,
        BeforeValidator(
            _none_where("store_type", "none"),
            json_schema_input_type=Annotated[
                NoMembershipStore | LocalMembershipStore | S3MembershipStore, Field(discriminator="store_type")
            ],
        ),
    ] = setting(
        None,
        description=(
            "A record of the members that the connector has added. With it, only changes are sent, members "
            "whose row is gone or changed are removed, and deletions by key alone work."
        ),
        title="Membership store",
    )
    suppression_store: Annotated[
        Annotated[LocalMembershipStore | S3MembershipStore, Field(discriminator="store_type")] | None,
        BeforeValidator(
            _none_where("store_type", "none"),
            json_schema_input_type=Annotated[
                NoMembershipStore | LocalMembershipStore | S3MembershipStore, Field(discriminator="store_type")
            ],
        ),
    ] = setting(
        None,
        description=(
            "A record of people who were forgotten, as digests that only its store key gives. No sync adds them again, "
            "to whatever audience, until that is lifted. Connections may share it."
        ),
        title="Suppression store",
    )
    remove_from: Literal["audience", "everywhere"] = setting(
        "audience",
        description=(
            "Where a suppression list (What the table does: remove) takes people out. audience: of the audience that "
            "the stream leads to. everywhere: of every customer list of the ad account that this connector keeps, and "
            "of the membership store; the suppression store, which this needs, keeps them from coming back."
        ),
        title="Remove from",
    )
    everywhere_includes: tuple[Literal["exclusion_audiences", "other_lists"], ...] = setting(
        (),
        description=(
            "What Remove from: everywhere does not touch by itself. exclusion_audiences: people who leave these may be "
            "advertised to. other_lists: customer lists that this connector did not make."
        ),
        title="Everywhere includes",
    )
    everywhere_except: tuple[str, ...] = setting(
        (),
        description=(
            "Audiences and customer lists, by name or ID, that Remove from: everywhere leaves alone in any case."
        ),
        title="Everywhere except",
    )
    expire_after_days: int | None = setting(
        None,
        ge=1,
        le=3_650,
        description=(
            "After how many days a member leaves whose row has not come any more. It needs a membership store. A sync "
            "of changes alone does not bring rows that have not changed, so in it they grow old. Leave it empty to "
            "keep members however old they are."
        ),
        title="Expire after days",
    )
    max_rejected_percent: int = setting(
        DEFAULT_MAX_REJECTED_PERCENT,
        ge=0,
        le=100,
        description=(
            "A sync fails if more than this percentage of a table's rows can't be used, instead of replacing an "
            "audience by the rest. Rows without any value don't count, and increments of fewer than 100 rows never "
            "fail for it. 100 permits anything but a whole table of which no row can be used."
        ),
        title="Largest share of rejected rows",
    )
    object_storage_config: Annotated[
        S3ObjectStorage | None,
        BeforeValidator(
            _none_where("storage_type", "None"),
            json_schema_input_type=Annotated[NoObjectStorage | S3ObjectStorage, Field(discriminator="storage_type")],
        ),
    ] = setting(
        None,
        description="Where to write rows that can't be synced, with the reason and their primary key.",
        title="Rejected rows",
    )
    access_tier: Literal["auto", "standard", "trial", "none"] = setting(
        "auto",
        description=(
            "The access tier of your Pinterest app, shown under My apps. auto: learned from Pinterest's answers. "
            "standard: 7 requests a second and 400 a minute. trial: 300 a day. none: for apps with a raised quota; "
            "only the limits in Pinterest's answers are kept. See "
            '<a href="https://developers.pinterest.com/docs/key-concepts/access-tiers/">Pinterest\'s page on access '
            "tiers</a>."
        ),
        title="Access tier",
        form={"always_show": True},
    )
    batch_size: int = setting(
        DEFAULT_BATCH_SIZE,
        ge=1,
        le=LARGEST_BATCH_SIZE,
        description=(
            "How many identifiers one request may have. Pinterest publishes no limit; partners use 1,900 to 10,000. On "
            "Trial access, a larger number syncs more rows a day."
        ),
        title="Identifiers per request",
    )
    request_growth: Literal["off", "auto"] = setting(
        "off",
        description=(
            "Whether requests grow beyond Identifiers per request. off: they don't. auto: up to 10,000 identifiers, as "
            "long as Pinterest's own counters of the customer list show that every larger request was taken whole; "
            "whatever they don't show is sent again. A probe says whether they are exact."
        ),
        title="Growth of requests",
    )
    record_format: Literal["auto", "records", "records_v2"] = setting(
        "auto",
        description=(
            "The form of requests for identifiers of the kinds PHONE, EXTERNAL_ID and LIVERAMP_ENVELOPE, which only "
            "records_v2 can carry (Pinterest's API 5.28). auto: records_v2 for rows with such an identifier; if "
            "Pinterest does not accept it, they are sent without, and what is left out is counted. records: never "
            "records_v2. records_v2: as auto, but the sync fails if Pinterest does not accept it."
        ),
        title="Form of requests",
    )
    flush_seconds: float = setting(
        5,
        ge=0.1,
        le=600,
        description="A request that is not full is sent when its oldest row has waited this long, in seconds.",
        title="Longest wait of a row",
    )
    retry_hours: float = setting(
        1,
        ge=0,
        le=13,
        description="How long to retry a request before the sync fails, in hours.",
        title="Retry for",
    )
    pinterest_facts: Annotated[
        PinterestFacts | None, BeforeValidator(read_facts, json_schema_input_type=str | None)
    ] = setting(
        None,
        description=(
            "What pinterest-audiences probe has learned about Pinterest with a real account: the text that it prints, "
            "whole. Settings that nobody has set follow it, and the log says which. Leave it empty to go by what is "
            "documented."
        ),
        title="What was learned of Pinterest",
        form={"multiline": True},
    )
    api_base_url: str = setting(
        PINTEREST_API,
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s?#]*)?)$",
        description="The address of Pinterest's API. Change it only to try the connector with a sandbox.",
        title="API address",
        form={
            "airbyte_hidden": True,
            "pattern_descriptor": "https://…, or http://… on this machine",
        },
    )

    @field_validator("api_base_url")
    @classmethod
    def _of_an_honest_host(cls, value: str) -> str:
        if not is_address(value):
            raise PydanticCustomError("string_pattern_mismatch", "not an address")
        if is_look_alike(value):
            raise PydanticCustomError(
                "look_alike", "the host looks like Pinterest's and is not; leave it out to reach api.pinterest.com"
            )
        return value.rstrip("/")

    @field_validator("notify_url")
    @classmethod
    def _of_a_host(cls, value: str | None) -> str | None:
        if value is not None and not is_notify_url(value):
            raise PydanticCustomError("string_pattern_mismatch", "not an address")
        return value

    @field_validator("shared_quota")
    @classmethod
    def _redis_or_file(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                read_shared_quota(value)
            except UnusableOptionError as error:
                raise PydanticCustomError("unusable_option", "{reason}", {"reason": str(error)}) from None
            except ValueError:
                raise PydanticCustomError("string_pattern_mismatch", "neither a Redis nor a file") from None
        return value

    @field_validator("also_in_ad_accounts")
    @classmethod
    def _each_once(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        named = [account.lstrip("0") for account in (info.data.get("ad_account_id", ""), *value)]
        if len(set(named)) < len(named):
            raise PydanticCustomError("named_twice", "an ad account is named twice, here or as ad_account_id")
        return value

    @property
    def ad_account_ids(self) -> tuple[str, ...]:
        """Every ad account of the settings, first the one that each sync needs."""
        return (self.ad_account_id, *self.also_in_ad_accounts)

    @field_validator("audience_name")
    @classmethod
    def _with_whole_braces(cls, value: str) -> str:
        # No pattern in the form: platforms take a changed one for one that may refuse what was entered before.
        if _AUDIENCE_NAME.fullmatch(value) is None:
            raise PydanticCustomError("braces", "braces have to hold a name, such as {stream} or a column's")
        return value

    @field_validator("identity_columns")
    @classmethod
    def _none_is_empty(
        cls, value: tuple[IdentityColumnSetting, ...] | None
    ) -> tuple[IdentityColumnSetting, ...] | None:
        return value or None
