"""The connection's settings: the pydantic models that ARE the form, and how older and foreign configs are read.

`connection_specification()` is what the platform draws the form from; `read_config()` is what the connector runs on.
Both come from the same models, so that they can't disagree.

Source: docs.airbyte.com connector-specification-reference (read 2026-11-22): order within an object, group at the top
level only, `oneOf` options told apart by one required const.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.vocabulary import Identifier, LetterCase, ValueFormat

PINTEREST_API: Final = "https://api.pinterest.com/v5"
# Braze sends 1,900 users a request, Tealium, Lytics and Zernio 10,000; Pinterest publishes no limit (read 2026-11-22).
DEFAULT_BATCH_SIZE: Final = 1_900
LARGEST_BATCH_SIZE: Final = 10_000

_GROUPS: Final = [
    {"id": "auth", "title": "Sign-in"},
    {"id": "account", "title": "Ad account and audience"},
    {"id": "identity", "title": "Identities"},
    {"id": "delivery", "title": "Delivery"},
]


def _setting(
    default: Any = ...,
    *,
    order: int,
    title: str | None = None,
    form: Mapping[str, Any] | None = None,
    **constraints: Any,
) -> Any:
    """A pydantic field with what Airbyte's form wants beside it."""
    return Field(default, title=title, json_schema_extra={"order": order, **(form or {})}, **constraints)


class OAuthCredentials(BaseModel):
    """Recommended: sign in once; the connector renews the sign-in by itself as long as it runs every 60 days."""

    model_config = ConfigDict(title="OAuth2.0", extra="allow", frozen=True)

    auth_method: Literal["oauth2.0"] = _setting("oauth2.0", order=0)
    client_id: str = _setting(
        min_length=1,
        description="The app ID, shown under My apps at developers.pinterest.com.",
        title="App ID",
        order=1,
        form={"airbyte_secret": True},
    )
    client_secret: str = _setting(
        min_length=1,
        description="The app secret key, shown beside the app ID under My apps at developers.pinterest.com.",
        title="App secret key",
        order=2,
        form={"airbyte_secret": True},
    )
    refresh_token: str = _setting(
        min_length=1,
        description=(
            "Filled in by signing in. By hand: the refresh_token that Pinterest's token endpoint returned for an "
            "authorization with the scopes ads:read, ads:write and user_accounts:read."
        ),
        title="Refresh token",
        order=3,
        form={"airbyte_secret": True},
    )
    access_token: str | None = _setting(
        None,
        description="Kept by the connector between runs; leave it empty.",
        title="Current access token",
        order=4,
        form={"airbyte_secret": True, "airbyte_hidden": True},
    )
    access_token_expires_at: int | None = _setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Access token expires at",
        order=5,
        form={"airbyte_hidden": True},
    )
    refresh_token_expires_at: int | None = _setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Refresh token expires at",
        order=6,
        form={"airbyte_hidden": True},
    )


class AccessTokenCredentials(BaseModel):
    """A token pasted by hand. It dies after 30 days and can't be renewed: for a first try, not for a schedule."""

    model_config = ConfigDict(title="Access token", extra="allow", frozen=True)

    auth_method: Literal["access_token"] = _setting("access_token", order=0)
    access_token: str = _setting(
        min_length=1,
        description=(
            "A token with the scopes ads:read, ads:write and user_accounts:read: My apps at developers.pinterest.com, "
            "your app, Generate access token."
        ),
        title="Access token",
        order=1,
        form={"airbyte_secret": True},
    )


