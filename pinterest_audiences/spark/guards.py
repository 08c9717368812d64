"""Keeps a mirrored audience from losing its members by mistake, before anything of a difference is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityDriftError, RemovalGuardError
from pinterest_audiences.connector_answers import Watcher
from pinterest_audiences.empty_tables import EmptyTable
from pinterest_audiences.spark.planning import SparkPlan

_OF_EMPTY: Final[Mapping[EmptyTable, str]] = {
    "kept": (
        "The DataFrame has no usable rows, so the audience keeps its {known} members. If it is to be empty, switch on "
        "Allow an empty audience (allow_empty_audience)."
    ),
    "nobody_yet": (
        "The DataFrame has no usable rows, so there is nobody to add. If that is meant, Allow an empty audience "
        "(allow_empty_audience) ends this warning."
    ),
}


def empty_table_of(plan: SparkPlan, were: Mapping[str, int], are: Mapping[str, int]) -> EmptyTable | None:
    """Returns what becomes of the audience if the DataFrame has nobody and may not empty it; None otherwise."""
    if are or plan.config.allow_empty_audience:
        return None
    return "kept" if were else "nobody_yet"


def may_be_sent(
    plan: SparkPlan, were: Mapping[str, int], are: Mapping[str, int], leaving: int, watcher: Watcher
) -> bool:
    """Whether a difference may be sent; if not, everything stays as it is, and `watcher` is told why.

    Args:
        plan: with the settings that say what is permitted.
        were: the identifiers that were last sent, by kind.
        are: those of the DataFrame.
        leaving: how many would leave.
        watcher: is told of an empty DataFrame.

    Raises: RemovalGuardError, IdentityDriftError.
    """
    known, settings = sum(were.values()), plan.config
    if not are:
        empty_table = empty_table_of(plan, were, are)
        if empty_table is not None:
            watcher.log("WARN", _OF_EMPTY[empty_table].format(known=f"{known:,}"))
        return empty_table is None
    lacking = [kind for kind, number in were.items() if are.get(kind, 0) * 2 < number]
    if lacking and len(were) > 1 and not settings.allow_identity_drift:
        raise IdentityDriftError(
            Code.IDENTITY_DRIFT,
            f'The audience "{plan.audience}" keeps its members: of {", ".join(sorted(lacking))}, the DataFrame has '
            "less than half of what was last sent. Correct it, or set allow_identity_drift to true for one sync.",
        )
    if leaving * 100 > known * settings.max_removal_percent:
        raise RemovalGuardError(
            Code.REMOVAL_ABOVE_LIMIT,
            f'The audience "{plan.audience}" stays as it is: {leaving:,} of {known:,} identifiers would leave, and '
            f"Largest removal (max_removal_percent) permits {settings.max_removal_percent} %. If the DataFrame is "
            "right, raise that setting for one sync; if not, correct it.",
        )
    return True
