"""Settings for the two ways to sign in, and which tokens in a config belong together.

A sign-in through the platform's form replaces only the two tokens, and by hand only the refresh token is replaced; what
the connector kept from an earlier sign-in stays. So each expiry time is kept with a fingerprint of its token.

Source: airbytehq/airbyte-platform at 310e6cb6, useOauthFlowAdapter.tsx (read 2026-11-22).
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict

from destination_pinterest.config.setting import Settings, setting

# The end of 9999, in seconds since 1970.
_LATEST: Final = 253_402_300_799


def _plausible(moment: Any) -> int | None:
    """Returns a time that was kept; None if it can't be one: it must not make every later run fail."""
    try:
        seconds = float(moment)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(seconds) if 1 <= seconds <= _LATEST else None


KeptTime = Annotated[int | None, BeforeValidator(_plausible)]


class OAuthCredentials(Settings):
    """Recommended: sign in once. The connector renews the sign-in as long as it runs every 60 days."""

    model_config = ConfigDict(title="OAuth2.0")

    auth_method: Literal["oauth2.0"] = setting("oauth2.0", order=0)
    client_id: str = setting(
        min_length=1,
        description="The app ID, shown under My apps at developers.pinterest.com.",
        title="App ID",
        order=1,
        form={"airbyte_secret": True},
    )
    client_secret: str = setting(
        min_length=1,
        description="The app secret key, shown next to the app ID under My apps at developers.pinterest.com.",
        title="App secret key",
        order=2,
        form={"airbyte_secret": True},
    )
    refresh_token: str = setting(
        min_length=1,
        description=(
            "Filled in by signing in. By hand: the refresh_token from Pinterest's token endpoint, for an "
            "authorization with the scopes ads:read, ads:write and user_accounts:read."
        ),
        title="Refresh token",
        order=3,
        form={"airbyte_secret": True},
    )
    access_token: str | None = setting(
        None,
        description="Filled in by signing in and kept by the connector. Leave it empty.",
        title="Current access token",
        order=4,
        form={"airbyte_secret": True, "airbyte_hidden": True},
    )
    access_token_expires_at: KeptTime = setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Access token expires at",
        order=5,
        form={"airbyte_hidden": True},
    )
    refresh_token_expires_at: KeptTime = setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Refresh token expires at",
        order=6,
        form={"airbyte_hidden": True},
    )
    access_token_mark: str | None = setting(
        None,
        description="Kept by the connector: the access token that the time belongs to. Leave it empty.",
        title="Access token fingerprint",
        order=7,
        form={"airbyte_hidden": True},
    )
    refresh_token_mark: str | None = setting(
        None,
        description="Kept by the connector: the refresh token that the time belongs to. Leave it empty.",
        title="Refresh token fingerprint",
        order=8,
        form={"airbyte_hidden": True},
    )

    def without_leftovers(self) -> OAuthCredentials:
        """Returns these credentials without what was kept from an earlier sign-in.

        A time without its token is unknown. An access token that was kept with another refresh token is dropped too: a
            new refresh token may be another user's. An access token from the same sign-in stays.
        """
        is_same_sign_in = self.refresh_token_mark == token_fingerprint(self.refresh_token)
        is_kept = self.access_token_mark == token_fingerprint(self.access_token or "")
        update: dict[str, None] = {}
        if not is_same_sign_in:
            update["refresh_token_expires_at"] = None
        if not (is_kept and is_same_sign_in):
            update["access_token_expires_at"] = None
        if is_kept and not is_same_sign_in:
            update["access_token"] = None
        return self.model_copy(update=update)


def token_fingerprint(token: str) -> str:
    """Returns sixteen hexadecimal digits that identify a token and can't be turned back into it."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()[:16]


class AccessTokenCredentials(Settings):
    """A token entered by hand. It expires after 30 days and can't be renewed: for a first try, not for a schedule."""

    model_config = ConfigDict(title="Access token")

    auth_method: Literal["access_token"] = setting("access_token", order=0)
    access_token: str = setting(
        min_length=1,
        description=(
            "A token with the scopes ads:read, ads:write and user_accounts:read. Get it under My apps at "
            "developers.pinterest.com, your app, Generate access token."
        ),
        title="Access token",
        order=1,
        form={"airbyte_secret": True},
    )
