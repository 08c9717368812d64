"""Marks an audience whose name Pinterest did not store as it was sent, so that the next sync finds it."""

from __future__ import annotations

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.stored_names import folded, name_mark
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.errors import ConnectorError


class NameKeeper:
    """Sees to it that an audience is found again although its name did not come back as it was sent.

    Args:
        pinterest: the client.
    """

    def __init__(self, pinterest: PinterestClient) -> None:
        self._pinterest = pinterest

    def keep(self, target: AudienceTarget, stored: str | None) -> TargetUpdate:
        """Marks a new audience that is stored under another name, unless that is found by itself."""
        if stored is None or target.audience_id is None or folded(stored) == folded(target.name):
            return TargetUpdate(target)
        description = f"{target.description or ''} {name_mark(target.name)}".lstrip()
        said = f'Pinterest stores this audience under the name "{stored}" ({target.audience_id})'
        try:
            self._pinterest.update_audience(target.audience_id, description=description)
        except ConnectorError as error:
            note = (
                f"{said}, and its description, by which the next sync would find it, could not be written ({error}). "
                "Choose a shorter audience name (audience_name)."
            )
            return TargetUpdate(target, (note,))
        note = f"{said}. The next sync finds it by the mark {name_mark(target.name)} in its description."
        return TargetUpdate(target.described(description), (note,))
