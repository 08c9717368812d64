"""Shadow lists: how the customer list is called in which an audience's replacement is built.

A replacement is built beside the live list, in a customer list whose name carries the generation. Where the attempts of
a job go on from where the one before ended, they go on filling the same list; all others begin a list of their own,
since what an unfinished one holds may have left the table meanwhile. Pinterest's lists can be neither deleted nor
renamed, and platforms that are installed anew count from 1 again, so a list is taken up only while it is young.

Source: airbytehq/airbyte-platform 310e6cb6, CatalogGenerationSetter.kt, AttemptHandler.kt and DefaultJobCreator.kt
(read 2026-11-22): a full refresh that can be resumed keeps generation and states from attempt to attempt, and starts
anew with the next job; the refresh of an incremental stream is forgotten when its job ends, with whatever states it has
then, so these must not run ahead of the audience.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from destination_pinterest.protocol.catalog import ConfiguredStream

# A job is retried for hours, at most for days; a list that is older is of an earlier life of the platform.
SHADOW_LIST_MAX_AGE_S: Final = 14 * 86_400
_STARTED: Final = "started [-0-9: ]+ UTC, [0-9a-f]{4}"
_LABEL: Final = rf"(?:audience [0-9]+, )?(?:generations? [0-9, ]+, job [0-9?]+|{_STARTED})(?:, {_STARTED})?"


@dataclass(frozen=True, slots=True)
class ShadowList:
    """A customer list that is filled beside the audience's own, to be swapped in once the whole table is in it.

    Args:
        label: tells it from all others of the audience.
        spans: who fills the list: this attempt alone, or the attempts of a job, each from where the one before it
            ended, so that states may go back before the audience is replaced.
        continued_by_job: the job, if its later attempts bring only the rest once an earlier one has replaced the
            audience and returned its states.
    """

    label: str
    spans: Literal["attempt", "job"]
    continued_by_job: int | None = None

    def list_name(self, audience: str) -> str:
        """The name of the customer list that is to replace the audience's."""
        return f"{audience} [{self.label}]"

    def goes_on_with(self, live_list: str) -> bool:
        """Whether the list that the audience is made of was put there by an earlier attempt of the same job."""
        if self.continued_by_job is None:
            return False
        return (
            re.search(rf" \[(?:audience [0-9]+, )?generations? [0-9, ]+, job {self.continued_by_job}[],]", live_list)
            is not None
        )


def is_shadow_list_of(list_name: str, audience: str) -> bool:
    """Whether a customer list was made to replace the audience's."""
    return re.fullmatch(rf"{re.escape(audience)} \[{_LABEL}\]", list_name) is not None


def new_shadow_list(plans: Sequence[ConfiguredStream], chosen_id: str | None, now: float, chance: float) -> ShadowList:
    """The generation that streams which share an audience build now.

    Args:
        plans: the streams, without an obstacle.
        chosen_id: the audience's id, where it was chosen by that and may be renamed at any time.
        now: seconds since the epoch.
        chance: from 0 up to but not including 1; tells attempts of one second apart.
    """
    words = [] if chosen_id is None else [f"audience {chosen_id}"]
    if all(plan.has_generation for plan in plans):
        words += _generation_and_job(plans)
    if len(plans) == 1 and _goes_on(plans[0]):
        return ShadowList(", ".join(words), "job")
    # The states of an incremental stream are kept from attempt to attempt, its refresh or not.
    goes_on = any(plan.sync_mode == "incremental" for plan in plans)
    job = plans[0].sync_id if goes_on else None
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return ShadowList(", ".join([*words, f"started {moment}", f"{int(chance * 0x10000):04x}"]), "attempt", job)


def _goes_on(plan: ConfiguredStream) -> bool:
    return plan.has_generation and plan.sync_mode == "full_refresh" and plan.is_resumable


def _generation_and_job(plans: Sequence[ConfiguredStream]) -> list[str]:
    ordered = sorted(plans, key=lambda plan: str(plan.key))
    job = next((plan.sync_id for plan in ordered if plan.sync_id is not None), "?")
    ids = ", ".join(str(plan.generation_id) for plan in ordered)
    return [f"generation{'s' if len(plans) > 1 else ''} {ids}", f"job {job}"]
