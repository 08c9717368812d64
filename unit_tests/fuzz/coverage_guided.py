"""Fuzzes one reader with bytes that atheris changes so that new code is reached: `… coverage_guided NAME SECONDS`.

Source: github.com/google/atheris, README (read 2026-11-27): `Fuzz` never returns; libFuzzer's options are given to
    `Setup`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

# The others ask the disk, which is too slow to be tried thousands of times a second.
BYTES_READERS: Final = (
    *("lines", "states", "catalog", "config", "answers", "refusals", "token answers", "rate headers"),
    *("description marks", "list labels", "destination objects", "manifests", "a connector's messages"),
    "API addresses",
)
_WORK: Final = Path(".cache/fuzz")


def main(name: str, seconds: float) -> None:
    """Fuzzes until the time is over; a document that makes the reader fail is kept in .cache/fuzz."""
    import atheris  # noqa: PLC0415 - optional

    with atheris.instrument_imports(include=["destination_pinterest", "pinterest_audiences"]):
        from unit_tests.fuzz.readers import READERS, suppress_and_check  # noqa: PLC0415 - only now instrumented

    reader = READERS[name]

    def one_input(content: bytes) -> None:
        try:
            with suppress_and_check():
                reader.read(content)
        except UnicodeDecodeError:
            # Bytes that are no text, for a reader of texts: it never gets them.
            if not reader.is_of_text:
                raise

    samples = _WORK / name.replace(" ", "-")
    samples.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(reader.samples):
        (samples / f"sample-{number}").write_bytes(sample)
    options = [f"-max_total_time={max(1, round(seconds))}", f"-artifact_prefix={_WORK}/", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *options, str(samples)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
