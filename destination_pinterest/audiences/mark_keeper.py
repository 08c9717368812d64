"""Writes the mark and the text of an audience's description, if anything about them changes."""

from __future__ import annotations

from destination_pinterest.api.client import PinterestClient
from destination_pinterest.audiences.description_mark import encode, read_mark
from destination_pinterest.audiences.description_text import is_revised, revised
from destination_pinterest.audiences.remembered import Remembered
from destination_pinterest.audiences.target import AudienceTarget, TargetUpdate
from destination_pinterest.errors import ConnectorError


class MarkKeeper:
    """Keeps the description of an audience at Pinterest.

    Args:
        pinterest: the client.
    """

    def __init__(self, pinterest: PinterestClient) -> None:
        self._pinterest = pinterest

    def description_for(self, target: AudienceTarget, remembered: Remembered) -> str | None:
        """Returns the description to write with another change; None if it would be as it is, or can't be read."""
        if target.audience_id is None or not _is_due(target, remembered):
            return None
        try:
            present = self._pinterest.audience(target.audience_id).description
        except ConnectorError:
            return None
        description = revised(present, target.text, remembered)
        return None if description == (present or "") else description

    def keep(self, target: AudienceTarget, remembered: Remembered) -> TargetUpdate:
        """Writes mark and text, if they would change. That they could not be written is a note, never a failure."""
        if target.audience_id is None or not _is_due(target, remembered):
            return TargetUpdate(target)
        try:
            present = self._pinterest.audience(target.audience_id).description
            description = revised(present, target.text, remembered)
            if description != (present or ""):
                self._pinterest.update_audience(target.audience_id, description=description)
        except ConnectorError as error:
            note = (
                "Everything was synced, but the mark for the next sync could not be written into the audience's "
                f"description: {error}"
            )
            return TargetUpdate(target, (note,))
        return TargetUpdate(target.described(description))


def _is_due(target: AudienceTarget, remembered: Remembered) -> bool:
    """Whether anything would be written, by the description as it was listed."""
    if target.text is not None:
        return is_revised(target.description, target.text, remembered)
    return encode(read_mark(target.description)) != encode(remembered)
