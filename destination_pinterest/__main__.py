"""The console script `destination-pinterest`, and `python -m destination_pinterest`."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Runs the command that the arguments name; exits with 1 after any failure."""
    # Importing the CDK makes objects by the hundred thousand, all of which stay: collecting garbage meanwhile takes a
    # tenth of the start-up, and looking at them again later is as vain.
    gc.disable()
    from destination_pinterest.destination import DestinationPinterest  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    DestinationPinterest().run(sys.argv[1:])


if __name__ == "__main__":
    main()
