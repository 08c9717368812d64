"""Several ad accounts, by chance: tables change, accounts are refused at times, processes die, and each is as promised.

An account that may be used equals the table after every sync that got to its end, whatever the others met; one that may
not be used stays as it was; and no state comes back while one of them lacks a row.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
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

ACCOUNTS = ("549755885201", "549755885202", "549755885203")
KEYS, PEOPLE = range(3), range(5)
EVERYBODY = frozenset(sha256_of(email(number)) for number in PEOPLE)
AUDIENCE = "customers"
TUNING = Tuning(stretchings={1: Scrypt(n=2, r=8, p=1)}, lease_timing=LeaseTiming(believed_for_s=1e9))
MAY, LOOKS, MAY_NOT = "may be used", "may be looked at", "is a stranger's"
GONE = "2026-11-22T10:00:00Z"


@dataclass(frozen=True)
class Accounts:
    """A connection: how many accounts, whether rows name theirs, whether the table replaces, and is remembered."""

    count: int
    by_column: bool
    replaces: bool
    has_store: bool

    @property
    def ids(self) -> tuple[str, ...]:
        return ACCOUNTS[: self.count]

    def settings(self, store: Path) -> dict[str, Any]:
        kept = {"store_type": "local", "path": str(store), "store_key": "the property's store key"}
        return {
            "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
            "ad_account_id": self.ids[0],
            "also_in_ad_accounts": list(self.ids[1:]),
            "api_base_url": API_BASE_URL,
            "access_tier": "none",
            "batch_size": 2,
            "retry_hours": 0,
            "max_removal_percent": 100,
            "allow_empty_audience": True,
            "allow_identity_drift": True,
            **({"ad_account_column": "account"} if self.by_column else {}),
            **({"membership_store": kept} if self.has_store else {}),
        }

    def catalog(self) -> bytes:
        columns = ("id", "email", "account", "_ab_cdc_deleted_at")
        described = {"name": AUDIENCE, "json_schema": {"properties": {column: {} for column in columns}}}
        modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        if not self.replaces:
            modes = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
        return json.dumps({"streams": [{"stream": described, "primary_key": [["id"]], **modes}]}).encode()


@st.composite
def connections(draw: st.DrawFn) -> Accounts:
    replaces = draw(st.booleans())
    # Without a store, rows of an increment that change stay where they were.
    return Accounts(draw(st.integers(2, 3)), draw(st.booleans()), replaces, draw(st.booleans()) or not replaces)


Rows = dict[int, tuple[int, int]]


class SeveralAccounts(RuleBasedStateMachine):
    """A table, and the audiences that are to be equal to it."""

    @initialize(accounts=connections())
    def connect(self, accounts: Accounts) -> None:
        note(f"{accounts}")
        self.accounts = accounts
        self._folder = tempfile.TemporaryDirectory(prefix="property-")
        self._store = Path(self._folder.name) / "store"
        self._store.mkdir()
        self._clock = Clock()
        self._pinterest = Pinterest(self._clock)
        self._rows: Rows = {}
        self._log: list[int] = []
        self._safe = 0
        self._attempts = 0

    @rule(key=st.sampled_from(KEYS), person=st.sampled_from(PEOPLE), account=st.integers(0, 2))
    def put(self, key: int, person: int, account: int) -> None:
        self.put_row(key, person, account % self.accounts.count)

    def put_row(self, key: int, person: int, account: int) -> None:
        self._rows[key] = (person, account)
        self._log.append(key)

    @rule(account=st.integers(0, 2))
    def move(self, account: int) -> None:
        """Some rows name another account from now on."""
        for key, (person, before) in list(self._rows.items())[::2]:
            self.put_row(key, person, (before + account) % self.accounts.count)

    @rule(key=st.sampled_from(KEYS))
    def delete(self, key: int) -> None:
        if self._rows.pop(key, None) is not None:
            self._log.append(key)

    @rule(
        rights=st.lists(st.sampled_from((MAY, MAY, LOOKS, MAY_NOT)), min_size=3, max_size=3),
        kill_at=st.none() | st.integers(1, 60),
        seed=st.integers(0, 9),
    )
    def sync(self, rights: list[str], kill_at: int | None, seed: int) -> None:
        may = dict(zip(self.accounts.ids, rights, strict=False))
        for account, right in may.items():
            self._pinterest.let(account, reads=right != MAY_NOT, writes=right == MAY)
        before = {account: self._members(account) for account in may}
        ending, returned, failure = self._attempt(kill_at, seed)
        self._judge(may, before, ending, failure)
        if returned:
            assert all(self._members(account) == self._wanted(account) for account in may), "a state came back early"
            self._safe = len(self._log)
        assert ending != "succeeded" or returned

    def _judge(self, may: dict[str, str], before: dict[str, People], ending: str, failure: str) -> None:
        named = set(re.findall(r"\(ad account ([0-9]+)\)", failure))
        for account, right in may.items():
            now, wanted = self._members(account), self._wanted(account)
            if right != MAY:
                assert now == before[account], f"{account} was changed"
                if ending == "failed" and right == MAY_NOT:
                    assert account in named, failure
                assert ending != "succeeded" or (right == LOOKS and now == wanted), f"{account} was not missed"
            elif ending != "killed":
                assert now == wanted, f"{account} is not the table: {failure}"
                assert account not in named, failure

    def _attempt(self, kill_at: int | None, seed: int) -> tuple[str, int, str]:
        """How it ended, how many states came back, and what was said of a failure."""
        self._attempts += 1
        self._clock.pass_by(60.0)
        moments = Moments(kill_at, self._keep)
        machine = Machine(self._clock, random.Random(f"{seed}, attempt {self._attempts}"))
        raw, said = self.accounts.settings(self._store), Said()
        request = SyncRequest(
            read_config(raw),
            PlatformConfig(raw, said),
            parse_catalog(self.accounts.catalog()),
            MessageLines(self._lines()),
            said,
            lambda *_: WatchedWire(self._pinterest.wire, moments, lambda: None),
        )
        returned = 0
        try:
            with disk_writes_are(moments):
                parts = assemble(request, machine.system, pause=machine.pause, make_pool=machine.pool, tuning=TUNING)
                for _ in Sync(parts).run():
                    returned += 1
                    moments.comes()
        except KilledError:
            shutil.rmtree(self._store)
            self._kept.rename(self._store)
            return "killed", returned, ""
        except ConnectorError as error:
            return "failed", returned, str(error)
        return "succeeded", returned, ""

    def _lines(self) -> Iterator[bytes]:
        changed = self._rows if self.accounts.replaces else dict.fromkeys(self._log[self._safe :])
        for key in changed:
            data: dict[str, Any] = {"id": key, "_ab_cdc_deleted_at": GONE}
            if key in self._rows:
                person, account = self._rows[key]
                data = {"id": key, "email": email(person), "account": self.accounts.ids[account]}
            yield json.dumps({"type": "RECORD", "record": {"stream": AUDIENCE, "emitted_at": 1, "data": data}}).encode()
        stream_state = {} if self.accounts.replaces else {"at": len(self._log)}
        described = {"stream_descriptor": {"name": AUDIENCE}, "stream_state": stream_state}
        yield json.dumps({"type": "STATE", "state": {"type": "STREAM", "stream": described}}).encode()

    def _wanted(self, account: str) -> People:
        return frozenset(
            sha256_of(email(person))
            for person, where in self._rows.values()
            if not self.accounts.by_column or self.accounts.ids[where] == account
        )

    def _members(self, account: str) -> People:
        return (self._pinterest.members_in(account, AUDIENCE) or frozenset()) & EVERYBODY

    def _keep(self) -> None:
        shutil.copytree(self._store, self._kept)

    @property
    def _kept(self) -> Path:
        return self._store.with_name("kept")

    def teardown(self) -> None:
        if not hasattr(self, "_pinterest"):
            return
        try:
            self.sync([MAY] * 3, None, 0)
            for account in self.accounts.ids:
                assert self._members(account) == self._wanted(account)
        finally:
            self._pinterest.close()
            self._folder.cleanup()


TestSeveralAccounts = SeveralAccounts.TestCase
TestSeveralAccounts.settings = budget(20)
