"""What a process loads before it knows what to do. A budget of modules, not of seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

# Each takes longer to load than everything that the connector's own modules need together, or nearly.
HEAVY = (
    "airbyte_cdk",
    "boto3",
    "botocore",
    "duckdb",
    "email_validator",
    "jsonschema",
    "numpy",
    "phonenumbers",
    "redis",
)
MOST_MODULES = 620
# Measuring coverage loads modules of its own.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}


def test_the_connector_starts_without_the_cdk_and_without_what_few_syncs_need() -> None:
    code = "import json, sys, destination_pinterest.connector; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", code], env=UNMEASURED, capture_output=True, check=True, timeout=60
    ).stdout
    loaded = json.loads(output)
    assert [name for name in HEAVY if name in loaded] == []
    assert len(loaded) < MOST_MODULES


def test_the_console_script_leaves_out_what_guesses_encodings_and_says_nothing_of_it() -> None:
    code = (
        "import sys\nfrom destination_pinterest.__main__ import main\nsys.argv = ['destination-pinterest', 'spec']\n"
        "main()\nimport requests\nloaded = [name for name in sys.modules if sys.modules[name] is not None]\n"
        "assert not {'chardet', 'charset_normalizer', 'html'} & set(loaded), loaded\n"
        "assert requests.compat.chardet is None"
    )
    done = subprocess.run([sys.executable, "-c", code], env=UNMEASURED, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_console_script_is_the_connector_and_not_the_cdk_s_destination() -> None:
    code = (
        "import sys\nfrom destination_pinterest.__main__ import main\nsys.argv = ['destination-pinterest', 'spec']\n"
        "main()\nassert 'airbyte_cdk' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], env=UNMEASURED, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["type"] == "SPEC"
