"""Tries a sync by difference: counts who would join and leave, and asks Pinterest. Nothing is written.

The comparison needs a table that ends with its connection. What a killed run left to be settled is not counted in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from destination_pinterest.access_tiers import TRIAL_WRITES_A_DAY
from destination_pinterest.config import Config
from destination_pinterest.errors import ConnectorError
from destination_pinterest.routing.plan import StreamPlan
from pinterest_audiences.config_file import ConfigFile
from pinterest_audiences.difference.asking import Found, look_up
from pinterest_audiences.difference.guard import Difference, Guard
from pinterest_audiences.difference.opening import open_warehouse
from pinterest_audiences.difference.planning import of_plan
from pinterest_audiences.difference.run import Way, columns_of, name_of, selection_of
from pinterest_audiences.difference.sent_table import Kept, looked_at
from pinterest_audiences.difference.settings import overlay_of, plan_of, stream_of
from pinterest_audiences.difference.statements import Statements
from pinterest_audiences.difference.table_rows import RowCounts, TableRows
from pinterest_audiences.difference.warehouse import Warehouse
from pinterest_audiences.dry_run_view import standard_duration_s
from pinterest_audiences.empty_tables import EmptyTable
from pinterest_audiences.failures import EXIT_DONE, EXIT_FAILED, Failure
from pinterest_audiences.interruption import Interruption
from pinterest_audiences.progress import Display
from pinterest_audiences.sync_request import SyncRequest
from pinterest_audiences.trial import Trial

_TEMPORARY: Final = "CREATE TEMPORARY TABLE"
_OTHER_REQUESTS: Final = 7


@dataclass(frozen=True, slots=True)
class _Counted:
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
        counted = _counted(request, config, warehouse)
    found: Found | None = None
    batch_size = counted.settings.batch_size
    if not request.offline:
        digests = tuple(dict.fromkeys(of_plan(counted.plan)))
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
            return Trial(code, {}, request.audience, batch_size, asked)
        found = asked
    return Trial(EXIT_DONE, _result(request, counted, found), request.audience, batch_size)


def _counted(request: SyncRequest, config: ConfigFile, warehouse: Warehouse) -> _Counted:
    schema = request.difference_schema or ""
    warehouse.check_schema(schema)
    selection = selection_of(request)
    columns = columns_of(request, warehouse, selection)
    plan, settings = plan_of(request, config, columns)
    dialect = replace(warehouse.dialect, temporary=_TEMPORARY)
    statements = Statements(dialect, schema, warehouse.relation(selection), "tried")
    rows = TableRows(statements, plan, settings, rejected=None, batch_rows=request.batch_rows, read=lambda _: None)
    with warehouse.session() as session:
        epoch, kept = looked_at(session, statements, settings.ad_account_id, name_of(request))
        counts = rows.stage(session)
        everybody = int(session.rows(statements.count_everybody())[0][0])
        known = leaving = 0
        joining = everybody
        if epoch:
            known = int(session.rows(statements.count_sent(), epoch=epoch)[0][0])
            leaving = int(session.rows(statements.count_leavers(), epoch=epoch)[0][0])
            joining = int(session.rows(statements.count_joiners(), epoch=epoch)[0][0])
    difference = Difference(known, leaving, joining)
    guard = Guard(request.audience, plan.stream.key, settings)
    refusal: ConnectorError | None = None
    notes: list[str] = []
    empty_table: EmptyTable | None = None
    try:
        notes += guard.check_table(counts, kept.fill)
        keeps = guard.keeps_empty(difference)
        if keeps is None:
            notes += guard.check(difference)
        else:
            notes.append(keeps)
            empty_table = "kept"
            difference = Difference(known, 0, 0)
    except ConnectorError as error:
        refusal = error
    return _Counted(plan, settings, counts, difference, everybody, kept, refusal, tuple(notes), empty_table)


def _result(request: SyncRequest, counted: _Counted, found: Found | None) -> dict[str, Any]:
    """Returns what a dry run prints for programs."""
    counts = counted.counts
    way = Way.DIFFERENCE if found is None else Way.of(counted.kept, found)
    joining, leaving = counted.difference.joining, counted.difference.leaving
    if way is not Way.DIFFERENCE:
        joining, leaving = counted.everybody, 0
    size = counted.settings.batch_size
    uploads = math.ceil(joining / size) + math.ceil(leaving / size)
    return {
        "schema_version": 1,
        "status": "dry_run",
        "audience": request.audience,
        "keeping": "swap" if way is Way.REPLACEMENT else "mirror",
        "replaces": True,
        "plan": [{"level": "INFO", "message": _PLANS[way]}],
        "identity_columns": [msgspec.to_builtins(identity) for identity in counted.plan.identities],
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
        "pinterest": None if found is None else _preview(found.preview, counted, way, uploads),
    }


_PLANS: Final = {
    Way.DIFFERENCE: "The database knows the audience, so only the difference is sent.",
    Way.FILL: "There is no such audience yet, so everybody is sent.",
    Way.REPLACEMENT: "The database does not know the audience's customer list, so the whole table replaces it.",
}


def _preview(preview: Mapping[str, Any], counted: _Counted, way: Way, uploads: int) -> dict[str, Any]:
    (audience,) = preview["audiences"]
    members = audience["members"]
    known = _exactly(counted.difference.known)
    bounds = {
        Way.DIFFERENCE: (known, _exactly(counted.difference.joining), _exactly(counted.difference.leaving)),
        Way.FILL: (_exactly(0), _exactly(counted.everybody), _exactly(0)),
        Way.REPLACEMENT: (
            members,
            {"at_least": 0, "at_most": counted.everybody},
            {"at_least": 0, "at_most": members["at_most"]},
        ),
    }
    now, joins, leaves = bounds[way]
    refusal = counted.refusal
    one = {
        **audience,
        "members": now,
        "joins": joins,
        "leaves": leaves,
        "counted_by": "rows_and_counters" if way is Way.REPLACEMENT else "warehouse",
        "refusal": None if refusal is None else {"error": str(refusal), "error_code": str(refusal.code)},
        "upload_requests": uploads,
        "identities": None,
        "notes": [*audience["notes"], *counted.notes],
        "empty_table": counted.empty_table or audience.get("empty_table"),
    }
    return {**preview, "audiences": [one]}


def _exactly(number: int) -> dict[str, int]:
    return {"at_least": number, "at_most": number}
