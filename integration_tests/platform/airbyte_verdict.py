"""Prints what Airbyte's validators say of a connector, as JSON. Run by the Python of .venvs/metadata-validator.

    python airbyte_verdict.py METADATA.yaml... DOCS.md

Runs in a checkout that is laid out as Airbyte's own repository. `metadata` has, for each file, None or what is wrong;
`quality` has, for each of Airbyte's quality checks that needs no network, its status and its message.

Source: airbyte-internal-ops 0.132.0, airbyte_ops_mcp/metadata_validator.py and connector_qa (read and run 2026-11-22).
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from airbyte_ops_mcp.connector_ops.utils import Connector
from airbyte_ops_mcp.connector_qa.checks import ENABLED_CHECKS
from airbyte_ops_mcp.metadata_validator import PRE_UPLOAD_VALIDATORS, ValidatorOptions, validate_and_load

CONNECTOR = "destination-pinterest"
# These ask Docker Hub for the base image, and GitHub for the release before.
NEED_THE_NETWORK = {"ValidateMetadata", "CheckVersionIncrement"}


class NewConnector(Connector):
    """One that the registry does not have, without asking the registry."""

    is_released = False


def main() -> None:
    """Prints the verdicts."""
    *metadata_files, docs = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        verdicts = {"metadata": metadata(metadata_files, docs), "quality": quality()}
    print(json.dumps(verdicts))


def metadata(files: list[str], docs: str) -> dict[str, str | None]:
    """What the validator that runs before a release has to say of each file; it loads the pydantic model first."""
    options = ValidatorOptions(docs_path=docs, disable_dockerhub_checks=True)
    return {file: validate_and_load(Path(file), PRE_UPLOAD_VALIDATORS, options)[1] for file in files}


def quality() -> dict[str, list[str]]:
    """The status and message of each quality check; "Crashed" and the error where it does not bear what it looks at."""
    connector = NewConnector(CONNECTOR)
    found = {}
    for check in ENABLED_CHECKS:
        if type(check).__name__ not in NEED_THE_NETWORK:
            try:
                result = check.run(connector)
                found[type(check).__name__] = [result.status.name, result.message]
            except Exception as error:  # noqa: BLE001 - whatever a check of theirs stumbles over is its verdict
                found[type(check).__name__] = ["CRASHED", repr(error)]
    return found


if __name__ == "__main__":
    main()
