"""From an exported v4 dataflow to a project that keeps the same audience, by its id, and back to a comparison."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration_tests.cli.programs import PROGRAM, Result
from integration_tests.sandbox_process import AD_ACCOUNT_ID, RunningSandbox


@pytest.fixture
def account() -> Iterator[RunningSandbox]:
    sandbox = RunningSandbox("--tier", "none", "--matching-delay-s", "0", "--quiet")
    yield sandbox
    sandbox.stop()


def test_a_v4_dataflow_goes_on_in_the_audience_that_it_had(account: RunningSandbox, tmp_path: Path) -> None:
    def command(*arguments: object) -> Result:
        environment = {
            **os.environ,
            "PINTEREST_ACCESS_TOKEN": "pina_sandbox",
            "PINTEREST_AD_ACCOUNT_ID": AD_ACCOUNT_ID,
            "PINTEREST_API_BASE_URL": account.api_base_url,
            "PINTEREST_AUDIENCES_HOME": str(tmp_path / "home"),
        }
        whole = [*PROGRAM, *map(str, arguments)]
        return subprocess.run(
            whole, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    (made,) = json.loads(command("create", "VIP", "--json").stdout)["audiences"]
    old = {
        "advertiser_id": AD_ACCOUNT_ID,
        "audiences": [{"name": "What it was called in 2023", "id": made["audience_id"]}],
        "mappings": ["Email"],
    }
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "people.csv").write_text("email\na@example.com\nb@example.com\n")

    assert command("migrate", "v4", "--from", "old.json", "--source", "people.csv").returncode == 0
    project = tmp_path / "audiences.yml"
    project.write_text("".join(line for line in project.read_text().splitlines(True) if "table:" not in line))
    ran = command("run", "--json")
    listing = command("audiences", "--json").stdout

    assert ran.returncode == 0, ran.stdout + ran.stderr
    (audience,) = json.loads(listing)["audiences"]
    assert (audience["name"], audience["audience_id"]) == ("VIP", made["audience_id"])
    assert len(account.members_of("VIP")) == 2
    (tmp_path / "new.json").write_text(listing)
    compared = command("compare", "old.json", "new.json")
    assert compared.returncode == 1
    assert 'it is called "VIP" now' in compared.stdout
