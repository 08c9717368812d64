"""Pinterest's API v5 as far as a sync speaks it, in memory and without its rules: a `Wire` that tests look behind.

Nothing here is strict: whether requests are as Pinterest wants them is tested against the sandbox, with which a test
compares the answers.
"""

from __future__ import annotations

import json
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import requests
from requests.structures import CaseInsensitiveDict

from destination_pinterest.api.wire import Lost, Message, Reply, Wire, lost_by
from destination_pinterest.system import System

AD_ACCOUNT = "549755885175"
SISTER_ACCOUNT = "549755885176"


T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """One request that reached the far end."""

    method: str
    path: str
    body: dict[str, Any]
    authorization: str


@dataclass
class Trouble:
    """What happens to the next `times` requests that fit, instead of an answer or (`acted`) of the answer only."""

    method: str
    path: str
    outcome: Callable[[], Reply | Lost]
    times: int
    acted: bool


class FakePinterest:
    """Pinterest's API v5 as far as a sync speaks it. Thread-safe; counts and forgets nothing."""

    def __init__(self) -> None:
        self.account: dict[str, Any] = {"id": AD_ACCOUNT, "name": "Shop", "permissions": ["ADMIN"]}
        self.sister: dict[str, Any] = {"id": SISTER_ACCOUNT, "name": "Sister", "permissions": ["ADMIN"]}
        self.reached = [self.account]  # what the listing of ad accounts shows
        self.owners: dict[str, str] = {}  # of lists and audiences; the first ad account's are left out
        self.username = "owner"
        self.lists: dict[str, dict[str, Any]] = {}
        self.audiences: dict[str, dict[str, Any]] = {}
        self.members: dict[str, set[str]] = {}
        self.shares: set[tuple[str, str, str]] = set()  # audience, account_type, account
        self.no_recipients: set[str] = set()  # accounts with which nothing can be shared
        self.asked: list[Asked] = []
        self.in_flight: list[Asked] = []
        self.before: Callable[[Asked], None] = lambda _: None
        self.page_size = 250
        self.takes_at_most: int | None = None  # so many records in one request
        self.above = "cut"  # without a word; or the status of the refusal
        self.above_says = "Too many records."
        self.counts_late = False  # whether counters show a request only after the next one
        self.stored_name: Callable[[str], str] = lambda name: name  # what becomes of a name that is sent
        self.shows_rules = True  # whether the listing of audiences says what they are made of
        self.rule_changes = "allow"  # or "refuse", or "ignore" with an answer that looks well
        # Ids that no listing shows and no request finds yet; whether what is created is among them.
        self.hidden: set[str] = set()
        self.hides_new = False
        self.hidden_answer: tuple[int, str] = (404, "Not found.")
        self.granted_scope: str | None = "ads:read,ads:write,user_accounts:read"
        self.refreshes = 0
        self.refresh_token_life_s = 5_184_000
        self._troubles: list[Trouble] = []
        self._next_id = 1000
        self._lock = threading.Lock()

    def refuse(
        self, method: str, path: str, status: int, message: str = "no", *, code: int = 1, times: int = 1, **headers: str
    ) -> None:
        """Answers so, without acting."""
        self.answer(method, path, status, {"code": code, "message": message}, times=times, **headers)

    def answer(self, method: str, path: str, status: int, body: object, *, times: int = 1, **headers: str) -> None:
        """Answers with this body, without acting."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._troubles.append(Trouble(method, path, lambda: reply(status, body, named), times, acted=False))

    def lose(self, method: str, path: str, *, acted: bool, times: int = 1) -> None:
        """Gives no answer; `acted`: after having done what was asked."""

        self._troubles.append(
            Trouble(method, path, lambda: lost_by(requests.ConnectionError(ConnectionResetError())), times, acted)
        )

    def stop_trouble(self) -> None:
        """Answers as it should from now on."""
        self._troubles.clear()

    def add_list(self, name: str, *members: str, account: str = AD_ACCOUNT, **more: object) -> str:
        """A customer list that is there already."""
        list_id = self._new_id(account)
        counted = {"num_uploaded_user_records": len(members), "num_removed_user_records": 0, "num_batches": 1}
        self.lists[list_id] = {"id": list_id, "name": name, "status": "READY", **counted, **more}
        self.members[list_id] = set(members)
        return list_id

    def add_audience(
        self,
        name: str,
        list_id: str | None,
        kind: str = "CUSTOMER_LIST",
        *,
        account: str = AD_ACCOUNT,
        **more: object,
    ) -> str:
        """An audience that is there already."""
        audience_id = self._new_id(account)
        rule = {} if list_id is None else {"rule": {"customer_list_id": list_id}}
        self.audiences[audience_id] = {
            "id": audience_id, "name": name, "audience_type": kind, "status": "READY", "size": 120, **rule, **more,
        }  # fmt: skip
        return audience_id

    def members_of(self, name: str, account: str = AD_ACCOUNT) -> set[str]:
        """Who is in the only list of that name in an ad account."""
        (list_id,) = [found["id"] for found in self._owned(self.lists, account).values() if found["name"] == name]
        return self.members[list_id]

    def people_in(self, name: str, account: str = AD_ACCOUNT) -> set[str]:
        """Who is in the only audience of that name in an ad account."""
        (found,) = [one for one in self._owned(self.audiences, account).values() if one["name"] == name]
        return self.members[found["rule"]["customer_list_id"]]

    def asked_for(self, method: str, path: str = "") -> list[Asked]:
        """The requests of a method whose path fits a pattern."""
        return [asked for asked in self.asked if asked.method == method and re.search(path, asked.path)]

    def open_wire(self, _base_url: str, _system: System) -> Wire:
        """For whoever makes the way to Pinterest."""
        return self

    def exchange(self, message: Message) -> Reply | Lost:
        """See Wire."""
        url = urlsplit(message.path)
        is_form = message.headers.get("Content-Type", "").startswith("application/x-www-form")
        body = message.body or b""
        content = parse_qs(body.decode()) if is_form else json.loads(body or b"{}")
        asked = Asked(message.method, url.path, content, message.headers["Authorization"])
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

    def _act(self, asked: Asked, query: Mapping[str, list[str]]) -> Reply:  # noqa: PLR0911, PLR0912 - a table
        named = re.match(rf"/ad_accounts/({AD_ACCOUNT}|{SISTER_ACCOUNT})", asked.path)
        account = named[1] if named else AD_ACCOUNT
        match asked.method, asked.path.removeprefix(f"/ad_accounts/{account}").strip("/").split("/"):
            case "GET", ["ad_accounts"]:
                return self._page({one["id"]: one for one in self.reached}, query)
            case "POST", ["oauth", "token"]:
                return self._new_tokens()
            case "GET", ["user_account"]:
                return reply(200, {"username": self.username})
            case "GET", [""]:
                return reply(200, self.account if account == AD_ACCOUNT else self.sister)
            case "GET", ["customer_lists" | "audiences" as kind]:
                things = self.lists if kind == "customer_lists" else self._listed_audiences()
                return self._page(self._owned(things, account), query)
            case "GET", ["customer_lists" | "audiences" as kind, number]:
                return self._one(
                    self._owned(self.lists if kind == "customer_lists" else self.audiences, account), number
                )
            case "POST" | "PATCH", ["customer_lists", *_] if self._is_refused(asked.body):
                return reply(int(self.above), {"code": 1, "message": self.above_says})
            case "POST", ["customer_lists"]:
                name = self.stored_name(asked.body["name"])
                records = self._taken(asked.body)
                list_id = self.add_list(name, *records, account=account, status="PROCESSING")
                self.lists[list_id]["type"] = "customerlist"
                late = {"num_uploaded_user_records": 0} if self.counts_late else {}
                return reply(201, {**self.lists[list_id], **late})
            case "PATCH", ["customer_lists", number]:
                return self._change(number, asked.body)
            case "PATCH", ["audiences", number]:
                return self._change_audience(number, asked.body)
            case "POST", ["audiences"] if asked.body["audience_type"] == "ACTALIKE":
                said = {key: asked.body[key] for key in ("description", "rule")}
                audience_id = self.add_audience(asked.body["name"], None, "ACTALIKE", account=account, **said)
                return reply(201, self.audiences[audience_id])
            case "GET", ["audiences", "shared", "accounts"]:
                return self._shared_accounts(query["audience_id"][0], query["account_type"][0])
            case "PATCH", ["audiences", "ad_accounts" | "businesses" as kind, "shared"]:
                return self._share(kind, asked.body)
            case "POST", ["audiences"]:
                said = {key: asked.body[key] for key in ("description",) if key in asked.body}
                made_of = asked.body["rule"]["customer_list_id"]
                if made_of in self.hidden:
                    return self._unseen()
                name = self.stored_name(asked.body["name"])
                audience_id = self.add_audience(name, made_of, account=account, size=None, **said)
                return reply(201, self.audiences[audience_id])
        return reply(404, {"code": 404, "message": "no such path"})

    def _change(self, list_id: str, body: Mapping[str, str]) -> Reply:
        if list_id in self.hidden:
            return self._unseen()
        if list_id not in self.lists:
            return reply(404, {"code": 4, "message": "Customer list not found."})
        named = set(self._taken(body))
        before = dict(self.lists[list_id])
        members = self.members[list_id]
        is_adding = body["operation_type"] == "ADD"
        self.members[list_id] = members | named if is_adding else members - named
        counter = "num_uploaded_user_records" if is_adding else "num_removed_user_records"
        self.lists[list_id][counter] += len(named)
        self.lists[list_id]["num_batches"] += 1
        return reply(200, before if self.counts_late else self.lists[list_id])

    def _is_refused(self, body: Mapping[str, str]) -> bool:
        return self.above != "cut" and len(body["records"].split(",")) > (self.takes_at_most or math.inf)

    def _taken(self, body: Mapping[str, str]) -> list[str]:
        return body["records"].split(",")[: self.takes_at_most]

    def _change_audience(self, audience_id: str, body: Mapping[str, Any]) -> Reply:
        if not self.hidden.isdisjoint({audience_id, body.get("rule", {}).get("customer_list_id")}):
            return self._unseen()
        if audience_id not in self.audiences:
            return reply(404, {"code": 4, "message": "Audience not found."})
        if body["operation_type"] == "REMOVE":
            return reply(200, self.audiences.pop(audience_id))
        changes = {key: body[key] for key in ("name", "description", "rule") if key in body}
        if "rule" in changes and self.rule_changes == "refuse":
            return reply(400, {"code": 1, "message": "The rule of an audience cannot be changed."})
        if self.rule_changes == "ignore":
            changes.pop("rule", None)
        self.audiences[audience_id].update(changes)
        return reply(200, self.audiences[audience_id])

    def _owned(self, things: Mapping[str, T], account: str) -> dict[str, T]:
        return {number: thing for number, thing in things.items() if self.owners.get(number, AD_ACCOUNT) == account}

    def _shared_accounts(self, audience_id: str, account_type: str) -> Reply:
        items = [
            {"account_id": number, "account_type": kind}
            for of, kind, number in sorted(self.shares)
            if (of, kind) == (audience_id, account_type)
        ]
        return reply(200, {"items": items, "bookmark": None})

    def _share(self, kind: str, body: Mapping[str, Any]) -> Reply:
        account_type = "BUSINESS_ACCOUNT" if kind == "businesses" else "AD_ACCOUNT"
        recipients = body["recipient_business_ids" if kind == "businesses" else "recipient_account_ids"]
        if not self.no_recipients.isdisjoint(recipients):
            return reply(400, {"code": 400, "message": "Invalid ad account id"})
        shares = {(body["audience_id"], account_type, recipient) for recipient in recipients}
        self.shares = self.shares | shares if body["operation_type"] == "SHARE" else self.shares - shares
        return reply(200, {"audience_id": body["audience_id"], "permissions": []})

    def _listed_audiences(self) -> Mapping[str, object]:
        if self.shows_rules:
            return self.audiences
        return {number: {**audience, "rule": None} for number, audience in self.audiences.items()}

    def _page(self, things: Mapping[str, object], query: Mapping[str, list[str]]) -> Reply:
        start = int(query.get("bookmark", ["0"])[0])
        items = [thing for number, thing in things.items() if number not in self.hidden]
        end = start + self.page_size
        return reply(200, {"items": items[start:end], "bookmark": str(end) if end < len(items) else None})

    def _one(self, things: Mapping[str, object], number: str) -> Reply:
        if number in self.hidden:
            return self._unseen()
        if number not in things:
            return reply(404, {"code": 4, "message": "not found"})
        return reply(200, things[number])

    def _unseen(self) -> Reply:
        status, message = self.hidden_answer
        return reply(status, {"code": status, "message": message})

    def _new_tokens(self) -> Reply:
        self.refreshes += 1
        tokens = {
            "access_token": f"pina_new_{self.refreshes}", "refresh_token": f"pinr_new_{self.refreshes}",
            "expires_in": 2_592_000, "refresh_token_expires_in": self.refresh_token_life_s, "scope": self.granted_scope,
        }  # fmt: skip
        return reply(200, tokens)

    def _new_id(self, account: str) -> str:
        self._next_id += 1
        if account != AD_ACCOUNT:
            self.owners[str(self._next_id)] = account
        if self.hides_new:
            self.hidden.add(str(self._next_id))
        return str(self._next_id)


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, CaseInsensitiveDict(headers or {}), json.dumps(body).encode(), 0.0)