class IdentityColumnSetting(BaseModel):
    """One column that identifies people."""

    model_config = ConfigDict(title="Identity column", extra="allow", frozen=True)

    column: str = _setting(
        min_length=1,
        description="The column's name as the stream has it, upper and lower case included.",
        examples=["email"],
        title="Column",
        order=0,
    )
    identifier: Identifier = _setting(
        description=(
            "What the column holds. EMAIL: e-mail addresses. GAID, IDFA: advertising IDs of Android and iOS devices; "
            "MAID: either. LR_ID: LiveRamp. DLX_ID: Oracle Data Cloud. HASHED_PINNER_ID: Pinterest's hashed user IDs."
        ),
        title="Identifier",
        order=1,
    )
    format: ValueFormat = _setting(
        ValueFormat.AUTO,
        description=(
            "How the values are written. plain: as people write them; the connector normalises and hashes. sha256, "
            "sha1, md5: hashed already, as hexadecimal. auto: 64 hexadecimal digits are taken as SHA-256, all else as "
            "plain. A value that contradicts the declared format is rejected and counted. Plain values never leave the "
            "connector."
        ),
        title="Format",
        order=2,
    )


class NoOperationColumn(BaseModel):
    """Every row puts its person into the audience, except those that the source marks as deleted."""

    model_config = ConfigDict(title="No column", extra="allow", frozen=True)

    mode: Literal["none"] = _setting("none", order=0)


class OperationColumnSetting(BaseModel):
    """A column of the table says what each row does. Streams that lack it are synced as if none were named."""

    model_config = ConfigDict(title="A column says it", extra="allow", frozen=True)

    mode: Literal["column"] = _setting("column", order=0)
    column: str = _setting(
        min_length=1,
        description=(
            "The column's name as the stream has it, upper and lower case included: the one whose value says whether "
            "the row's person joins or leaves the audience."
        ),
        examples=["operation", "is_deleted"],
        title="Column",
        order=1,
    )
    remove_values: tuple[str, ...] = _setting(
        ("remove", "removed", "delete", "deleted", "d", "true", "1"),
        description="Values that take the person out of the audience; upper and lower case are the same.",
        title="Values that remove",
        order=2,
    )
    add_values: tuple[str, ...] = _setting(
        ("add", "added", "insert", "update", "upsert", "i", "u", "c", "r", "false", "0"),
        description="Values that put the person into the audience; upper and lower case are the same.",
        title="Values that add",
        order=3,
    )


def _no_column_is_none(value: Any) -> Any:
    return None if isinstance(value, Mapping) and value.get("mode") == "none" else value


