"""Reads a raw config: migrates older and hand-written ones, and reports faults without the values."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from destination_pinterest.config.model import Config
from destination_pinterest.config.setting import is_nothing
from destination_pinterest.error_codes import Code
from destination_pinterest.errors import InvalidConfigError
from destination_pinterest.json_document import DEEPEST, is_deeper_than

# Settings with several options, by the key that distinguishes the options.
_CHOICES: Final = {
    "credentials": "auth_method",
    "membership_store": "store_type",
    "suppression_store": "store_type",
    "operation_column": "mode",
}
_ACCOUNTS: Final = ("ad_account_id", "also_in_ad_accounts")
# What is expected, where pydantic speaks of Python's types.
_EXPECTED: Final = {
    "tuple_type": "a list",
    "list_type": "a list",
    "model_type": "an object with settings of its own",
    "model_attributes_type": "an object with settings of its own",
}
_FLAT_CREDENTIALS: Final = ("client_id", "client_secret", "refresh_token", "access_token")


def read_config(raw: Mapping[str, Any]) -> Config:
    """Returns the settings of a raw config, after `migrate`.

    Raises:
        InvalidConfigError: names each wrong setting and what it must be, but never its value.
    """
    try:
        return Config.model_validate(migrate(raw))
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors(include_url=False, include_input=False))
    # Not raised above: as its context, the other error would hold the settings, secrets and all.
    raise InvalidConfigError(Code.SETTINGS_INVALID, f"The settings can't be used: {faults}. Correct what is named.")


def migrate(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Brings an older or hand-written config into the present form; leaves unknown keys alone.

    Converts the names of API v4 (`advertiser_id`), credentials at the top level, credentials without `auth_method`, and
    ad account IDs written as numbers.

    Raises:
        InvalidConfigError: it is nested deeper than anything that works on it can go.
    """
    if is_deeper_than(raw, DEEPEST):
        raise InvalidConfigError(
            Code.SETTINGS_INVALID,
            f"The settings can't be used: they are nested more than {DEEPEST} levels deep. Take out what is nested so.",
        )
    config = copy.deepcopy(dict(raw))
    if config.get("ad_account_id") is None and config.get("advertiser_id") is not None:
        config["ad_account_id"] = config.pop("advertiser_id")
    config |= {key: _as_ids(config[key]) for key in _ACCOUNTS if key in config}
    if config.get("credentials") is None:
        flat = [key for key in _FLAT_CREDENTIALS if config.get(key) is not None]
        if flat:
            config["credentials"] = {key: config.pop(key) for key in flat}
    credentials = config.get("credentials")
    if isinstance(credentials, dict) and credentials.get("auth_method") is None and not is_nothing(credentials):
        is_renewed = credentials.get("refresh_token") is not None
        credentials["auth_method"] = "oauth2.0" if is_renewed else "access_token"
    return config


def _as_ids(value: object) -> object:
    if isinstance(value, list):
        return [_as_ids(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else value


def unknown_keys(config: Config) -> list[str]:
    """Returns unknown keys as dotted paths. Platforms add their own, which are ignored."""
    return sorted(_extras(config, ""))


def _fault(fault: Mapping[str, Any]) -> str:
    if not fault["loc"]:
        return "a setting's name is no text"
    outer, *inner = fault["loc"]
    if outer in _CHOICES:
        inner = inner[1:]  # The first is the chosen option, which is not a setting.
    path = ".".join(str(part) for part in (outer, *inner))
    field = Config.model_fields.get(str(outer))
    title = field.title if field else None
    # Each further ad account is written as the first.
    patterned = Config.model_fields["ad_account_id"] if outer in _ACCOUNTS else field
    extra = patterned.json_schema_extra if patterned else None
    if fault["type"] == "string_pattern_mismatch" and isinstance(extra, dict) and "pattern_descriptor" in extra:
        words: str | None = str(extra["pattern_descriptor"])
    else:
        words = _EXPECTED.get(fault["type"])
    if words is not None:
        return f"{_named(title, path)} must be {words}"
    if fault["type"] == "missing":
        return f"{_named(title, path)} is missing"
    if fault["type"] == "union_tag_invalid":
        options = fault["ctx"]["expected_tags"].replace("'", "").replace(", ", " or ")
        return f"{_named(title, f'{path}.{_CHOICES[outer]}')} must be {options}"
    if fault["type"] == "union_tag_not_found":
        return f"{_named(title, f'{path}.{_CHOICES[outer]}')} is missing"
    message = str(fault["msg"])
    return f"{_named(title, path)}: {message[:1].lower()}{message[1:]}"


def _named(title: str | None, path: str) -> str:
    """Names a setting as the form and as a config file do."""
    return f"`{path}`" if title is None else f"{title} (`{path}`)"


def _extras(model: BaseModel, prefix: str) -> Iterator[str]:
    for key in model.model_extra or {}:
        yield prefix + key
    for key in type(model).model_fields:
        value = getattr(model, key)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, BaseModel):
                yield from _extras(item, f"{prefix}{key}.")
