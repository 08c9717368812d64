"""Airbyte's server at a declarative sign-in: renders the spec's templates, sends the person away, redeems the code.

Source: airbytehq/airbyte-platform 310e6cb6 (read 2026-11-22), airbyte-oauth: DeclarativeOAuthFlow.kt,
DeclarativeOAuthSpecHandler.kt (names, which parameters are encoded, states, extract_output), BaseOAuth2Flow.kt (the
request), BaseOAuthFlow.kt (which outputs go into the config). The server's templates are Jinjava's; these here mean the
same to Jinja.
"""

from __future__ import annotations

import base64
import random
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import jinja2
import jsonschema
import requests

# What the server shows in place of the workspace's client ID and secret; a connector that is run gets the real ones.
MASK = "******"
_STATE_CHARACTERS = string.ascii_letters + string.digits + ".-_"
# Refusals that the server passes on to the web app; all others are faults.
_PASSED_ON = {"access_denied"}


class SignInError(Exception):
    """The server could not go on, and why."""


class DeclarativeSignIn:
    """One person's sign-in.

    Args:
        advanced_auth: of the spec.
        app: client_id and client_secret, as the workspace's admin stored them.
        redirect_uri: where the consent page sends the person back to.
        chance: of the state.
    """

    def __init__(
        self, advanced_auth: Mapping[str, Any], app: Mapping[str, str], redirect_uri: str, chance: random.Random
    ) -> None:
        self._specification = advanced_auth["oauth_config_specification"]
        self._inputs = self._specification["oauth_connector_input_specification"]
        self._app = app
        self._redirect_uri = redirect_uri
        self._chance = chance
        self._templates = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
        self._templates.filters["b64encode"] = lambda text: base64.b64encode(text.encode()).decode()
        self._templates.filters["urlencode"] = quote_plus

    def consent_url(self) -> str:
        """Where the person is sent."""
        known = {"client_id": self._app["client_id"], "redirect_uri": self._redirect_uri, "state": self._new_state()}
        return self._rendered(self._inputs["consent_url"], known)

    def complete(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What the sign-in brings, by name, from the query that the person came back with.

        Raises:
            SignInError: no code, no state, or an answer without what is to be extracted.
        """
        if query.get("error") in _PASSED_ON:
            return {"request_succeeded": False, "request_error": query["error"]}
        for name in ("code", "state"):
            if name not in query:
                raise SignInError(f"the person came back without {name}: {sorted(query)}")
        answer = self._token_request(query)
        missing = [name for name in self._inputs["extract_output"] if answer.get(name) is None]
        if missing:
            raise SignInError(f"the token endpoint's answer lacks {missing}: {sorted(answer)}")
        # Numbers come as text too.
        brought = {name: str(answer[name]) for name in self._inputs["extract_output"]}
        return {
            **self._valid("complete_oauth_server_output_specification", dict.fromkeys(self._app, MASK)),
            **self._valid("complete_oauth_output_specification", brought),
        }

    def into_config(self, config: Mapping[str, Any], brought: Mapping[str, Any]) -> dict[str, Any]:
        """The config that the web app saves and, with the app's real values, the connector is run with."""
        filled = {**config}
        for part in ("complete_oauth_server_output_specification", "complete_oauth_output_specification"):
            for name, content in self._specification[part]["properties"].items():
                *outer, last = content["path_in_connector_config"]
                place = filled
                for key in outer:
                    place[key] = {**place.get(key, {})}
                    place = place[key]
                place[last] = self._app[name] if brought[name] == MASK else brought[name]
        return filled

    def _token_request(self, query: Mapping[str, str]) -> dict[str, Any]:
        known = {**self._app, "redirect_uri": self._redirect_uri, "code": query["code"], "state": query["state"]}
        headers = {
            self._rendered(name, known): self._rendered(value, known)
            for name, value in self._inputs["access_token_headers"].items()
        }
        parameters = {
            self._rendered(name, known): self._rendered(value, known)
            for name, value in self._inputs["access_token_params"].items()
        }
        # Parameters go as JSON unless the headers say otherwise.
        as_form = headers.get("Content-Type") == "application/x-www-form-urlencoded"
        body: dict[str, Any] = {"data": parameters} if as_form else {"json": parameters}
        url = self._rendered(self._inputs["access_token_url"], known)
        # Whatever its status, the server reads the answer as JSON and looks for what it wants in it.
        answer: dict[str, Any] = requests.post(url, headers=headers, timeout=20, **body).json()
        return answer

    def _rendered(self, template: str, known: Mapping[str, str]) -> str:
        """A template with what it may name: `…_value` for each thing that is known, and `…_param` for `name=value`."""
        encoded = {"redirect_uri", "scope"}
        names = {}
        for key, value in {"scope": self._inputs["scope"], **known}.items():
            name = "auth_code" if key == "code" else key
            names[f"{name}_value"] = value
            names[f"{name}_param"] = f"{key}={quote_plus(value) if key in encoded else value}"
        return self._templates.from_string(template).render(names)

    def _new_state(self) -> str:
        length = self._chance.randint(self._inputs["state"]["min"], self._inputs["state"]["max"])
        return "".join(self._chance.choices(_STATE_CHARACTERS, k=length))

    def _valid(self, part: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
        schema = self._specification[part]
        wanted = {name: value for name, value in outputs.items() if name in schema["properties"]}
        jsonschema.validate(wanted, schema)
        return wanted