class Config(BaseModel):
    """The settings of one connection."""

    model_config = ConfigDict(title="Pinterest", extra="allow", frozen=True)

    credentials: Annotated[OAuthCredentials | AccessTokenCredentials, Field(discriminator="auth_method")] = _setting(
        description="How the connector signs in to Pinterest.",
        title="Sign-in",
        order=0,
        form={"group": "auth", "display_type": "radio"},
    )
    ad_account_id: str = _setting(
        pattern=r"^[0-9]{1,18}$",
        description=(
            "The ad account that owns the audiences: in Pinterest Ads Manager, the number behind /advertiser/ in the "
            "address bar. You need the role Admin or Audience on it."
        ),
        examples=["549755885175"],
        title="Ad account ID",
        order=0,
        form={"group": "account", "pattern_descriptor": "up to 18 digits"},
    )
    audience_name: str = _setting(
        "{stream}",
        min_length=1,
        max_length=200,
        pattern=r"^[^{}]*((\{stream\}|\{namespace\})[^{}]*)*$",
        description=(
            "The audience's name. {stream} stands for the stream's name and {namespace} for its namespace. An audience "
            "of that name is used where one exists and created where not; streams that lead to one name share one "
            "audience."
        ),
        examples=["{stream}", "VIP customers"],
        title="Audience name",
        order=1,
        form={
            "group": "account",
            "always_show": True,
            "pattern_descriptor": "a name, with {stream} and {namespace} where wanted and no other braces",
        },
    )
    identity_columns: tuple[IdentityColumnSetting, ...] | None = _setting(
        None,
        description=(
            "Which columns identify people. A row may carry several. Leave it empty to have columns recognised by name "
            "(email, email_sha256, gaid, idfa, maid, …); the log says which were chosen."
        ),
        title="Identity columns",
        order=0,
        form={"group": "identity", "always_show": True},
    )
    advertising_id_case: LetterCase = _setting(
        LetterCase.LOWER,
        description=(
            "The case that GAID, IDFA and MAID are brought to before hashing; as_is leaves the values' own. Pinterest "
            "does not document which it expects; lower is what its partners send. Try upper if next to no iOS devices "
            "are matched."
        ),
        title="Case of advertising IDs",
        order=1,
        form={"group": "identity"},
    )
    deletes: Literal["remove", "keep"] = _setting(
        "remove",
        description=(
            "What a row that is marked as deleted does (_ab_cdc_deleted_at is set, or the operation column says so). "
            "remove: the person leaves the audience. keep: the row changes nothing."
        ),
        title="Deleted rows",
        order=2,
        form={"group": "identity"},
    )
    # A choice in the form, not an object that may be left out: Airbyte's form can't leave out an object, and asks for
    # what is required in it.
    operation_column: Annotated[
        OperationColumnSetting | None,
        BeforeValidator(
            _no_column_is_none,
            json_schema_input_type=Annotated[NoOperationColumn | OperationColumnSetting, Field(discriminator="mode")],
        ),
    ] = _setting(
        None,
        description="Whether a column of the table says for each row if its person joins or leaves the audience.",
        title="Operation column",
        order=3,
        form={"group": "identity"},
    )
    access_tier: Literal["standard", "trial", "none"] = _setting(
        "standard",
        description=(
            "The access tier of your Pinterest app (My apps at developers.pinterest.com). standard: 7 requests a "
            "second and 400 a minute. trial: 300 a day. none: for apps whose quota Pinterest has raised; only the "
            "limits that Pinterest's answers name are kept."
        ),
        title="Access tier",
        order=0,
        form={"group": "delivery", "always_show": True},
    )
    batch_size: int = _setting(
        DEFAULT_BATCH_SIZE,
        ge=1,
        le=LARGEST_BATCH_SIZE,
        description=(
            "Identifiers in one request. Pinterest publishes no limit; partners use 1,900 to 10,000. On a trial app, a "
            "larger number sends more people a day."
        ),
        title="Identifiers per request",
        order=1,
        form={"group": "delivery"},
    )
    flush_seconds: float = _setting(
        5,
        ge=0.1,
        le=600,
        description="A request that is not full goes out when its oldest row has waited this long, in seconds.",
        title="Longest wait of a row",
        order=2,
        form={"group": "delivery"},
    )
    retry_hours: float = _setting(
        1,
        ge=0,
        le=13,
        description="How long one request is tried again before the sync fails, in hours.",
        title="Retry for",
        order=3,
        form={"group": "delivery"},
    )
    api_base_url: str = _setting(
        PINTEREST_API,
        pattern=r"^(https://[^\s?#]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/[^\s?#]*)?)$",
        description="Where Pinterest's API answers. Only changed to try the connector against a sandbox.",
        title="API address",
        order=4,
        form={
            "group": "delivery",
            "airbyte_hidden": True,
            "pattern_descriptor": "https://…, or http://… on this machine",
        },
    )

    @field_validator("api_base_url")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("identity_columns")
    @classmethod
    def _none_is_empty(
        cls, value: tuple[IdentityColumnSetting, ...] | None
    ) -> tuple[IdentityColumnSetting, ...] | None:
        return value or None


def read_config(raw: Mapping[str, Any]) -> Config:
    """The settings of a raw config, after `migrate`.

    Raises:
        InvalidConfigError: names each wrong setting and what it must be, and never its value.
    """
    try:
        return Config.model_validate(migrate(raw))
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors(include_url=False, include_input=False))
    # Not raised above: as its context, the other error would hold the settings, secrets and all.
    raise InvalidConfigError(f"The connection's settings need a change: {faults}.")


