"""The app with which a person signs in: its ID and secret, where consent is asked for, and where Pinterest answers to.

Source: developers.pinterest.com, "Set up authentication and authorization" (read 2026-11-22): the consent page, its
parameters, and that the redirect URI must be one that is registered in the app, character by character;
github.com/pinterest/api-quickstart, whose default is http://localhost:8085/ (from memory, not read again).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from destination_pinterest.config.api_address import PINTEREST_API
from destination_pinterest.error_codes import Code
from pinterest_audiences.failures import UsageError

DEFAULT_PORT: Final = 8085
# Those of the connector's specification; a test compares them.
SCOPES: Final = ("ads:read", "ads:write", "user_accounts:read")
_CONSENT: Final = "https://www.pinterest.com/oauth/"
_HIGHEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, repr=False)
class App:
    """An app at Pinterest, or at a sandbox. Never printed."""

    client_id: str
    client_secret: str
    api_base_url: str
    redirect_uri: str

    def consent_address(self, state: str) -> str:
        """The address of the page on which a person lets the app in."""
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": ",".join(SCOPES),
            "state": state,
        }
        return f"{consent_page(self.api_base_url)}?{urlencode(asked)}"


def consent_page(api_base_url: str) -> str:
    """Where consent is asked for: Pinterest's site for its API, and a sandbox's own page for a sandbox."""
    parts, pinterest = urlsplit(api_base_url), urlsplit(PINTEREST_API)
    domain = (pinterest.hostname or "").partition(".")[2]
    if (parts.hostname or "").endswith(f".{domain}"):
        return _CONSENT
    return f"{parts.scheme}://{parts.netloc}/oauth/"


def redirect_uri_of(port: int) -> str:
    """The redirect URI of this machine. Raises: UsageError for a port that there is not."""
    if not 1 <= port <= _HIGHEST_PORT:
        raise UsageError(Code.USAGE_WRONG, f"--port {port} is no port. Name one from 1 to {_HIGHEST_PORT}.")
    return f"http://localhost:{port}/"


def port_here(redirect_uri: str) -> int | None:
    """The port on which this machine gets the answer; None if it goes elsewhere.

    Raises: UsageError if it is no address of a page.
    """
    try:
        parts = urlsplit(redirect_uri)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.fragment:
        raise UsageError(
            Code.USAGE_WRONG,
            f"--redirect-uri {redirect_uri!r} is no address of a page. Give it as it is registered in the app.",
        )
    return (port or 80) if parts.scheme == "http" and _is_this_machine(parts.hostname) else None


@dataclass(frozen=True, slots=True, repr=False)
class Redirected:
    """What Pinterest has put into the redirect URI. Never printed."""

    code: str | None
    state: str | None
    error: str | None

    @classmethod
    def of(cls, address: str) -> Redirected:
        """As an address says it, whole or only its path."""
        # Not by urlsplit, which refuses what is no address, and this may be anything.
        _, _, query = address.strip().partition("#")[0].partition("?")
        found = dict(parse_qsl(query))
        return cls(found.get("code"), found.get("state"), found.get("error"))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
