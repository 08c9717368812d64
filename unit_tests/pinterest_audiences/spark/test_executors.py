from __future__ import annotations

import subprocess
import sys

# docs/scale.md names them; phonenumbers is loaded only for phone numbers.
# And email_validator with the first address.
NEEDED = {"msgspec", "pyarrow"}
ONLY_ON_THE_DRIVER = {"airbyte_cdk", "boto3", "cryptography", "duckdb", "pydantic", "pyspark", "requests", "sqlalchemy"}


def test_executors_load_what_maps_rows_and_nothing_that_only_the_driver_needs() -> None:
    modules = "row_mapping, chunks, differences"
    code = f"import sys; from pinterest_audiences.spark import {modules}; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded & ONLY_ON_THE_DRIVER == set()
    assert loaded >= NEEDED
