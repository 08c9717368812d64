"""From a DuckDB table to Pinterest, by the command line and by drt: whole processes, the same rows, the same sandbox.

drt 1.2 is a general tool for this way of data, so it is told what a general tool can be told: its model hashes in SQL,
and its REST destination sends 1,900 identifiers at a time into a customer list that is there already. It gets no
audience, checks no address, and doesn't know what Pinterest permits beyond a number of requests in a second.

Source: drt-core 1.2.1, drt/destinations/rest_api.py and drt/config/sync_options.py (read 2026-11-27).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import duckdb

from benchmarks.children import Child, ChildError, Cost, run
from benchmarks.contenders import BATCH_SIZE
from benchmarks.figures import Table, against_first
from benchmarks.peer_environment import DRT, peer_python
from benchmarks.quota import LATENCY_MS
from benchmarks.sandbox import ACCESS_TOKEN, AD_ACCOUNT_ID, Sandbox, running_sandbox

_EMAIL: Final = "customer0@example.com"
# What Standard access permits: 400 writes in any minute.
_PERMITTED_A_SECOND: Final = 400 / 60
_UNLIMITED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Contender:
    name: str
    prepare: Callable[[Sandbox], Child]

    def take(self, rows: int, sandbox: Sandbox, output: Path) -> Cost:
        sandbox.reset()
        cost = run(self.prepare(sandbox), None, output)
        arrived = sum(request["identifiers"] or 0 for request in sandbox.writes() if request["status"] in {200, 201})
        if arrived != rows:
            raise ChildError(f"{self.name} sent {arrived:,} identifiers of {rows:,} rows; see {output}.")
        return cost


def measure(folder: Path, *, rows: int, limited_rows: int, rounds: int) -> list[Table]:
    """Without a quota, and as Standard access has it."""
    return [
        _measured(folder, "Without a quota", rows, rounds, tier="none", latency_ms=0, most_a_second=_UNLIMITED),
        _measured(
            folder,
            f"At Standard quota and {LATENCY_MS:.0f} ms latency",
            limited_rows,
            rounds,
            tier="standard",
            latency_ms=LATENCY_MS,
            most_a_second=_PERMITTED_A_SECOND,
        ),
    ]


def _measured(
    folder: Path, title: str, rows: int, rounds: int, *, tier: str, latency_ms: float, most_a_second: float
) -> Table:
    table = _table(folder / f"customers-{rows}.duckdb", rows)
    rivals = [_command_line(folder, table, tier), _drt(folder, table, most_a_second)]
    measured: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    with running_sandbox(folder / "sandbox.log", tier=tier, latency_ms=latency_ms) as sandbox:
        for number in range(1, rounds + 1):
            print(f"  round {number} of {rounds}", flush=True)
            for rival in rivals:
                measured[rival.name].append(rival.take(rows, sandbox, folder / "output.txt").wall_s)
    return Table(f"{title}, {rows:,} rows of a DuckDB table, s", against_first(measured), "time, command line = 1")


def _command_line(folder: Path, table: Path, tier: str) -> _Contender:
    def prepare(sandbox: Sandbox) -> Child:
        config = {
            "credentials": {"auth_method": "access_token", "access_token": ACCESS_TOKEN},
            "ad_account_id": AD_ACCOUNT_ID,
            "api_base_url": sandbox.api_base_url,
            "access_tier": tier,
        }
        file = folder / "command-line.json"
        file.write_text(json.dumps(config), encoding="utf-8")
        file.chmod(0o600)
        program = Path(sys.executable).with_name("pinterest-audiences")
        source = ["--from", f"duckdb:///{table}", "--table", "customers"]
        return Child([program, "sync", "--config", file, *source, "--audience", "customers"], {}, folder)

    return _Contender("pinterest-audiences sync", prepare)


def _drt(folder: Path, table: Path, most_a_second: float) -> _Contender:
    program = peer_python(folder / "drt", DRT).with_name("drt")
    project = folder / "drt-project"

    def prepare(sandbox: Sandbox) -> Child:
        # The list has to be there, and a list has to have somebody: the first customer, whom the model leaves out.
        list_id = sandbox.create_list(sha256(_EMAIL.encode()).hexdigest())
        sync = {
            "name": "customers",
            "model": "SELECT sha256(lower(trim(email))) AS identifier FROM customers WHERE id > 0",
            "destination": {
                "type": "rest_api",
                "url": f"{sandbox.api_base_url}/ad_accounts/{AD_ACCOUNT_ID}/customer_lists/{list_id}",
                "method": "PATCH",
                "headers": {"Content-Type": "application/json"},
                "auth": {"type": "bearer", "token_env": "BENCHMARK_TOKEN"},
                "body_mode": "batch",
                "batch_template": '{"operation_type": "ADD", "records": "'
                "{{ rows | map(attribute='identifier') | join(',') }}\"}",
                "max_records_per_request": BATCH_SIZE,
            },
            "sync": {
                "mode": "full",
                "batch_size": BATCH_SIZE,
                "rate_limit": {"requests_per_second": most_a_second},
            },
        }
        _write_json(project / "syncs" / "customers.yml", sync)
        _write_json(project / "drt_project.yml", {"name": "benchmark", "version": "0.1", "profile": "benchmark"})
        profile = {"benchmark": {"type": "duckdb", "database": str(table)}}
        _write_json(project / "home" / ".drt" / "profiles.yml", profile)
        return Child([program, "run"], {"HOME": str(project / "home"), "BENCHMARK_TOKEN": ACCESS_TOKEN}, project)

    return _Contender("drt run, REST destination", prepare)


def _write_json(path: Path, content: object) -> None:
    """JSON is YAML as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def _table(path: Path, rows: int) -> Path:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE customers AS SELECT range AS id, 'customer' || range || '@example.com' AS email, "
            "'Ada' AS first_name, 'DE' AS country FROM range(?)",
            [rows],
        )
    return path
