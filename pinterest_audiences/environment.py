"""Takes secrets from the environment: `${NAME}` in the config file's texts and in --from, and PINTEREST_… variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

# `$${NAME}` stands for `${NAME}` itself.
_PLACEHOLDER: Final = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
AD_ACCOUNT: Final = "PINTEREST_AD_ACCOUNT_ID"
API_BASE_URL: Final = "PINTEREST_API_BASE_URL"
_SETTINGS: Final = {"ad_account_id": AD_ACCOUNT, "api_base_url": API_BASE_URL}
ACCESS_TOKEN: Final = "PINTEREST_ACCESS_TOKEN"  # noqa: S105 - names of variables
REFRESH_TOKEN: Final = "PINTEREST_REFRESH_TOKEN"  # noqa: S105
_SIGN_IN: Final = {
    "client_id": "PINTEREST_CLIENT_ID",
    "client_secret": "PINTEREST_CLIENT_SECRET",
    "refresh_token": REFRESH_TOKEN,
}
_OAUTH: Final = "oauth2.0"
# Both the name of a way to sign in and of the token that it needs.
_ACCESS: Final = "access_token"
_FLAT: Final = ("client_id", "client_secret", "refresh_token", "access_token")


def expanded(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """Returns a config's value with the variables in its texts. Raises: UsageError for one that is not set."""
    match value:
        case str():
            return _replaced(value, environment, where, str)
        case dict():
            return {key: expanded(each, environment, where) for key, each in value.items()}
        case list():
            return [expanded(each, environment, where) for each in value]
        case _:
            return value


def expanded_address(address: str, environment: Mapping[str, str]) -> str:
    """Returns --from with its variables; within a URL, what they hold is encoded. Raises: UsageError as `expanded`."""
    is_whole = _PLACEHOLDER.fullmatch(address) is not None
    encode = (lambda text: quote(text, safe="")) if "://" in address and not is_whole else str
    return _replaced(address, environment, "--from", encode)


def without_values(text: str, address: str, environment: Mapping[str, str]) -> str:
    """Returns a message about an address with its variables' names in place of what they hold.

    That may be a password, also where the address is not the URL that it should be, or is quoted in part.
    """
    whole = expanded_address(address, environment)
    text = text.replace(repr(whole)[1:-1], address).replace(whole, address)
    for found in _PLACEHOLDER.finditer(address):
        value = environment.get(found[2]) if not found[1] else None
        for written in (value, quote(value, safe=""), repr(value)[1:-1]) if value else ():
            text = text.replace(written, found[0])
    return text


def has_placeholder(value: Any) -> bool:
    """Whether a value is a text that names a variable."""
    return isinstance(value, str) and any(not found[1] for found in _PLACEHOLDER.finditer(value))


def has_credentials(content: Mapping[str, Any]) -> bool:
    """Whether a config says how to sign in, by itself or by the variables that it names."""
    credentials = content.get("credentials")
    inside = credentials if isinstance(credentials, dict) else {}
    return any((inside.get(key), content.get(key)) != (None, None) for key in (*_FLAT, "auth_method"))


def filled(content: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Returns a config with what it lacks and the environment has. What the config says stays; null says nothing."""
    found: dict[str, Any] = {
        key: environment[name] for key, name in _SETTINGS.items() if content.get(key) is None and environment.get(name)
    }
    if any(content.get(key) is not None for key in _FLAT):
        return {**content, **found}
    credentials = content.get("credentials")
    if credentials is None or isinstance(credentials, dict):
        signed_in = _credentials(credentials or {}, environment)
        found |= {"credentials": signed_in} if signed_in else {}
    return {**content, **found}


def _credentials(credentials: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The credentials, with what they lack. A sign-in that is renewed is preferred to a token that ends."""
    credentials = {key: value for key, value in credentials.items() if value is not None}
    given = {key: environment[name] for key, name in _SIGN_IN.items() if environment.get(name)}
    token = environment.get(ACCESS_TOKEN)
    method = credentials.get("auth_method") or _method(credentials) or _method({**given, _ACCESS: token})
    if method == _OAUTH:
        return {"auth_method": _OAUTH, **given, **credentials}
    if method == _ACCESS and token:
        return {"auth_method": _ACCESS, _ACCESS: token, **credentials}
    return dict(credentials)


def _method(credentials: Mapping[str, Any]) -> str | None:
    if credentials.get("refresh_token"):
        return _OAUTH
    return _ACCESS if credentials.get(_ACCESS) else None


def _replaced(text: str, environment: Mapping[str, str], where: str, encode: Callable[[str], str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        if found[2] not in environment:
            raise UsageError(
                Code.ENVIRONMENT_VARIABLE_UNSET,
                f"{where} names ${{{found[2]}}}, and the environment has no such variable. Set {found[2]}.",
            )
        return encode(environment[found[2]])

    return _PLACEHOLDER.sub(value, text)