def migrate(raw: Mapping[str, Any]) -> dict[str, Any]:
    """An older or hand-written config in today's form; what it does not know it leaves alone.

    Lifts the names of API v4 (`advertiser_id`), credentials that lie flat beside the other keys, credentials without
    `auth_method`, and an ad account ID written as a number.
    """
    config = copy.deepcopy(dict(raw))
    if "ad_account_id" not in config and "advertiser_id" in config:
        config["ad_account_id"] = config.pop("advertiser_id")
    if isinstance(config.get("ad_account_id"), int):
        config["ad_account_id"] = str(config["ad_account_id"])
    if isinstance(config.get("ad_account_id"), str):
        config["ad_account_id"] = config["ad_account_id"].strip()
    if "credentials" not in config:
        flat = [key for key in ("client_id", "client_secret", "refresh_token", "access_token") if key in config]
        if flat:
            config["credentials"] = {key: config.pop(key) for key in flat}
    credentials = config.get("credentials")
    if isinstance(credentials, dict) and "auth_method" not in credentials:
        credentials["auth_method"] = "oauth2.0" if "refresh_token" in credentials else "access_token"
    return config


def unknown_keys(config: Config) -> list[str]:
    """The keys that the connector does not know, as dotted paths. Platforms add their own; they are left alone."""
    return sorted(_extras(config, ""))


def connection_specification() -> dict[str, Any]:
    """The JSON Schema that the platform draws the form from."""
    schema = Config.model_json_schema()
    definitions = schema.pop("$defs", {})
    form: dict[str, Any] = _for_the_form(schema, definitions)
    form["$schema"] = "http://json-schema.org/draft-07/schema#"
    form["groups"] = copy.deepcopy(_GROUPS)
    form["additionalProperties"] = True
    return form


def _fault(fault: Mapping[str, Any]) -> str:
    outer, *inner = fault["loc"]
    if outer == "credentials":
        inner = inner[1:]  # The first is the way to sign in, which is no setting within it.
    path = ".".join(str(part) for part in (outer, *inner))
    field = Config.model_fields.get(str(outer))
    extra = field.json_schema_extra if field else None
    if fault["type"] == "string_pattern_mismatch" and isinstance(extra, dict) and "pattern_descriptor" in extra:
        return f"`{path}` must be {extra['pattern_descriptor']}"
    if fault["type"] == "missing":
        return f"`{path}` is missing"
    if fault["type"] == "union_tag_invalid":
        return f"`{path}.auth_method` must be oauth2.0 or access_token"
    message = str(fault["msg"])
    return f"`{path}`: {message[:1].lower()}{message[1:]}"


def _extras(model: BaseModel, prefix: str) -> Iterator[str]:
    for key in model.model_extra or {}:
        yield prefix + key
    for key in type(model).model_fields:
        value = getattr(model, key)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from _extras(item, f"{prefix}{key}.")


def _for_the_form(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Pydantic's schema as Airbyte's form reads it: nothing by reference, no null alternatives, const required."""
    if isinstance(node, list):
        return [_for_the_form(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if "$ref" in node:
        node = {**copy.deepcopy(definitions[re.sub(r"^.*/", "", node.pop("$ref"))]), **node}
    node.pop("discriminator", None)  # OpenAPI's keyword; the form tells options apart by their const.
    if "anyOf" in node:
        (alternative,) = [option for option in node.pop("anyOf") if option != {"type": "null"}]
        node = {**_for_the_form(alternative, definitions), **node}
    if node.get("default", 0) is None:
        del node["default"]
    node = {key: _for_the_form(value, definitions) for key, value in node.items()}
    if "oneOf" in node:
        node["type"] = "object"
        for option in node["oneOf"]:
            constants = [key for key, value in option["properties"].items() if "const" in value]
            option["required"] = constants + [key for key in option.get("required", []) if key not in constants]
    return node
