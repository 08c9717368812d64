"""Keeps source_spec/ equal to what the connector prints: `spec`, and `discover` for the sandbox's ad account.

So are the JSON Schemas in docs/schema/, which the command line prints.

The commands are run as the platform runs them, so that the files are what a host sees and not what the code means to
say. With `--check` nothing is written: the differences are shown and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from typing import Any

import requests

from pinterest_audiences.project.schemas import schema_text
from tools.generated_file import ROOT, keep
from tools.local_sandbox import ACCOUNT, TOKEN, create, local_sandbox

SPEC_FILE = ROOT / "source_spec" / "connector_spec.json"
CATALOG_FILE = ROOT / "source_spec" / "destination_catalog.json"
SCHEMA_FOLDER = ROOT / "docs" / "schema"
SCHEMA_FILES = {"audiences": "file", "run": "run", "plan": "plan", "status": "status"}
AUDIENCES = ("VIP customers", "Newsletter (2026)")
PATIENCE_S = 60


def main() -> int:
    """Write or check the files; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of step")
    check = parser.parse_args().check

    in_step = [
        keep(SPEC_FILE, printed_spec(), source="`destination-pinterest spec`", check=check),
        keep(CATALOG_FILE, printed_catalog(), source="`destination-pinterest discover`", check=check),
        *(
            keep(SCHEMA_FOLDER / f"{name}.schema.json", schema_text(what), source="the project's models", check=check)
            for name, what in SCHEMA_FILES.items()
        ),
    ]
    return 0 if all(in_step) else 1


def printed_spec() -> str:
    """The specification in the one SPEC message that `spec` prints, as readable JSON.

    Raises:
        SystemExit: the command failed, or printed no SPEC message or several; says so.
    """
    return _readable(_printed("SPEC", "spec")["spec"])


def printed_catalog() -> str:
    """What `discover` prints for the sandbox's ad account with AUDIENCES and one audience of another type in it.

    Raises:
        SystemExit: the command failed, or printed no DESTINATION_CATALOG message or several; says so.
    """
    with local_sandbox() as api, tempfile.NamedTemporaryFile("w", suffix=".json") as config:
        _fill(api)
        credentials = {"auth_method": "access_token", "access_token": TOKEN}
        json.dump({"credentials": credentials, "ad_account_id": ACCOUNT, "api_base_url": api}, config)
        config.flush()
        printed = _printed("DESTINATION_CATALOG", "discover", "--config", config.name)
    return _readable(printed["destination_catalog"])


def _printed(kind: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "destination_pinterest", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    name = f"`destination-pinterest {arguments[0]}`"
    if done.returncode != 0:
        raise SystemExit(f"{name} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    messages: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    found = [message for message in messages if message["type"] == kind]
    if len(found) != 1:
        raise SystemExit(f"{name} printed {len(found)} {kind} messages in place of one")
    return found[0]


def _fill(api: str) -> None:
    with requests.Session() as session:
        for name in AUDIENCES:
            made = create(session, api, "customer_lists", {"name": name, "records": "a@example.com"})
            rule = {"customer_list_id": made["id"]}
            create(session, api, "audiences", {"name": name, "audience_type": "CUSTOMER_LIST", "rule": rule})
        visitors = {"name": "Visitors", "audience_type": "VISITOR", "rule": {"visitor_source_id": "1"}}
        create(session, api, "audiences", visitors)


def _readable(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
