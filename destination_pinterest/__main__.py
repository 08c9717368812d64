"""The console script `destination-pinterest`, and `python -m destination_pinterest`."""

from __future__ import annotations

import sys

from destination_pinterest.destination import DestinationPinterest


def main() -> None:
    """Runs the command that the arguments name; exits with 1 after any failure."""
    DestinationPinterest().run(sys.argv[1:])


if __name__ == "__main__":
    main()
