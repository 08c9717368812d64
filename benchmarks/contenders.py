"""Who is measured: the connector, the stock destination, the SDK's loop. Each is a process, and is held to its work."""

from __future__ import annotations

import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.children import Child, ChildError, Command, Cost, run
from benchmarks.peer_environment import SDK, peer_python
from benchmarks.records import RECORDS_A_STATE, catalog
from benchmarks.sandbox import ACCESS_TOKEN, AD_ACCOUNT_ID, Sandbox

CHECKOUT: Final = Path(__file__).resolve().parent.parent
# The connector's default; the SDK's loop gets the same.
BATCH_SIZE: Final = 1_900
_CATALOG: Final = catalog()
_NAME: Final = "destination-pinterest"


@dataclass(frozen=True, slots=True)
class Contender:
    """Someone who takes the records. `sends`: to Pinterest; `echoes`: states to the platform."""

    name: str
    child: Child
    sends: bool
    echoes: bool

    def take(
        self, rows: int, source: Command | None, sandbox: Sandbox, output: Path, *, identifiers: int | None = None
    ) -> Cost:
        """One run on `rows` rows, which `source` prints. They have so many identifiers; None: one each.

        Raises: ChildError if it fails, or not all of them went where they should.
        """
        sandbox.reset()
        cost = run(self.child, source, output)
        if self.echoes and (states := _states(output)) != -(-rows // RECORDS_A_STATE):
            raise ChildError(f"{self.name} gave back {states} states of {rows:,} rows; see {output}.")
        if self.sends and (arrived := _arrived(sandbox)) != (rows if identifiers is None else identifiers):
            raise ChildError(f"{self.name} sent {arrived:,} identifiers of {rows:,} rows; see {output}.")
        return cost


def connector(
    sandbox: Sandbox, folder: Path, catalog: dict[str, Any] = _CATALOG, name: str = _NAME, **settings: Any
) -> Contender:
    """The whole connector process. `settings` are keys of its config."""
    config = {
        "credentials": {"auth_method": "access_token", "access_token": ACCESS_TOKEN},
        "ad_account_id": AD_ACCOUNT_ID,
        "api_base_url": sandbox.api_base_url,
        "batch_size": BATCH_SIZE,
        **settings,
    }
    program = Path(sys.executable).with_name("destination-pinterest")
    child = Child([program, *_write(config, catalog, folder)], {}, folder)
    return Contender(name, child, sends=True, echoes=True)


def stock(folder: Path) -> Contender:
    """The stock destination that does nothing."""
    program = CHECKOUT / "benchmarks" / "stock_destination.py"
    child = Child([sys.executable, program, *_write({}, _CATALOG, folder)], {}, folder)
    return Contender("stock airbyte-cdk, does nothing", child, sends=False, echoes=True)


def sdk(sandbox: Sandbox, folder: Path) -> Contender:
    """Pinterest's SDK in a plain loop."""
    # At its import, the SDK searches all folders beside the one it runs in for a config.json. Here there are none.
    empty = folder / "sdk-runs-here" / "empty"
    empty.mkdir(parents=True, exist_ok=True)
    credentials = {"PINTEREST_ACCESS_TOKEN": ACCESS_TOKEN, "PINTEREST_API_URI": sandbox.api_base_url}
    program = CHECKOUT / "benchmarks" / "sdk_loop.py"
    command: Command = [peer_python(folder / "sdk", SDK), program, AD_ACCOUNT_ID, str(BATCH_SIZE)]
    return Contender("Pinterest's SDK in a loop", Child(command, credentials, empty), sends=True, echoes=False)


def _write(config: dict[str, Any], catalog: dict[str, Any], folder: Path) -> Command:
    """The arguments of a destination's write, with its files written anew, each under the name of its content."""
    files = []
    for kind, content in (("config", config), ("catalog", catalog)):
        text = json.dumps(content, sort_keys=True)
        files.append(folder / f"{kind}-{zlib.crc32(text.encode()):08x}.json")
        files[-1].write_text(text, encoding="utf-8")
    config_file, catalog_file = files
    return ["write", "--config", config_file, "--catalog", catalog_file]


def _states(output: Path) -> int:
    with output.open("rb") as lines:
        return sum(json.loads(line)["type"] == "STATE" for line in lines)


def _arrived(sandbox: Sandbox) -> int:
    return sum(request["identifiers"] or 0 for request in sandbox.writes() if request["status"] in {200, 201})
