"""Reads an exported dataflow of Adobe's Pinterest destination, in whichever form somebody saved it.

It may be one dataflow, a list of them, what Flow Service answers ({"items": […]}), or several of these together with
target connections and mapping sets, which Flow Service gives apart; or a plain object with an advertiser, audiences and
mappings. Credentials are passed over.

Source: experienceleague.adobe.com, "Update destination dataflows using the Flow Service API": transformations,
    segmentSelectors, PLATFORM_SEGMENT, targetConnectionIds, inheritedAttributes; developer.adobe.com, "Flow Service
    API - Destinations" (read 2026-11-27).
Doubt: no export of this very destination was at hand. How it names the advertiser is not documented, so several
    names are known; whatever is not understood is counted.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from pinterest_audiences.moving.export import Export, LeftOut, OldAudience
from pinterest_audiences.moving.namespaces import is_membership, namespace_of

# Names are compared without case, underscores and the like; the likelier one comes first.
_ACCOUNT: Final = ("advertiserid", "adaccountid", "adaccount", "advertiser", "accountid")
_PINTEREST_ID: Final = (
    "pinterestaudienceid", "destinationaudienceid", "externalaudienceid", "externalid", "mappingid", "mappedid",
    "audienceid",
)  # fmt: skip
_NAME: Final = ("name", "audiencename", "segmentname", "displayname", "title")
_SIZE: Final = ("size", "audiencesize", "profilecount", "totalprofiles", "members", "count")
_UPDATED: Final = ("lastupdate", "lastupdated", "updated", "updatedat", "updatetime", "updatedtime", "updatedtimestamp")
_FOREIGN_ID: Final = ("id", "segmentid", "systemsegmentid")
_ENABLED: Final = ("state", "status", "enabled")
_AUDIENCE_LISTS: Final = ("audiences", "segments", "customerlists")
_MAPPING_LISTS: Final = ("mappings", "mapping", "identitymappings", "identities", "namespaces", "mappednamespaces")
_MAPPED_FROM: Final = (
    "source", "sourceidentity", "sourcenamespace", "sourceattribute", "sourcefield", "namespace", "identitynamespace",
    "path", "code", "name",
)  # fmt: skip
_OFF: Final = frozenset({"disabled", "false", "inactive", "paused", "deleted"})
_MOST_DIGITS: Final = 18
_DIGITS: Final = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
# Sign-ins, and what Adobe writes down about the object itself.
_PASSED_OVER: Final = frozenset({"auth", "credentials", "connectionspec", "inheritedattributes"})
_WITHOUT_ACCOUNT: Final = (
    "It belongs to another destination, or its target connection is not in the export. Add that file by another "
    "--from, or name the account by --ad-account."
)
_WITHOUT_MAPPINGS: Final = (
    "Which identities it maps is unknown, so columns are recognised by name. Add it by another --from."
)
_FLOW: Final = "dataflow without an advertiser ID"
_ENTRY: Final = "entry among the audiences"
_NAMELESS: Final = "audience without a name"
# What is passed over, and may hold audiences that the flow has.
_MAY_HIDE: Final = frozenset({_FLOW, _ENTRY, _NAMELESS})
_YEAR_2100_S: Final = 4_102_444_800


@dataclass(slots=True)
class _Found:
    """What a walk through the documents has come upon."""

    flows: list[Mapping[str, Any]] = field(default_factory=list)
    connections: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    mapping_sets: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _accounts: dict[str, str | None] = field(default_factory=dict)
    _of_all: Sequence[str] = ()

    def accounts(self, named: Sequence[str] | None) -> Sequence[str]:
        """Returns the ad accounts of the connections of these ids, or of all, once all have been found."""
        if not self._accounts:
            self._accounts = {key: account_in(connection) for key, connection in self.connections.items()}
            self._of_all = tuple(dict.fromkeys(account for account in self._accounts.values() if account))
        if named is None:
            return self._of_all
        return tuple(dict.fromkeys(account for each in named if (account := self._accounts.get(each))))


def read_export(documents: Sequence[Any], default_account: str | None) -> Export:
    """Reads exported documents; `default_account` is the ad account of dataflows that name none."""
    found = _Found()
    for document in documents:
        _collect(document, found)
    counted: Counter[tuple[str, str]] = Counter()
    audiences: list[OldAudience] = []
    is_named = [_account_of(flow, found) is not None for flow in found.flows]
    for flow, names_account in zip(found.flows, is_named, strict=True):
        if not names_account and default_account is None and any(is_named):
            counted[_FLOW, _WITHOUT_ACCOUNT] += 1
            continue
        audiences.extend(_audiences_of(flow, found, default_account, counted))
    kept = list(_once(audiences, counted))
    left_out = [LeftOut(what, count, reason, what in _MAY_HIDE) for (what, reason), count in counted.items()]
    return Export(kept, left_out)


def account_in(node: Any) -> str | None:
    """Returns the ad account that an object names, at any depth, passing over audiences and credentials."""
    found: dict[str, str] = {}
    for name, value in _deep(node):
        if name in _ACCOUNT:
            found.setdefault(name, value)
    return next((found[name] for name in _ACCOUNT if name in found), None)


def moment_of(value: Any) -> datetime | None:
    """Returns a moment that is written in seconds or milliseconds since 1970, or in ISO 8601."""
    try:
        match value:
            case bool():
                return None
            case int() | float():
                return datetime.fromtimestamp(value if value < _YEAR_2100_S else value / 1000, UTC)
            case str() if value.strip().isdigit():
                return moment_of(int(value))
            case str():
                read = datetime.fromisoformat(value.strip())
                return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
            case _:
                return None
    except (ValueError, OverflowError, OSError):
        return None


def text_of(value: Any) -> str | None:
    """Returns a text or a whole number as text; None for anything else, and for a blank one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def size_of(value: Any) -> int | None:
    """Returns a whole number of people, however it is written; None if it is none."""
    text = (text_of(value) or "").replace(",", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _collect(node: Any, found: _Found) -> None:
    if isinstance(node, list):
        for each in node:
            _collect(each, found)
        return
    if not isinstance(node, dict):
        return
    plain = {_plain(key): value for key, value in node.items()}
    for embedded in _embedded_connections(plain):
        _keep_connection(embedded, found)
    if _is_flow(plain):
        found.flows.append(plain)
    elif "connectionspec" in plain or "baseconnectionid" in plain:
        _keep_connection(node, found)
    elif isinstance(plain.get("mappings"), list):
        found.mapping_sets[str(plain.get("id", ""))] = plain
    else:
        for value in node.values():
            _collect(value, found)


def _is_flow(plain: Mapping[str, Any]) -> bool:
    is_adobes = bool({"transformations", "flowspec", "targetconnectionids"} & plain.keys())
    return is_adobes or any(isinstance(plain.get(key), list | dict) for key in _AUDIENCE_LISTS)


def _embedded_connections(plain: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    inherited = plain.get("inheritedattributes")
    named = inherited.get("targetConnections") if isinstance(inherited, dict) else None
    for each in named.values() if isinstance(named, dict) else named if isinstance(named, list) else ():
        if isinstance(each, dict):
            yield each


def _keep_connection(node: Mapping[str, Any], found: _Found) -> None:
    """The one that says more wins: within a dataflow it is shortened."""
    key = str(node.get("id", len(found.connections)))
    if key not in found.connections or account_in(node) is not None:
        found.connections[key] = node


def _account_of(flow: Mapping[str, Any], found: _Found) -> str | None:
    own = account_in(flow)
    if own is not None:
        return own
    named = flow.get("targetconnectionids")
    accounts = found.accounts([str(each) for each in named] if isinstance(named, list) and named else None)
    return accounts[0] if len(accounts) == 1 else None


def _audiences_of(
    flow: Mapping[str, Any], found: _Found, default_account: str | None, counted: Counter[tuple[str, str]]
) -> Iterator[OldAudience]:
    account = _account_of(flow, found) or default_account
    namespaces = tuple(dict.fromkeys(_namespaces(flow, found, counted)))
    is_enabled = _is_enabled(flow)
    for value in _selected(flow):
        audience = _audience(value, counted)
        if audience is None:
            continue
        yield replace(
            audience,
            ad_account_id=audience.ad_account_id or account,
            namespaces=audience.namespaces or namespaces,
            is_enabled=audience.is_enabled and is_enabled,
        )


def _selected(flow: Mapping[str, Any]) -> Iterator[Any]:
    for params in _params(flow):
        selectors = params.get("segmentselectors")
        for selector in _listed(selectors.get("selectors") if isinstance(selectors, dict) else None):
            yield selector.get("value", selector) if isinstance(selector, dict) else selector
    for key in _AUDIENCE_LISTS:
        yield from _listed(flow.get(key))


def _params(flow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for each in _listed(flow.get("transformations")):
        params = each.get("params") if isinstance(each, dict) else None
        if isinstance(params, dict):
            yield {_plain(key): value for key, value in params.items()}


def _listed(value: Any) -> Sequence[Any]:
    """A list; the entries of an object whose keys are names."""
    if isinstance(value, dict):
        return [{"name": key, **each} if isinstance(each, dict) else key for key, each in value.items()]
    return value if isinstance(value, list) else ()


def _audience(value: Any, counted: Counter[tuple[str, str]]) -> OldAudience | None:
    if isinstance(value, str) and value.strip():
        value = {"id" if _DIGITS.fullmatch(value.strip()) else "name": value}
    if not isinstance(value, dict):
        counted[_ENTRY, "It is neither an audience nor a name."] += 1
        return None
    plain = {_plain(key): each for key, each in value.items()}
    name = _first_text(plain, _NAME)
    given = [text for key in (*_PINTEREST_ID, *_FOREIGN_ID) if (text := text_of(plain.get(key)))]
    audience_id = next((text for text in given if _DIGITS.fullmatch(text)), None)
    foreign_id = next((text for text in given if text != audience_id), None)
    if name is None and audience_id is None:
        counted[_NAMELESS, "It has no id of Pinterest's either, so it can't be found there."] += 1
        return None
    used = {*_NAME, *_PINTEREST_ID, *_FOREIGN_ID, *_SIZE, *_UPDATED, *_ENABLED, *_ACCOUNT, *_MAPPING_LISTS}
    for key in value:
        if _plain(key) not in used:
            counted[f"the audiences' {key}", "Nothing here corresponds to it."] += 1
    return OldAudience(
        name=name,
        audience_id=audience_id,
        foreign_id=foreign_id,
        ad_account_id=account_in(plain),
        namespaces=tuple(dict.fromkeys(_mapped(plain, counted))),
        size=next((size for key in _SIZE if (size := size_of(plain.get(key))) is not None), None),
        updated=next((at for key in _UPDATED if (at := moment_of(plain.get(key))) is not None), None),
        is_enabled=_is_enabled(plain),
    )


def _namespaces(flow: Mapping[str, Any], found: _Found, counted: Counter[tuple[str, str]]) -> Iterator[str]:
    yield from _mapped(flow, counted)
    for params in _params(flow):
        selectors = params.get("profileselectors")
        for selector in _listed(selectors.get("selectors") if isinstance(selectors, dict) else None):
            value = selector.get("value", selector) if isinstance(selector, dict) else selector
            yield from _source_of(value, counted)
        yield from _mapped(params, counted)
        named = params.get("mappingid")
        if isinstance(named, str) and named not in found.mapping_sets:
            counted["mapping set that is not in the export", _WITHOUT_MAPPINGS] += 1
        elif isinstance(named, str):
            yield from _mapped(found.mapping_sets[named], counted)
    if len(found.mapping_sets) == 1 and not any("mappingid" in params for params in _params(flow)):
        yield from _mapped(next(iter(found.mapping_sets.values())), counted)


def _mapped(plain: Mapping[str, Any], counted: Counter[tuple[str, str]]) -> Iterator[str]:
    for key in _MAPPING_LISTS:
        value = plain.get(key)
        if isinstance(value, dict):
            value = list(value)
        for each in value if isinstance(value, list) else ():
            yield from _source_of(each, counted)


def _source_of(value: Any, counted: Counter[tuple[str, str]]) -> Iterator[str]:
    text = text_of(value)
    if text is None and isinstance(value, dict):
        plain = {_plain(key): each for key, each in value.items()}
        inner = [each for key in _MAPPED_FROM if (each := plain.get(key)) is not None]
        text = next((found for each in inner if (found := text_of(each))), None)
        if text is None and inner and isinstance(inner[0], dict):
            yield from _source_of(inner[0], counted)
            return
    if text is None:
        counted["mapping", "It does not say what it maps."] += 1
    elif not is_membership(text):
        yield namespace_of(text)


def _once(audiences: Sequence[OldAudience], counted: Counter[tuple[str, str]]) -> Iterator[OldAudience]:
    seen: set[tuple[str | None, str]] = set()
    for each in audiences:
        key = (each.ad_account_id, each.audience_id or f"name {each.label}")
        if key in seen:
            counted["audience that is there twice", "It is kept once."] += 1
            continue
        seen.add(key)
        yield each


def _deep(node: Any) -> Iterator[tuple[str, str]]:
    """Yields the texts and numbers in an object that may be an account's ID, outermost first."""
    waiting = deque([node])
    while waiting:
        here = waiting.popleft()
        if isinstance(here, list):
            waiting.extend(here)
            continue
        if not isinstance(here, dict):
            continue
        for key, value in here.items():
            name, text = _plain(key), text_of(value)
            if _is_id(text):
                yield name, text
            elif name in _ACCOUNT and isinstance(value, dict) and _is_id(inner := text_of(value.get("id"))):
                yield name, inner
            elif name not in _PASSED_OVER and name not in _AUDIENCE_LISTS and name != "segmentselectors":
                waiting.append(value)


def _is_id(text: str | None) -> TypeGuard[str]:
    return text is not None and _DIGITS.fullmatch(text) is not None


def _is_enabled(plain: Mapping[str, Any]) -> bool:
    return not any(str(plain[key]).strip().casefold() in _OFF for key in _ENABLED if key in plain)


def _first_text(plain: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((text for key in keys if (text := text_of(plain.get(key)))), None)


def _plain(key: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(key).casefold())
