"""Many audiences from tables whose rows name them, by chance: rows move, object, repeat and go, and processes die.

After every sync that got to its end each audience in each ad account is what the tables say, counts add up in every
part of the report, no state comes back too early, and no name tells who somebody is.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from destination_pinterest.assembly import SyncRequest, Tuning, assemble
from destination_pinterest.config import read_config
from destination_pinterest.errors import ConnectorError
from destination_pinterest.markers import REPORT_PREFIX
from destination_pinterest.membership.lease import LeaseTiming
from destination_pinterest.membership.store_key import Scrypt
from destination_pinterest.protocol.catalog import parse_catalog
from destination_pinterest.protocol.lines import MessageLines
from destination_pinterest.session import PlatformConfig
from destination_pinterest.sync import Sync
from integration_tests.property.budget import budget
from integration_tests.property.far_end import (
    API_BASE_URL,
    KilledError,
    Moments,
    People,
    Pinterest,
    WatchedWire,
    disk_writes_are,
)
from integration_tests.property.machine import Clock, Machine
from integration_tests.property.tables import email, sha256_of
from integration_tests.property.world import Said

ACCOUNTS = ("549755885201", "549755885202")
STREAMS = ("members", "buyers")
KEYS, PEOPLE = range(3), range(4)
EVERYBODY = frozenset(sha256_of(email(number)) for number in PEOPLE)
TUNING = Tuning(stretchings={1: Scrypt(n=2, r=8, p=1)}, lease_timing=LeaseTiming(believed_for_s=1e9))
GONE = "2026-11-22T10:00:00Z"
# By more than one epoch.
_LATER_S = 4_000.0
NAMES = ("Gold", "gold ", "Silver", "Tin", email(1))


@dataclass(frozen=True)
class Columns:
    """A connection whose rows name their audiences."""

    accounts: int
    streams: int
    replaces: bool
    has_store: bool
    asks_for_consent: bool
    used_for: str
    by_account: bool

    @property
    def account_ids(self) -> tuple[str, ...]:
        return ACCOUNTS[: self.accounts]

    @property
    def objects(self) -> bool:
        """Whether a row without consent keeps its people out."""
        return self.asks_for_consent and self.used_for == "targeting"

    def settings(self, store: Path) -> dict[str, Any]:
        kept = {"store_type": "local", "path": str(store), "store_key": "the property's store key"}
        return {
            "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
            "ad_account_id": self.account_ids[0],
            "also_in_ad_accounts": list(self.account_ids[1:]),
            "api_base_url": API_BASE_URL,
            "audience_column": "segment",
            "access_tier": "none",
            "batch_size": 2,
            "retry_hours": 0,
            "max_removal_percent": 100,
            "max_rejected_percent": 100,
            "allow_empty_audience": True,
            "allow_identity_drift": True,
            "used_for": self.used_for,
            **({"consent_column": {"column": "consent"}} if self.asks_for_consent else {}),
            **({"ad_account_column": "account"} if self.by_account else {}),
            **({"membership_store": kept} if self.has_store else {}),
        }

    def catalog(self) -> bytes:
        columns = ("id", "email", "segment", "account", "consent", "_ab_cdc_deleted_at")
        modes = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
        if self.replaces:
            modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        elif not self.has_store:
            modes = {"sync_mode": "incremental", "destination_sync_mode": "append"}
        streams = [
            {
                "stream": {"name": name, "json_schema": {"properties": {column: {} for column in columns}}},
                "primary_key": [["id"]],
                **modes,
            }
            for name in STREAMS[: self.streams]
        ]
        return json.dumps({"streams": streams}).encode()


@st.composite
def connections(draw: st.DrawFn) -> Columns:
    replaces = draw(st.booleans())
    accounts = draw(st.integers(1, 2))
    return Columns(
        accounts=accounts,
        streams=draw(st.integers(1, 2)),
        replaces=replaces,
        has_store=draw(st.sampled_from((True, True, False))) or replaces,
        asks_for_consent=draw(st.booleans()),
        used_for=draw(st.sampled_from(("targeting", "exclusion"))),
        by_account=accounts > 1 and draw(st.booleans()),
    )


@dataclass(frozen=True)
class Row:
    """A row as it is: whose, in which audiences and ad account, and whether she consents."""

    person: int
    names: frozenset[str]
    account: int
    consents: bool

    def data(self, key: int, segment: object, account: str) -> dict[str, Any]:
        return {
            "id": key,
            "email": email(self.person),
            "account": account,
            "consent": self.consents,
            "segment": segment,
        }


def audience_of(name: str) -> str:
    return name.strip().casefold()


class ManyAudiences(RuleBasedStateMachine):
    """Tables, and the audiences that their rows name."""

    @initialize(columns=connections())
    def connect(self, columns: Columns) -> None:
        note(f"{columns}")
        self.columns = columns
        self._folder = tempfile.TemporaryDirectory(prefix="property-")
        self._store = Path(self._folder.name) / "store"
        self._store.mkdir()
        self._clock = Clock()
        self._pinterest = Pinterest(self._clock)
        for account in columns.account_ids:
            self._pinterest.let(account, reads=True, writes=True)
        self._rows: list[dict[int, Row]] = [{} for _ in range(columns.streams)]
        self._records: list[dict[int, dict[str, Any]]] = [{} for _ in range(columns.streams)]
        self._log: list[list[dict[str, Any]]] = [[] for _ in range(columns.streams)]
        self._ever: set[tuple[str, str, str]] = set()
        self._safe = [0] * columns.streams
        self._attempts = 0

    @rule(
        stream=st.integers(0, 1),
        key=st.sampled_from(KEYS),
        person=st.sampled_from(PEOPLE),
        names=st.lists(st.sampled_from(NAMES), max_size=3),
        account=st.integers(0, 1),
        consents=st.sampled_from((True, True, False)),
        form=st.sampled_from(("array", "text", "json", "absent")),
    )
    def put(
        self, stream: int, key: int, person: int, names: list[str], account: int, form: str, *, consents: bool
    ) -> None:
        stream %= self.columns.streams
        segment: object = names
        if form == "text":
            names = names[:1]
            segment = names[0] if names else None
        elif form == "json":
            segment = json.dumps(names)
        meant = frozenset(audience_of(name) for name in names if "@" not in name)
        is_absent = form == "absent" and self.columns.has_store and not self.columns.replaces
        if is_absent:
            before = self._rows[stream].get(key)
            meant = before.names if before else frozenset()
            if before and self.columns.by_account:
                account = before.account
        row = Row(person, meant, account % self.columns.accounts, consents)
        data = row.data(key, segment, self.columns.account_ids[row.account])
        if is_absent:
            del data["segment"]
        self._rows[stream][key] = row
        self._records[stream][key] = data
        self._log[stream].append(data)
        for where in self._accounts_of(row):
            self._ever |= {(where, name, sha256_of(email(person))) for name in meant}

    @rule(stream=st.integers(0, 1), key=st.sampled_from(KEYS))
    def delete(self, stream: int, key: int) -> None:
        stream %= self.columns.streams
        if self.columns.has_store and self._rows[stream].pop(key, None) is not None:
            del self._records[stream][key]
            self._log[stream].append({"id": key, "_ab_cdc_deleted_at": GONE})

    @rule(kill_at=st.none() | st.integers(1, 120), takes_long=st.booleans(), seed=st.integers(0, 9))
    def sync(self, kill_at: int | None, seed: int, *, takes_long: bool) -> None:
        ending, returned, said = self._attempt(kill_at, seed, takes_long=takes_long)
        assert not any("@example" in text for text in said.texts), said.texts
        assert not any("@" in name for name in self._pinterest.names())
        if ending != "killed":
            self._judge_report(said, ending)
        # A table of which no row can be used does not empty audiences.
        assert ending != "failed" or "PIN-GUARD-004" in said.texts[-1], said.texts[-3:]
        if ending == "succeeded":
            assert returned == self.columns.streams
            self._judge()
        elif returned == self.columns.streams:
            self._judge()

    def _judge(self) -> None:
        if not self.columns.has_store and self.columns.objects:
            return
        for account in self.columns.account_ids:
            for name in {audience_of(name) for name in NAMES if "@" not in name}:
                now, wanted = self._members(account, name), self._wanted(account, name)
                assert now == wanted, (account, name, len(now), len(wanted))

    @staticmethod
    def _judge_report(said: Said, ending: str) -> None:
        lines = [text.split(REPORT_PREFIX, 1)[1] for text in said.texts if REPORT_PREFIX in text]
        if ending == "succeeded":
            assert lines, said.texts
        for line in lines:
            for audience in json.loads(line)["audiences"]:
                counted = audience["synced"] + sum(audience["not_synced"].values())
                counted += audience["pending"] + audience["errored"]
                assert audience["entered"] == counted, audience
                assert min(audience[part] for part in ("entered", "synced", "pending", "errored")) >= 0, audience
                assert all(count > 0 for count in audience["not_synced"].values()), audience
                assert ending != "succeeded" or not audience["pending"] + audience["errored"], audience

    def _attempt(self, kill_at: int | None, seed: int, *, takes_long: bool) -> tuple[str, int, Said]:
        """How it ended, how many streams' last states came back, and what was said."""
        self._attempts += 1
        self._clock.pass_by(60.0)
        moments = Moments(kill_at, self._keep)
        machine = Machine(self._clock, random.Random(f"{seed}, attempt {self._attempts}"))
        raw, said = self.columns.settings(self._store), Said()
        request = SyncRequest(
            read_config(raw),
            PlatformConfig(raw, said),
            parse_catalog(self.columns.catalog()),
            MessageLines(self._lines(takes_long=takes_long)),
            said,
            lambda *_: WatchedWire(self._pinterest.wire, moments, lambda: None),
        )
        last: Counter[str] = Counter()
        ending = "succeeded"
        try:
            with disk_writes_are(moments):
                parts = assemble(request, machine.system, pause=machine.pause, make_pool=machine.pool, tuning=TUNING)
                for state in Sync(parts).run():
                    body = json.loads(state)["stream"]
                    number = STREAMS.index(body["stream_descriptor"]["name"])
                    self._safe[number] = body["stream_state"].get("at", 0)
                    last[STREAMS[number]] += "end" in body["stream_state"]
                    moments.comes()
        except KilledError:
            shutil.rmtree(self._store)
            self._kept.rename(self._store)
            ending = "killed"
        except ConnectorError as error:
            said.log("FATAL", str(error))
            ending = "failed"
        return ending, last.total(), said

    def _lines(self, *, takes_long: bool) -> Iterator[bytes]:
        for number, name in enumerate(STREAMS[: self.columns.streams]):
            since = 0 if self.columns.replaces else self._safe[number]
            changes = list(self._records[number].values()) if self.columns.replaces else self._log[number][since:]
            for at, data in enumerate(changes, since + 1):
                record = {"stream": name, "emitted_at": 1, "data": data}
                yield json.dumps({"type": "RECORD", "record": record}).encode()
                if not self.columns.replaces and at % 2:
                    yield _state(name, {"at": at})
                    if takes_long:
                        self._clock.pass_by(_LATER_S)
            yield _state(name, {"at": 0 if self.columns.replaces else len(self._log[number]), "end": True})
            status = {"stream_descriptor": {"name": name}, "status": "COMPLETE"}
            trace = {"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": status}
            yield json.dumps({"type": "TRACE", "trace": trace}).encode()

    def _accounts_of(self, row: Row) -> tuple[str, ...]:
        ids = self.columns.account_ids
        return (ids[row.account],) if self.columns.by_account else ids

    def _wanted(self, account: str, name: str) -> People:
        if not self.columns.has_store:
            return frozenset(person for where, which, person in self._ever if (where, which) == (account, name))
        rows = [
            row
            for table in self._rows
            for row in table.values()
            if name in row.names and account in self._accounts_of(row)
        ]
        refusing = {row.person for row in rows if self.columns.objects and not row.consents}
        return frozenset(sha256_of(email(row.person)) for row in rows if row.person not in refusing)

    def _members(self, account: str, name: str) -> People:
        found = {each for each in self._pinterest.audiences_in(account) if audience_of(each) == name}
        assert len(found) <= 1, found
        return (self._pinterest.members_in(account, found.pop()) or frozenset()) & EVERYBODY if found else frozenset()

    def _keep(self) -> None:
        shutil.copytree(self._store, self._kept)

    @property
    def _kept(self) -> Path:
        return self._store.with_name("kept")

    def teardown(self) -> None:
        if not hasattr(self, "_pinterest"):
            return
        try:
            self.sync(None, 0, takes_long=False)
        finally:
            self._pinterest.close()
            self._folder.cleanup()


def _state(name: str, stream_state: dict[str, Any]) -> bytes:
    described = {"stream_descriptor": {"name": name}, "stream_state": stream_state}
    return json.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": described}}).encode()


TestManyAudiences = ManyAudiences.TestCase
TestManyAudiences.settings = budget(6)
