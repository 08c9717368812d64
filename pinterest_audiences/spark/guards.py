"""Keeps a mirrored audience from losing its members by mistake, before anything of a difference is sent."""

from __future__ import annotations

from collections.abc import Mapping

from destination_pinterest.error_codes import Code
from destination_pinterest.errors import IdentityDriftError, RemovalGuardError
from pinterest_audiences.connector_answers import Watcher
from pinterest_audiences.spark.planning import SparkPlan


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
    if known and not are:
        if not settings.allow_empty_audience:
            watcher.log(
                "WARN",
                f"The DataFrame has no usable rows, so the audience keeps its {known:,} members. If it is to be empty, "
                "switch on Allow an empty audience (allow_empty_audience).",
            )
        return settings.allow_empty_audience
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
