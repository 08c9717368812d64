"""Shadow lists: the customer lists in which an audience's replacement is built, and their names.

A replacement is built beside the live list, in a customer list whose name contains the generation. If a job's attempts
continue from each other, they fill the same list; otherwise each begins a new one, since rows in an unfinished list may
have left the table meanwhile. Pinterest's lists can be neither deleted nor renamed, and a reinstalled platform counts
from 1 again, so a list is reused only while it is young. Two installations count alike, so a label also carries the
installation's name, if the settings have one: lists of another installation are never taken up.

    customers [dp2 shop-eu: generation 3, job 41]    form 2, of the installation shop-eu
    customers [dp2: generation 3, job 41]            form 2, of an installation without a name
    customers [generation 3, job 41]                 form 1, of version 0.1.0
    customers [dp2: list 1001 waits]                 a note that outlives a sync, see waiting.py

Source: airbytehq/airbyte-platform 310e6cb6, CatalogGenerationSetter.kt, AttemptHandler.kt and DefaultJobCreator.kt
(read 2026-11-22): a full refresh that can be resumed keeps its generation and states from attempt to attempt, and
starts over with the next job; the refresh of an incremental stream is forgotten when its job ends, but its states are
kept, so they must not run ahead of the audience.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from destination_pinterest.audiences.stored_names import folded
from destination_pinterest.protocol.catalog import ConfiguredStream

# A job is retried for hours, at most for days; an older list is from before a reinstallation of the platform.
SHADOW_LIST_MAX_AGE_S: Final = 14 * 86_400
FORM: Final = 2
_STARTED: Final = "started [-0-9: ]+ UTC, [0-9a-f]{4}"
_MADE_FOR: Final = rf"(?:audience [0-9]+, )?(?:generations? [0-9, ]+, job [0-9?]+|{_STARTED})(?:, {_STARTED})?"
# See waiting.py, which reads and writes them.
WAITS: Final = re.compile(r"list (?P<list_id>[0-9]+) waits")
EMPTIED: Final = "emptied"
MADE: Final = "audience made"
_BODY: Final = rf"{_MADE_FOR}|{WAITS.pattern.replace('?P<list_id>', '?:')}|{EMPTIED}|{MADE}"
INSTALLATION: Final = "[A-Za-z0-9][A-Za-z0-9._-]{0,39}"
_NAME: Final = re.compile(
    rf"(?P<audience>.*) \[(?:dp(?P<form>{FORM})(?: (?P<installation>{INSTALLATION}))?: )?(?P<body>{_BODY})\]", re.DOTALL
)


class ListLabel(msgspec.Struct, frozen=True):
    """What the name of a shadow list says.

    Args:
        audience: the audience's name when the list was created.
        form: the version of the label's form.
        installation: the name of the installation that created it; None if it has none.
        body: what it was made for.
    """

    audience: str
    form: int
    installation: str | None
    body: str

    def is_of(self, installation: str | None) -> bool:
        """Whether an installation may take the list up. Version 0.1.0 marked none."""
        return self.form == 1 or self.installation == installation


def read_label(list_name: str | None) -> ListLabel | None:
    """Returns what the name of a customer list says; None if it is not a shadow list's."""
    found = _NAME.fullmatch(list_name or "")
    if found is None:
        return None
    return ListLabel(found["audience"], int(found["form"] or 1), found["installation"], found["body"])


class ShadowList(msgspec.Struct, frozen=True):
    """A customer list that is filled beside the audience's own, to be swapped in once it holds the whole table.

    Args:
        label: distinguishes it from the audience's other lists of this installation.
        spans: whether this attempt alone fills the list, or the attempts of a job, each continuing from the last; then
            states may be released before the swap.
        continued_by_job: the job, if its later attempts send only the rest once an earlier one has swapped its list in
            and returned its states.
        installation: the name of this installation; None if the settings have none.
    """

    label: str
    spans: Literal["attempt", "job"]
    continued_by_job: int | None = None
    installation: str | None = None

    def list_name(self, audience: str) -> str:
        """The name of the shadow list."""
        installation = "" if self.installation is None else f" {self.installation}"
        return f"{audience} [dp{FORM}{installation}: {self.label}]"

    def continues_from(self, live_list: str) -> bool:
        """Whether the list that the audience is made from was swapped in by an earlier attempt of the same job."""
        label = read_label(live_list)
        if self.continued_by_job is None or label is None or not label.is_of(self.installation):
            return False
        job = rf"(?:audience [0-9]+, )?generations? [0-9, ]+, job {self.continued_by_job}(?:,.*)?"
        return re.fullmatch(job, label.body) is not None

    def is_label_of(self, list_name: str) -> bool:
        """Whether a list, whatever the audience was called then, is this shadow list."""
        label = read_label(list_name)
        return label is not None and label.body == self.label and label.is_of(self.installation)


def is_shadow_list_of(list_name: str, audience: str) -> bool:
    """Whether a customer list is a shadow list of the audience, whichever installation made it."""
    label = read_label(list_name)
    return label is not None and folded(label.audience) == folded(audience)


def new_shadow_list(
    streams: Sequence[ConfiguredStream],
    chosen_id: str | None,
    now: float,
    chance: float,
    *,
    installation: str | None = None,
) -> ShadowList:
    """Returns the shadow list for the streams of one audience.

    Args:
        streams: the audience's streams, none with an obstacle.
        chosen_id: the audience's id, if it was chosen by its id and may be renamed at any time.
        now: seconds since the epoch.
        chance: from 0 up to but not including 1; distinguishes attempts of the same second.
        installation: the name of this installation, if the settings have one.
    """
    parts = [] if chosen_id is None else [f"audience {chosen_id}"]
    if all(stream.has_generation for stream in streams):
        parts += _generation_and_job(streams)
    if len(streams) == 1 and _continues(streams[0]):
        return ShadowList(", ".join(parts), "job", installation=installation)
    # An incremental stream keeps its states from attempt to attempt, even in a refresh.
    keeps_states = any(stream.sync_mode == "incremental" for stream in streams)
    job = streams[0].sync_id if keeps_states else None
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    label = ", ".join([*parts, f"started {moment}", f"{int(chance * 0x10000):04x}"])
    return ShadowList(label, "attempt", job, installation)


def _continues(stream: ConfiguredStream) -> bool:
    return stream.has_generation and stream.sync_mode == "full_refresh" and stream.is_resumable


def _generation_and_job(streams: Sequence[ConfiguredStream]) -> list[str]:
    ordered = sorted(streams, key=lambda stream: str(stream.key))
    job = next((stream.sync_id for stream in ordered if stream.sync_id is not None), "?")
    ids = ", ".join(str(stream.generation_id) for stream in ordered)
    return [f"generation{'s' if len(streams) > 1 else ''} {ids}", f"job {job}"]
