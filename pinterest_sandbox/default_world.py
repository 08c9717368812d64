"""The world that a sandbox starts with: a business with ad accounts, others beside it, one app, and tokens that work.

The business may fill three ad accounts, only read that of its sister, and not see a stranger's.

The ids are the examples of Pinterest's description, so that nobody mistakes them for real accounts.
"""

from __future__ import annotations

from pinterest_sandbox.entities import AccessToken, AdAccount, App, RefreshToken, User
from pinterest_sandbox.oauth import REFRESH_TOKEN_LIFE_S, SCOPES
from pinterest_sandbox.world import World

USER_ID = "729090764583391194"
SISTER_BUSINESS_ID = "729090764583391195"
STRANGER_ID = "729090764583391999"
AD_ACCOUNT_ID = "549755885175"
EUROPE_AD_ACCOUNT_ID = "549755885180"
ASIA_AD_ACCOUNT_ID = "549755885190"
SISTER_AD_ACCOUNT_ID = "549755885176"
FOREIGN_AD_ACCOUNT_ID = "549755885999"
CLIENT_ID = "1234567"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - known to everyone, and good for nothing else
ACCESS_TOKEN = "pina_sandbox"  # noqa: S105
REFRESH_TOKEN = "pinr_sandbox"  # noqa: S105
# Any page of this machine, and any page over TLS: a developer's app, not one that went through review.
REDIRECT_URIS = ["http://localhost*", "http://127.0.0.1*", "https://*"]

_HIERARCHY = "1"
_FOREIGN_HIERARCHY = "2"


def populate(world: World) -> None:
    """Fill an empty world. The access token never ends; the refresh token lives its 60 days."""
    now = int(world.now())
    world.save(world.odometer)
    world.save(User(USER_ID, "sandbox_business", "Sandbox Business", _HIERARCHY))
    world.save(User(SISTER_BUSINESS_ID, "sandbox_sister", "Sandbox Sister Business", _HIERARCHY))
    world.save(User(STRANGER_ID, "sandbox_stranger", "Sandbox Stranger", _FOREIGN_HIERARCHY))
    world.save(AdAccount(AD_ACCOUNT_ID, "Sandbox Ad Account", USER_ID, "US", "USD", now, now))
    world.save(AdAccount(EUROPE_AD_ACCOUNT_ID, "Sandbox Europe", USER_ID, "DE", "EUR", now, now))
    world.save(AdAccount(ASIA_AD_ACCOUNT_ID, "Sandbox Asia", USER_ID, "JP", "JPY", now, now))
    world.save(
        AdAccount(
            SISTER_AD_ACCOUNT_ID,
            "Sandbox Sister Account",
            SISTER_BUSINESS_ID,
            "CA",
            "CAD",
            now,
            now,
            roles={USER_ID: ["ANALYST"]},
        )
    )
    world.save(AdAccount(FOREIGN_AD_ACCOUNT_ID, "Foreign Ad Account", STRANGER_ID, "US", "USD", now, now))
    world.save(App(CLIENT_ID, CLIENT_SECRET, "Sandbox App", REDIRECT_URIS))
    world.save(AccessToken(ACCESS_TOKEN, CLIENT_ID, USER_ID, list(SCOPES), expires_at=None))
    world.save(
        RefreshToken(REFRESH_TOKEN, CLIENT_ID, USER_ID, list(SCOPES), expires_at=world.now() + REFRESH_TOKEN_LIFE_S)
    )
    world.commit()
