"""Reads one side of a comparison: an exported dataflow, a listing of audiences, or a project file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pinterest_audiences.moving.adobe_export import read_export
from pinterest_audiences.moving.documents import json_document, unreadable
from pinterest_audiences.moving.export import Export, OldAudience
from pinterest_audiences.moving.listing import is_listing, listed_audiences
from pinterest_audiences.project.project import Audience, read_project

_PROJECT_ENDINGS: Final = frozenset({".yml", ".yaml"})


def read_side(name: str, environment: Mapping[str, str]) -> Export:
    """Returns the audiences in a file, and what of it is not understood. Raises: UsageError."""
    path = Path(name).expanduser()
    if path.suffix.casefold() in _PROJECT_ENDINGS:
        project = read_project(path, environment)
        return Export([_of_project(each) for each in project.audiences], [])
    document = json_document(name)
    if isinstance(document, dict) and is_listing(document):
        return Export(listed_audiences(document, name), [])
    export = read_export([document], None)
    if not export.audiences:
        raise unreadable(
            f"{name} holds no audiences. It may be an exported dataflow, what `audiences --json` prints, or a project "
            "file."
        )
    return export


def _of_project(audience: Audience) -> OldAudience:
    account = audience.settings.get("ad_account_id")
    return OldAudience(
        name=audience.audience,
        audience_id=audience.entry.audience_id,
        foreign_id=None,
        ad_account_id=None if account is None else str(account),
        namespaces=tuple((audience.entry.identities or {}).values()),
        is_enabled=audience.entry.enabled,
    )
