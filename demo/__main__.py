"""Runs the demo: sandbox, warehouse, sync by the real command line and connector, and the check of every member."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

from demo.sandbox_process import RunningSandbox, SandboxError, running_sandbox
from demo.warehouse import ROWS, TABLE, expected_members, rows_without_identity, write_warehouse

CHECKOUT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = CHECKOUT / ".demo"
WAREHOUSE: Final = FOLDER / "customers.duckdb"
AUDIENCE: Final = "VIP customers"
# Where a sandbox listens that is started by hand, for the commands that are shown at the end.
SANDBOX_BY_HAND: Final = "http://127.0.0.1:8700/v5"
EXIT_STOPPED: Final = 130
# The command line itself takes at most twice 8 s to let the connector finish.
_SYNC_END_S: Final = 30


def main() -> int:
    """Returns the exit code: 0 only if the audience consists of exactly who is in the table."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    started_s = time.monotonic()
    FOLDER.mkdir(exist_ok=True)
    try:
        with running_sandbox(FOLDER / "sandbox.log") as sandbox:
            fault = _demonstrate(sandbox)
    except SandboxError as error:
        fault = str(error)
    except KeyboardInterrupt:
        _say("Stopped.")
        return EXIT_STOPPED
    if fault:
        print(f"The demo failed: {fault}", file=sys.stderr)
        return 1
    _say(f"\nDone in {time.monotonic() - started_s:.0f} s.\n{_what_next()}")
    return 0


def _demonstrate(sandbox: RunningSandbox) -> str | None:
    """Returns what went wrong, in a sentence, or None."""
    _say(f"1. Pinterest's API, played by a sandbox on this machine: {sandbox.api_base_url}")
    write_warehouse(WAREHOUSE)
    useless = rows_without_identity(WAREHOUSE)
    _say(f"2. A warehouse, {_shown(WAREHOUSE)}: table {TABLE!r} of {ROWS:,} rows, {useless:,} of them of no use")
    config = _write_config(FOLDER / "config.json", sandbox.api_base_url)
    command = _sync_command(config)
    _say(f"3. The sync, at Pinterest's Standard quota:\n   {_typed(command)}\n")
    exit_code = _run(command)
    if exit_code != 0:
        return f"the sync ended with exit code {exit_code}; the line above says why."
    return _compare(expected_members(WAREHOUSE), sandbox.members(AUDIENCE))


def _compare(expected: set[str], members: set[str]) -> str | None:
    if members == expected:
        _say(f"\n4. Checked by SQL: the audience is exactly the {len(expected):,} identities of the table.")
        return None
    missing, too_many = len(expected - members), len(members - expected)
    return (
        f"the audience differs from the table: {missing:,} of {len(expected):,} identities are missing, {too_many:,} "
        "are there that should not be."
    )


def _sync_command(config: Path) -> list[str]:
    source = f"duckdb:///{WAREHOUSE}"
    program = str(Path(sys.executable).with_name("pinterest-audiences"))
    return [program, "sync", "--from", source, "--table", TABLE, "--audience", AUDIENCE, "--config", str(config)]


def _run(command: list[str]) -> int:
    """Runs the sync; Ctrl-C is passed on once, and the sync is waited for."""
    # The history is for the user's own runs.
    process = subprocess.Popen(
        command, start_new_session=True, env={**os.environ, "PINTEREST_AUDIENCES_HISTORY": "off"}
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_SYNC_END_S)
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            process.send_signal(signal.SIGINT)
            process.wait()
        raise


def _write_config(path: Path, api_base_url: str) -> Path:
    config = {
        "credentials": {"auth_method": "access_token", "access_token": "pina_sandbox"},
        "ad_account_id": "549755885175",
        "api_base_url": api_base_url,
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    return path


def _what_next() -> str:
    by_hand = _shown(_write_config(FOLDER / "sandbox-config.json", SANDBOX_BY_HAND))
    sync = _typed(_sync_command(FOLDER / "sandbox-config.json"))
    return f"""
What to type next
  See what your own table would come to (nothing is sent; any database, .csv or .parquet):
    .venv/bin/pinterest-audiences sync --from FILE.csv --audience "My audience" --config {by_hand} --dry-run
  Look at the sandbox; in one terminal start it, in another one sync into it and ask what there is now:
    .venv/bin/pinterest-sandbox --control
    {sync}
    curl {SANDBOX_BY_HAND.removesuffix("/v5")}/_sandbox/audiences
  Sync into your own ad account: docs/cli.md says what goes into the config file.
  Configure it in Airbyte: docs/pinterest.md."""


def _typed(command: list[str]) -> str:
    """The command as one would type it in the checkout."""
    words = [word.replace(f"{CHECKOUT}/", "") for word in command]
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def _shown(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def _say(text: str) -> None:
    print(text, flush=True)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
