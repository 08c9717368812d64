"""Tries a sync by difference: counts who would join and leave, and asks Pinterest. Nothing is written.

What a killed run left to be settled is not counted in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from destination_pinterest.access_tiers import TRIAL_WRITES_A_DAY
from destination_pinterest.config import Config
from destination_pinterest.errors import ConnectorError
from destination_pinterest.routing.plan import StreamPlan
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.difference.asking import Found, look_up
from pinterest_audiences.difference.counting import Trying, counted
from pinterest_audiences.difference.guard import Difference, Guard
from pinterest_audiences.difference.opening import open_warehouse
from pinterest_audiences.difference.planning import of_plan
from pinterest_audiences.difference.run import Way, columns_of, name_of, selection_of
from pinterest_audiences.difference.sent_table import Kept
from pinterest_audiences.difference.settings import overlay_of, plan_of, stream_of
from pinterest_audiences.difference.table_rows import RowCounts
from pinterest_audiences.difference.warehouse import Warehouse
from pinterest_audiences.dry_run_view import standard_duration_s
from pinterest_audiences.empty_tables import EmptyTable
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.progress import Display
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.trial import Trial

_OTHER_REQUESTS: Final = 7


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the table has, and what became of the comparison."""

    plan: StreamPlan
    settings: Config
    counts: RowCounts
    difference: Difference
    everybody: int
    kept: Kept
    refusal: ConnectorError | None
    notes: tuple[str, ...]
    empty_table: EmptyTable | None


def tried_by_difference(
    request: SyncRequest, config: ConfigFile, interruption: Interruption, display: Display
) -> Trial:
    """Tries the sync. Raises: ConnectorError."""
    with closing(open_warehouse(request.source, writes=False)) as warehouse:
        judged = _judged(request, config, warehouse)
        label = warehouse.label
    found: Found | None = None
    batch_size = judged.settings.batch_size
    if not request.offline:
        digests = tuple(dict.fromkeys(of_plan(judged.plan)))
        asked = look_up(
            request,
            config,
            overlay_of(request, digests, removes=False),
            stream_of(request, digests, replaces=False),
            display=display,
            interruption=interruption,
        )
        if isinstance(asked, Failure):
            code = interruption.exit_code if interruption.is_requested else EXIT_FAILED
            return Trial(code, {}, request.audience, batch_size, label, asked)
        found = asked
    return Trial(EXIT_DONE, _result(request, judged, found), request.audience, batch_size, label)


def _judged(request: SyncRequest, config: ConfigFile, warehouse: Warehouse) -> _Judged:
    schema = request.difference_schema or ""
    warehouse.check_schema(schema)
    selection = selection_of(request)
    plan, settings = plan_of(request, config, columns_of(request, warehouse, selection))
    found = counted(warehouse, Trying(schema, selection, name_of(request), plan, settings, request.batch_rows))
    difference = found.difference
    guard = Guard(request.audience, plan.stream.key, settings)
    refusal: ConnectorError | None = None
    notes: list[str] = []
    empty_table: EmptyTable | None = None
    try:
        notes += guard.check_table(found.counts, found.kept.fill)
        keeps = guard.keeps_empty(difference)
        if keeps is None:
            notes += guard.check(difference)
        else:
            notes.append(keeps)
            empty_table = "kept"
            difference = Difference(difference.known, 0, 0)
    except ConnectorError as error:
        refusal = error
    return _Judged(
        plan, settings, found.counts, difference, found.everybody, found.kept, refusal, tuple(notes), empty_table
    )


def _result(request: SyncRequest, judged: _Judged, found: Found | None) -> dict[str, Any]:
    """Returns what a dry run prints for programs."""
    counts = judged.counts
    way = Way.DIFFERENCE if found is None else Way.of(judged.kept, found)
    joining, leaving = judged.difference.joining, judged.difference.leaving
    if way is not Way.DIFFERENCE:
        joining, leaving = judged.everybody, 0
    size = judged.settings.batch_size
    uploads = math.ceil(joining / size) + math.ceil(leaving / size)
    return {
        "schema_version": 1,
        "status": "dry_run",
        "audience": request.audience,
        "keeping": "swap" if way is Way.REPLACEMENT else "mirror",
        "replaces": True,
        "plan": [{"level": "INFO", "message": _PLANS[way]}],
        "identity_columns": [msgspec.to_builtins(identity) for identity in judged.plan.identities],
        "rows": counts.rows,
        "rows_unreadable": 0,
        "usable": counts.usable,
        "not_usable": dict(counts.not_synced),
        "identifiers_to_add": joining,
        "identifiers_to_remove": leaving,
        "deletions_by_key": 0,
        "identifiers_refused": dict(counts.identifiers_refused),
        "requests": uploads,
        "requests_in_all": uploads + _OTHER_REQUESTS,
        "standard_duration_s": round(standard_duration_s(uploads + 1), 1),
        "trial_days": math.ceil((uploads + 1) / TRIAL_WRITES_A_DAY),
        "trial_quota_of_a_day_suffices": uploads + 1 <= TRIAL_WRITES_A_DAY,
        "pinterest": None if found is None else _preview(found.preview, judged, way, uploads),
    }


_PLANS: Final = {
    Way.DIFFERENCE: "The database knows the audience, so only the difference is sent.",
    Way.FILL: "There is no such audience yet, so everybody is sent.",
    Way.REPLACEMENT: "The database does not know the audience's customer list, so the whole table replaces it.",
}


def _preview(preview: Mapping[str, Any], judged: _Judged, way: Way, uploads: int) -> dict[str, Any]:
    (audience,) = preview["audiences"]
    members = audience["members"]
    known = _exactly(judged.difference.known)
    bounds = {
        Way.DIFFERENCE: (known, _exactly(judged.difference.joining), _exactly(judged.difference.leaving)),
        Way.FILL: (_exactly(0), _exactly(judged.everybody), _exactly(0)),
        Way.REPLACEMENT: (
            members,
            {"at_least": 0, "at_most": judged.everybody},
            {"at_least": 0, "at_most": members["at_most"]},
        ),
    }
    now, joins, leaves = bounds[way]
    refusal = judged.refusal
    one = {
        **audience,
        "members": now,
        "joins": joins,
        "leaves": leaves,
        "counted_by": "rows_and_counters" if way is Way.REPLACEMENT else "warehouse",
        "refusal": None if refusal is None else {"error": str(refusal), "error_code": str(refusal.code)},
        "upload_requests": uploads,
        "identities": None,
        "notes": [*audience["notes"], *judged.notes],
        "empty_table": judged.empty_table or audience.get("empty_table"),
    }
    return {**preview, "audiences": [one]}


def _exactly(number: int) -> dict[str, int]:
    return {"at_least": number, "at_most": number}
