"""The output of `spec`: the form of config/, the sign-in that the platform performs, and the sync modes.

The sign-in is declared, not coded: the platform renders these templates, sends the user to Pinterest's consent page and
exchanges the code. Pinterest wants the app's credentials in a Basic header and the rest as a form.

The access token comes with the refresh token, so that checking a destination that is not saved yet needs no refresh. A
    refresh may invalidate the refresh token in the form, and the new one would be lost: a CONTROL message is kept only
    for a saved destination.

Source: airbytehq/airbyte-protocol AdvancedAuth; airbytehq/airbyte-platform at 310e6cb6, DeclarativeOAuthSpecHandler
(every extracted field must be in the answer, and comes as text, so no times are asked for) and
ConnectorMessageProcessor (nothing is kept without an actor); Pinterest, "Set up authentication and authorization" (all
read 2026-11-22).
"""

from __future__ import annotations

from typing import Any, Final

from destination_pinterest.config import PINTEREST_API, connection_specification
from destination_pinterest.routing.plan import SYNC_MODES

DOCUMENTATION_URL: Final = "https://docs.airbyte.com/integrations/destinations/pinterest"
SCOPES: Final = ("ads:read", "ads:write", "user_accounts:read")


def connector_specification() -> dict[str, Any]:
    """Returns the ConnectorSpecification, as JSON-like data."""
    return {
        "documentationUrl": DOCUMENTATION_URL,
        "connectionSpecification": connection_specification(),
        "supportsIncremental": True,
        "supported_destination_sync_modes": list(SYNC_MODES),
        "advanced_auth": _advanced_auth(),
    }


def _advanced_auth() -> dict[str, Any]:
    client_id_and_secret = {"client_id": {"type": "string"}, "client_secret": {"type": "string"}}
    tokens = ["refresh_token", "access_token"]
    return {
        "auth_flow_type": "oauth2.0",
        "predicate_key": ["credentials", "auth_method"],
        "predicate_value": "oauth2.0",
        "oauth_config_specification": {
            "oauth_connector_input_specification": {
                "consent_url": (
                    "https://www.pinterest.com/oauth/"
                    "?{{client_id_param}}&{{redirect_uri_param}}&response_type=code&{{scope_param}}&{{state_param}}"
                ),
                "scope": ",".join(SCOPES),
                "access_token_url": f"{PINTEREST_API}/oauth/token",
                # Setting headers replaces the platform's own, so Accept is repeated here.
                "access_token_headers": {
                    "Authorization": "Basic {{ (client_id_value ~ ':' ~ client_secret_value) | b64encode }}",
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                },
                "access_token_params": {
                    "grant_type": "authorization_code",
                    "code": "{{ auth_code_value }}",
                    "redirect_uri": "{{ redirect_uri_value }}",
                    # For apps made before 25 September 2025; later ones always get a continuous refresh token.
                    "continuous_refresh": "true",
                },
                "extract_output": tokens,
                "state": {"min": 16, "max": 64},
            },
            "complete_oauth_output_specification": {
                "type": "object",
                "additionalProperties": False,
                "required": tokens,
                "properties": {
                    token: {
                        "type": "string",
                        "path_in_connector_config": ["credentials", token],
                        "path_in_oauth_response": [token],
                    }
                    for token in tokens
                },
            },
            "complete_oauth_server_input_specification": {
                "type": "object",
                "additionalProperties": False,
                "required": ["client_id", "client_secret"],
                "properties": client_id_and_secret,
            },
            "complete_oauth_server_output_specification": {
                "type": "object",
                "additionalProperties": False,
                "required": ["client_id", "client_secret"],
                "properties": {
                    key: {**schema, "path_in_connector_config": ["credentials", key]}
                    for key, schema in client_id_and_secret.items()
                },
            },
        },
    }
