"""What tests of the assembled connector share: Pinterest behind requests' adapter, a clock, and a reader of output."""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from destination_pinterest.protocol.emit import MessageWriter
from unit_tests.support.clock import Clock
from unit_tests.support.outbox import Outbox
from unit_tests.support.rig import hand_executor, make_client, make_lane, make_rig, session

__all__ = ["hand_executor", "make_client", "make_lane", "make_rig", "session"]  # fixtures of every room

AD_ACCOUNT = "549755885175"
STREAMS = Path(__file__).parent / "streams"


@dataclass(frozen=True)
class Asked:
    """One request that reached the far end."""

    method: str
    path: str
    body: Any
    authorization: str


@dataclass
class Trouble:
    """What happens to the next `times` requests that fit, instead of an answer or (`acted`) of the answer only."""

    method: str
    path: str
    outcome: Callable[[], requests.Response]
    times: int
    acted: bool


class FakePinterest:
    """Pinterest's API v5 as far as a sync speaks it. Thread-safe; counts and forgets nothing."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {"id": AD_ACCOUNT, "name": "Shop", "permissions": ["ADMIN"]}
        self.username = "owner"
        self.lists: dict[str, dict[str, Any]] = {}
        self.audiences: dict[str, dict[str, Any]] = {}
        self.members: dict[str, set[str]] = {}
        self.asked: list[Asked] = []
        self.in_flight: list[Asked] = []
        self.before: Callable[[Asked], None] = lambda _: None
        self.page_size = 250
        self.rule_changes = "allow"  # or "refuse", or "ignore" with an answer that looks well
        self.granted_scope: str | None = "ads:read,ads:write,user_accounts:read"
        self.refreshes = 0
        self.chain_s = 5_184_000
        self._troubles: list[Trouble] = []
        self._next_id = 1000
        self._lock = threading.Lock()

    def refuse(
        self, method: str, path: str, status: int, message: str = "no", *, code: int = 1, times: int = 1, **headers: str
    ) -> None:
        """Answers so, without acting."""
        body = {"code": code, "message": message}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._troubles.append(Trouble(method, path, lambda: reply(status, body, named), times, acted=False))

    def lose(self, method: str, path: str, *, acted: bool, times: int = 1) -> None:
        """Gives no answer; `acted`: after having done what was asked."""

        def silence() -> requests.Response:
            raise requests.ConnectionError(ConnectionResetError())

        self._troubles.append(Trouble(method, path, silence, times, acted))

    def add_list(self, name: str, *members: str, **more: Any) -> str:
        """A customer list that is there already."""
        list_id = self._new_id()
        counted = {"num_uploaded_user_records": len(members), "num_removed_user_records": 0, "num_batches": 1}
        self.lists[list_id] = {"id": list_id, "name": name, "status": "READY", **counted, **more}
        self.members[list_id] = set(members)
        return list_id

    def add_audience(self, name: str, list_id: str | None, kind: str = "CUSTOMER_LIST", **more: Any) -> str:
        """An audience that is there already."""
        audience_id = self._new_id()
        rule = {} if list_id is None else {"rule": {"customer_list_id": list_id}}
        self.audiences[audience_id] = {
            "id": audience_id, "name": name, "audience_type": kind, "status": "READY", "size": 120, **rule, **more,
        }  # fmt: skip
        return audience_id

    def members_of(self, name: str) -> set[str]:
        """Who is in the only list of that name."""
        (list_id,) = [found["id"] for found in self.lists.values() if found["name"] == name]
        return self.members[list_id]

    def asked_for(self, method: str, path: str = "") -> list[Asked]:
        """The requests of a method whose path fits a pattern."""
        return [asked for asked in self.asked if asked.method == method and re.search(path, asked.path)]

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """In the place of HTTPAdapter.send."""
        url = urlsplit(str(request.url))
        is_form = str(request.headers.get("Content-Type", "")).startswith("application/x-www-form")
        body = request.body or b""
        content = parse_qs(bytes(body).decode()) if is_form else json.loads(body or b"null")
        path = url.path.removeprefix("/v5")
        asked = Asked(str(request.method), path, content, request.headers["Authorization"])
        with self._lock:
            self.asked.append(asked)
            self.in_flight.append(asked)
            trouble = self._trouble(asked)
        try:
            self.before(asked)
            if trouble is not None and not trouble.acted:
                return trouble.outcome()
            with self._lock:
                response = self._act(asked, parse_qs(url.query))
            return response if trouble is None else trouble.outcome()
        finally:
            with self._lock:
                self.in_flight.remove(asked)

    def _trouble(self, asked: Asked) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.times and trouble.method == asked.method and re.search(trouble.path, asked.path):
                trouble.times -= 1
                return trouble
        return None

    def _act(self, asked: Asked, query: Mapping[str, list[str]]) -> requests.Response:  # noqa: PLR0911 - a table
        account = f"/ad_accounts/{AD_ACCOUNT}"
        match asked.method, asked.path.removeprefix(account).strip("/").split("/"):
            case "POST", ["oauth", "token"]:
                return self._new_tokens()
            case "GET", ["user_account"]:
                return reply(200, {"username": self.username})
            case "GET", [""]:
                return reply(200, self.account)
            case "GET", ["customer_lists" | "audiences" as kind]:
                return self._page(self.lists if kind == "customer_lists" else self.audiences, query)
            case "GET", ["customer_lists" | "audiences" as kind, number]:
                return self._one(self.lists if kind == "customer_lists" else self.audiences, number)
            case "POST", ["customer_lists"]:
                list_id = self.add_list(asked.body["name"], *asked.body["records"].split(","), status="PROCESSING")
                self.lists[list_id]["type"] = asked.body["list_type"]
                return reply(201, self.lists[list_id])
            case "PATCH", ["customer_lists", number]:
                return self._change(number, asked.body)
            case "PATCH", ["audiences", number]:
                return self._change_audience(number, asked.body)
            case "POST", ["audiences"]:
                audience_id = self.add_audience(asked.body["name"], asked.body["rule"]["customer_list_id"], size=None)
                return reply(201, self.audiences[audience_id])
        return reply(404, {"code": 404, "message": "no such path"})

    def _change(self, list_id: str, body: Mapping[str, str]) -> requests.Response:
        if list_id not in self.lists:
            return reply(404, {"code": 4, "message": "Customer list not found."})
        named = set(body["records"].split(","))
        members = self.members[list_id]
        is_adding = body["operation_type"] == "ADD"
        self.members[list_id] = members | named if is_adding else members - named
        counter = "num_uploaded_user_records" if is_adding else "num_removed_user_records"
        self.lists[list_id][counter] += len(named)
        self.lists[list_id]["num_batches"] += 1
        return reply(200, self.lists[list_id])

    def _change_audience(self, audience_id: str, body: Mapping[str, Any]) -> requests.Response:
        if audience_id not in self.audiences:
            return reply(404, {"code": 4, "message": "Audience not found."})
        changes = {key: body[key] for key in ("name", "description", "rule") if key in body}
        if "rule" in changes and self.rule_changes == "refuse":
            return reply(400, {"code": 1, "message": "The rule of an audience cannot be changed."})
        if self.rule_changes == "ignore":
            changes.pop("rule", None)
        self.audiences[audience_id].update(changes)
        return reply(200, self.audiences[audience_id])

    def _page(self, things: Mapping[str, Any], query: Mapping[str, list[str]]) -> requests.Response:
        start = int(query.get("bookmark", ["0"])[0])
        items = list(things.values())
        end = start + self.page_size
        return reply(200, {"items": items[start:end], "bookmark": str(end) if end < len(items) else None})

    @staticmethod
    def _one(things: Mapping[str, Any], number: str) -> requests.Response:
        if number not in things:
            return reply(404, {"code": 4, "message": "not found"})
        return reply(200, things[number])

    def _new_tokens(self) -> requests.Response:
        self.refreshes += 1
        tokens = {
            "access_token": f"pina_new_{self.refreshes}", "refresh_token": f"pinr_new_{self.refreshes}",
            "expires_in": 2_592_000, "refresh_token_expires_in": self.chain_s, "scope": self.granted_scope,
        }  # fmt: skip
        return reply(200, tokens)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id)


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> requests.Response:
    """An answer as requests' adapter gives it."""
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(json.dumps(body).encode())
    response.headers.update(headers or {})
    return response


