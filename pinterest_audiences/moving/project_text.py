"""Writes a project file and a config for the audiences of an old flow, with what was guessed in comments."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from destination_pinterest.foreign_text import cleaned
from pinterest_audiences.moving.export import LeftOut, OldAudience
from pinterest_audiences.moving.namespaces import identity_of

DEFAULT_SOURCE: Final = "${WAREHOUSE_URL}"
_LONGEST_NAME: Final = 200
_LONGEST_KEY: Final = 64
_SAME_NAME: Final = "Another has the same name but for upper and lower case, and the export does not say its id."


@dataclass(frozen=True, slots=True)
class Entry:
    """An audience as the project file has it: its key there, the table that is guessed, and its identities."""

    key: str
    audience: OldAudience
    ad_account_id: str
    table: str
    identities: dict[str, str]

    @property
    def name(self) -> str:
        """Its name at Pinterest, as far as is known."""
        return (self.audience.name or self.key)[:_LONGEST_NAME].strip()

    def as_json(self) -> dict[str, Any]:
        """What became of it, for programs."""
        return {
            "name": self.key,
            "audience": self.name,
            "audience_id": self.audience.audience_id,
            "ad_account_id": self.ad_account_id,
            "table": self.table,
            "identities": self.identities,
            "enabled": self.audience.is_enabled,
        }


@dataclass(frozen=True, slots=True)
class Migration:
    """What is written, and what is not."""

    entries: Sequence[Entry]
    left_out: Sequence[LeftOut]


def migrated(audiences: Sequence[OldAudience], accounts: Sequence[str]) -> Migration:
    """Makes entries of audiences; `accounts` are theirs, in the same order."""
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    unknown: dict[str, int] = {}
    keys: set[str] = set()
    names: set[tuple[str, str]] = set()
    for audience, account in zip(audiences, accounts, strict=True):
        if audience.audience_id is None and (reason := _not_findable(audience.name or "")):
            left_out.append(LeftOut(f'audience "{audience.label}"', 1, reason))
            continue
        called = (account, (audience.name or "").casefold())
        if audience.audience_id is None and called in names:
            left_out.append(LeftOut(f'audience "{audience.label}"', 1, _SAME_NAME))
            continue
        names.add(called)
        identities: dict[str, str] = {}
        for namespace in audience.namespaces:
            if (identity := identity_of(namespace)) is None:
                unknown[namespace] = unknown.get(namespace, 0) + 1
            else:
                identities[identity[0]] = identity[1]
        table = _slug(audience.name or "", "") or f"audience_{audience.audience_id or len(entries) + 1}"
        key = _unique(table, keys)
        entries.append(Entry(key, audience, account, table, identities))
    left_out += [
        LeftOut(
            f"mapped namespace {namespace}",
            count,
            "Pinterest's customer lists take e-mail addresses, GAID and IDFA. See docs/identities.md for other kinds.",
        )
        for namespace, count in unknown.items()
    ]
    return Migration(entries, left_out)


def with_ids(audiences: Sequence[OldAudience], ids: dict[tuple[str, str], list[str]]) -> list[OldAudience]:
    """Fills in the ids of audiences that have none, by account and name, where the name is the only one."""
    return [
        replace(each, audience_id=found[0])
        if each.audience_id is None and len(found := ids.get((each.ad_account_id or "", each.name or ""), [])) == 1
        else each
        for each in audiences
    ]


def project_text(entries: Sequence[Entry], config: str, source: str, profile: str | None, left_out: int) -> str:
    """Returns the project file."""
    return "\n".join([*_head(config, source, profile, left_out), *(line for each in entries for line in _lines(each))])


def config_text(entries: Sequence[Entry]) -> str:
    """Returns the config: the ad account. A sign-in is not carried over; it comes from a profile or the environment."""
    return json.dumps({"ad_account_id": entries[0].ad_account_id}, indent=2) + "\n"


def _head(config: str, source: str, profile: str | None, left_out: int) -> Iterator[str]:
    yield "# Written by `pinterest-audiences migrate v4` from an exported dataflow."
    yield "# The dataflow had no tables and no columns: `table` and the columns under `identities` are guesses. Correct"
    yield "# them, then try everything by `pinterest-audiences plan`, which changes nothing."
    if left_out:
        yield f"# Not carried over: {left_out}; `migrate` has said what and why."
    yield "version: 1"
    yield f"config: {_quoted(config)}"
    if profile is not None:
        yield f"profile: {_quoted(profile)}"
    yield f"source: {json.dumps(source, ensure_ascii=False)}"
    yield "audiences:"


def _lines(entry: Entry) -> Iterator[str]:
    yield f"  {_quoted(entry.key)}:"
    if entry.audience.foreign_id is not None:
        yield f"    # Its segment was {cleaned(entry.audience.foreign_id)[:100]}."
    yield f"    audience: {_quoted(entry.name)}"
    yield f"    ad_account_id: {_quoted(entry.ad_account_id)}"
    if entry.audience.audience_id is not None:
        yield f"    audience_id: {_quoted(entry.audience.audience_id)}"
    else:
        yield "    # The export does not say its id at Pinterest, so it is found by its name."
    if not entry.audience.is_enabled:
        yield "    # It was disabled."
        yield "    enabled: false"
    yield f"    table: {_quoted(entry.table)}  # guessed"
    yield "    # As in the dataflow, whoever is not in the table leaves; `mode: add` keeps them."
    yield "    mode: replace"
    if entry.identities:
        yield "    identities:  # columns guessed"
        yield from (f"      {column}: {kind}" for column, kind in entry.identities.items())


def _not_findable(name: str) -> str | None:
    if "{" in name or "}" in name:
        return "Braces in its name would name a column, and the export does not say its id. Write it by hand."
    if len(name) > _LONGEST_NAME:
        return f"Its name has more than {_LONGEST_NAME} characters, and the export does not say its id."
    return None


def _quoted(text: str) -> str:
    """A YAML text in double quotes, in which ${…} stands for itself."""
    return json.dumps(text.replace("${", "$${"), ensure_ascii=True)


def _slug(text: str, default: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    return words[: _LONGEST_KEY - 8].strip("_") or default


def _unique(key: str, taken: set[str]) -> str:
    found, number = key, 1
    while found in taken:
        number += 1
        found = f"{key}_{number}"
    taken.add(found)
    return found
