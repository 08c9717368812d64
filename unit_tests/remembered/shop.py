"""Syncs between a Pinterest and a membership store in a folder, and what they leave in both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.membership import MembershipLedger, MembershipStore
from destination_pinterest.membership.folder import FolderBlobs
from destination_pinterest.membership.lease import DEFAULT_TIMING, LeaseTiming
from destination_pinterest.membership.store_key import STRETCHINGS, StoreKey
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.sync import Sync
from unit_tests.support.rig import CHEAP, ClockPause, new_sync

KEY = "a key that only tests know"

AD_ACCOUNT = "549755885175"
# Short beside the time that a lease is believed in without a beat: the tests' clock leaps.
EPOCH = 10.0
# What each host says of a table that is to be all that the audience has, and of a table that is only added to.
PLATFORM = {"generation_id": 7, "minimum_generation_id": 7, "sync_id": 12}
BY_IMAGE = {"destination_sync_mode": "overwrite"}
PYAIRBYTE = {"destination_sync_mode": "overwrite", "generation_id": 1, "minimum_generation_id": 1, "sync_id": 1}
DEDUPED = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup", "primary_key": [["id"]]}
BY_OPERATION = {"operation_column": {"mode": "column", "column": "op"}}

Step = bytes | Callable[[], object]


def stream(name: str = "users", *columns: str, **configured: Any) -> dict[str, Any]:
    schema = {"properties": {column: {} for column in ("email", *columns)}}
    described = {"name": name, "json_schema": schema}
    return {"stream": described, "sync_mode": "full_refresh", "destination_sync_mode": "append", **configured}


def deduped(name: str = "users", *columns: str, **configured: Any) -> dict[str, Any]:
    return stream(name, "id", "_ab_cdc_deleted_at", *columns, **{**DEDUPED, **configured})


def row(email: str | None, of: str = "users", **data: Any) -> bytes:
    data = {"email": None if email is None else f"{email}@example.com", **data}
    return json.dumps({"type": "RECORD", "record": {"stream": of, "data": data}}).encode()


def rows(names: Iterable[str], of: str = "users") -> list[bytes]:
    return [row(name, of) for name in names]


def deleted(key: int, of: str = "users") -> bytes:
    return row(None, of, id=key, _ab_cdc_deleted_at="2026-11-22T10:00:00Z")


def state(number: int, blob: dict[str, Any] | None = None, of: str = "users") -> bytes:
    content = {"stream_descriptor": {"name": of}, "stream_state": {"page": number} if blob is None else blob}
    return json.dumps({"type": "STATE", "state": {"id": number, "type": "STREAM", "stream": content}}).encode()


def complete(of: str = "users") -> bytes:
    status = {"stream_descriptor": {"name": of}, "status": "COMPLETE"}
    trace = {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": status}
    return json.dumps({"type": "TRACE", "trace": trace}).encode()


def people(names: Iterable[str]) -> set[str]:
    return {hashlib.sha256(f"{name}@example.com".encode()).hexdigest() for name in names}


class Shop:
    """A Pinterest, a membership store in a folder, and syncs between them."""

    def __init__(self, pinterest: Any, messages: Any, raw_config: dict[str, Any], clock: Any, root: Path) -> None:
        self.pinterest = pinterest
        self.root = root
        self.released: list[int] = []
        self.lease_timing: LeaseTiming | None = None
        self.running: Sync | None = None
        # Whether sleeping moves the clock, and takes no time.
        self.sleeps_by_clock = False
        self._messages = messages
        self._clock = clock
        store = {"store_type": "local", "path": str(root), "store_key": KEY}
        self._raw_config = {**raw_config, "membership_store": store}
        root.mkdir()

    def has(self, names: Iterable[str], audience: str = "users") -> str:
        audience_id: str = self.pinterest.add_audience(audience, self.pinterest.add_list(audience, *people(names)))
        return audience_id

    def others_add(self, names: Iterable[str], audience: str = "users") -> None:
        self.people_in(audience).update(people(names))

    def sync(self, streams: Iterable[dict[str, Any]], *steps: Step, **settings: Any) -> list[int]:
        """The ids of the states that came back. `writes` tells afterwards what was written to customer lists."""
        raw = {**self._raw_config, **settings}
        catalog = parse_catalog(json.dumps({"streams": list(streams)}).encode())
        sync = self.running = new_sync(
            raw, catalog, MessageLines(_lines(steps)), self._messages,
            self.pinterest, system=self._clock.system,
            tuning=replace(CHEAP, epoch_s=EPOCH, lease_timing=self.lease_timing),
            pause=ClockPause(self._clock) if self.sleeps_by_clock else None,
        )  # fmt: skip
        self.released = []
        self.pinterest.asked.clear()
        for released in sync.run():
            self.released.append(json.loads(released)["id"])
        return self.released

    def wait(self, seconds: float) -> Callable[[], None]:
        return lambda: self._clock.pass_by(seconds)

    def now(self) -> float:
        """Seconds since 1970, for the shop."""
        now: float = self._clock.now()
        return now

    def store(self, blobs: Any = None, key: str = KEY) -> MembershipStore:
        return MembershipStore(
            blobs or FolderBlobs(self.root),
            StoreKey(key, CHEAP.stretchings or STRETCHINGS),
            sleep=_nobody_waits,
            clock=lambda: 0.0,
            timing=self.lease_timing or DEFAULT_TIMING,
        )

    def open(self, audience: str = "users", blobs: Any = None) -> MembershipLedger:
        """The audience's ledger. Nobody may have left it open."""
        return self.store(blobs).open(AD_ACCOUNT, audience)

    def members(self, audience: str = "users") -> int:
        """How many the ledger confirms."""
        with self.open(audience) as ledger:
            return ledger.members

    def people_in(self, audience: str = "users") -> set[str]:
        (found,) = [each for each in self.pinterest.audiences.values() if each["name"] == audience]
        members: set[str] = self.pinterest.members[found["rule"]["customer_list_id"]]
        return members

    @property
    def writes(self) -> list[tuple[str, set[str]]]:
        """Operations and identifiers that were sent to customer lists during the last sync."""
        asked = [one for one in self.pinterest.asked if one.method != "GET" and "/customer_lists" in one.path]
        return [(one.body.get("operation_type", "CREATE"), set(one.body["records"].split(","))) for one in asked]


def _lines(steps: Iterable[Step]) -> Iterator[bytes]:
    for step in steps:
        if isinstance(step, bytes):
            yield step
        else:
            step()


def _nobody_waits(_seconds: float) -> None:
    raise AssertionError("A ledger was left open.")


def reports(outbox: Any) -> list[dict[str, Any]]:
    """What each sync reported of its first audience."""
    texts = [text for text in outbox.log_texts if text.startswith(REPORT_PREFIX)]
    return [json.loads(text.removeprefix(REPORT_PREFIX))["audiences"][0] for text in texts]


def said(outbox: Any, level: str) -> list[str]:
    return [log["message"] for log in outbox.of("LOG") if log["level"] == level]
