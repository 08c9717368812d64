"""The console script `destination-pinterest`, and `python -m destination_pinterest`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command that the arguments name; exits with 1 after any failure."""
    # What is imported stays. Collecting garbage meanwhile takes a tenth of the start-up, and scanning it again later is
    # useless too.
    gc.disable()
    from destination_pinterest.connector import Connector  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    Connector().run(sys.argv[1:])


if __name__ == "__main__":
    main()
