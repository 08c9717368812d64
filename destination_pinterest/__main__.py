"""The console script `destination-pinterest`, and `python -m destination_pinterest`."""

from __future__ import annotations

import gc
import sys
import warnings

# What requests guesses the encoding of texts by. The connector reads bytes alone, and these take a tenth of its memory.
_GUESSERS = ("chardet", "charset_normalizer")


def main() -> None:
    """Runs the command that the arguments name; exits with 1 after any failure."""
    # What is imported stays. Collecting garbage meanwhile takes a tenth of the start-up, and scanning it again later is
    # useless too.
    gc.disable()
    _leave_out_guessers()
    from destination_pinterest.connector import Connector  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    Connector().run(sys.argv[1:])


def _leave_out_guessers() -> None:
    """Has requests do without what it calls optional; only here, since another program may need it.

    Source: requests 2.32, compat.py, `_resolve_char_detection`, and models.py, `apparent_encoding` (read 2026-11-27).
    """
    sys.modules.update(dict.fromkeys(_GUESSERS))  # type: ignore[arg-type]  # None has an import fail
    warnings.filterwarnings("ignore", message="Unable to find acceptable character detection dependency")


if __name__ == "__main__":
    main()