@pytest.fixture
def pinterest(monkeypatch: pytest.MonkeyPatch) -> FakePinterest:
    """Every request of the process ends here."""
    far_end = FakePinterest()
    monkeypatch.setattr(HTTPAdapter, "send", lambda _self, request, **_: far_end.answer(request))
    return far_end


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def messages(outbox: Outbox, clock: Clock) -> MessageWriter:
    return MessageWriter(outbox, now=clock.now, scrub=lambda text: text)


@pytest.fixture
def raw_config() -> dict[str, Any]:
    """A config with a token that can't be renewed, for an app whose quota is not limited."""
    return {
        "credentials": {"auth_method": "access_token", "access_token": "pina_pasted"},
        "ad_account_id": AD_ACCOUNT,
        "access_tier": "none",
    }


@pytest.fixture
def oauth_config() -> dict[str, Any]:
    """A config with a sign-in that has no access token yet."""
    credentials = {
        "auth_method": "oauth2.0", "client_id": "1234567", "client_secret": "app-secret", "refresh_token": "pinr_first",
    }  # fmt: skip
    return {"credentials": credentials, "ad_account_id": AD_ACCOUNT, "access_tier": "none"}


@pytest.fixture
def scenario() -> Callable[[str], bytes]:
    """The lines of one file under streams/."""
    return lambda name: (STREAMS / f"{name}.jsonl").read_bytes()
