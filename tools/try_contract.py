"""Tries the sandbox with schemathesis: requests by the hundred, valid and not, and each answer held to a description.

It is held to our own contract and, where that is at hand, to Pinterest's description; a line that begins with NOT
COMPARED says that it isn't. `make contract` sets up schemathesis first, in an environment of its own.

Exit status: 0 if every answer was what the descriptions promise, 1 if one was not or schemathesis is not there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import requests

from pinterest_sandbox.default_world import CLIENT_ID, CLIENT_SECRET, USER_ID
from pinterest_sandbox.operations import OPERATIONS
from tools.generated_file import ROOT
from tools.local_sandbox import ACCOUNT, TOKEN, create, local_sandbox

OURS = ROOT / "source_spec" / "pinterest_v5.yaml"
SCHEMATHESIS = ROOT / ".venvs" / "schemathesis" / "bin" / "schemathesis"
# A body that fits the description may still be refused: it names a list that is not there, or nobody at all.
_NOT_HELD_TO = ("positive_data_acceptance",)
# The sandbox speaks a part of Pinterest's API: its paths lack methods that Pinterest has.
_NOT_HELD_TO_BY_THEIRS = (*_NOT_HELD_TO, "allow_header_conformance")


@dataclass(frozen=True)
class Description:
    """What answers are held to: a file, the operations of it that the sandbox speaks, and checks that don't apply."""

    path: Path
    operations: Collection[str]
    left_out: tuple[str, ...]


def main() -> int:
    """Try the sandbox; the exit status for the shell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--description", type=Path, required=True, metavar="FILE", help="Pinterest's, as JSON or YAML")
    parser.add_argument("--examples", type=int, default=30, help="requests for each operation, beside the fixed ones")
    options = parser.parse_args()

    if not SCHEMATHESIS.exists():
        print("schemathesis is not set up; `make contract` does that.", file=sys.stderr)
        return 1
    # Each is tried, also after one that fails.
    return max([obeys(description, options.examples) for description in descriptions(options.description)])


def descriptions(theirs: Path) -> list[Description]:
    """Our contract, and Pinterest's description where it is at hand; says so where it isn't."""
    spoken = [operation.id for operation in OPERATIONS]
    ours = Description(OURS, spoken, _NOT_HELD_TO)
    if theirs.is_file():
        return [ours, Description(theirs, spoken, _NOT_HELD_TO_BY_THEIRS)]
    print(
        f"NOT COMPARED with Pinterest's description, which is not at {theirs}. "
        "`make contract DESCRIPTION=path` names it.",
        flush=True,
    )
    return [ours]


def obeys(description: Description, examples: int) -> int:
    """Hold a new sandbox to a description; 0 if it obeys.

    Raises:
        SystemExit: the sandbox did not start; says so.
    """
    print(f"Trying the sandbox against {description.path}", flush=True)
    # No quota, and no wait for matching: neither is in the description.
    with local_sandbox("--tier", "none", "--matching-delay-s", "0") as api, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "schemathesis.toml"
        config.write_text(configuration(_fill(api)), encoding="utf-8")
        done = subprocess.run(command(description, api, config, examples), cwd=folder, check=False)
    return 0 if done.returncode == 0 else 1


def command(description: Description, api: str, config: Path, examples: int) -> list[str]:
    """The command line of schemathesis."""
    return [
        *(str(SCHEMATHESIS), "--config-file", str(config), "run", str(description.path.resolve()), "--url", api),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--warnings", "off"),
        *("--exclude-checks", ",".join(description.left_out)),
        *(part for operation in description.operations for part in ("--include-operation-id", operation)),
    ]


def configuration(ids: dict[str, str]) -> str:
    """schemathesis.toml: who asks, and ids that exist. Audiences are removed by one operation, which gets its own."""
    basic = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    there = "".join(f'"path.{name}" = {json.dumps(value)}\n' for name, value in ids.items() if name != "to_change")
    return (
        f"headers = {{ Authorization = {json.dumps(f'Bearer {TOKEN}')} }}\n\n"
        f"[parameters]\n{there}\n"
        '[[operations]]\ninclude-operation-id = "audiences/update"\n'
        f'parameters = {{ "path.audience_id" = {json.dumps(ids["to_change"])} }}\n\n'
        '[[operations]]\ninclude-operation-id = "oauth/token"\n'
        f"headers = {{ Authorization = {json.dumps(f'Basic {basic}')} }}\n"
    )


def _fill(api: str) -> dict[str, str]:
    """Something of each kind, so that requests reach further than a 404."""
    with requests.Session() as session:
        list_id = create(session, api, "customer_lists", {"name": "x", "records": "a@example.com"})["id"]
        body = {"name": "x", "audience_type": "CUSTOMER_LIST", "rule": {"customer_list_id": list_id}}
        audiences = [create(session, api, "audiences", body)["id"] for _ in range(2)]
        upload = create(session, api, f"customer_lists/{list_id}/uploads", {"operation": "ADD", "total_parts": 1})
    return {
        "ad_account_id": ACCOUNT,
        "business_id": USER_ID,
        "customer_list_id": list_id,
        "customer_list_upload_id": upload["customer_list_upload"]["id"],
        "audience_id": audiences[0],
        "to_change": audiences[1],
    }


if __name__ == "__main__":
    sys.exit(main())
