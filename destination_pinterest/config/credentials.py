"""The two ways to sign in."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from destination_pinterest.config.setting import setting


class OAuthCredentials(BaseModel):
    """Recommended: sign in once; the connector renews the sign-in by itself as long as it runs every 60 days."""

    model_config = ConfigDict(title="OAuth2.0", extra="allow", frozen=True)

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
        description="The app secret key, shown beside the app ID under My apps at developers.pinterest.com.",
        title="App secret key",
        order=2,
        form={"airbyte_secret": True},
    )
    refresh_token: str = setting(
        min_length=1,
        description=(
            "Filled in by signing in. By hand: the refresh_token that Pinterest's token endpoint returned for an "
            "authorization with the scopes ads:read, ads:write and user_accounts:read."
        ),
        title="Refresh token",
        order=3,
        form={"airbyte_secret": True},
    )
    access_token: str | None = setting(
        None,
        description="Kept by the connector between runs; leave it empty.",
        title="Current access token",
        order=4,
        form={"airbyte_secret": True, "airbyte_hidden": True},
    )
    access_token_expires_at: int | None = setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Access token expires at",
        order=5,
        form={"airbyte_hidden": True},
    )
    refresh_token_expires_at: int | None = setting(
        None,
        description="Kept by the connector between runs, in seconds since 1970; leave it empty.",
        title="Refresh token expires at",
        order=6,
        form={"airbyte_hidden": True},
    )


class AccessTokenCredentials(BaseModel):
    """A token pasted by hand. It dies after 30 days and can't be renewed: for a first try, not for a schedule."""

    model_config = ConfigDict(title="Access token", extra="allow", frozen=True)

    auth_method: Literal["access_token"] = setting("access_token", order=0)
    access_token: str = setting(
        min_length=1,
        description=(
            "A token with the scopes ads:read, ads:write and user_accounts:read: My apps at developers.pinterest.com, "
            "your app, Generate access token."
        ),
        title="Access token",
        order=1,
        form={"airbyte_secret": True},
    )
