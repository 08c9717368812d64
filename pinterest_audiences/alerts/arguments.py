"""The option by which a command is told when to alert, and whom."""

from __future__ import annotations

import argparse

from pinterest_audiences.alerts.reading import ALERTS_VARIABLE


def add_alert_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares --alerts."""
    parser.add_argument(
        "--alerts",
        metavar="FILE",
        help="a YAML file whose section `alerts` says when to alert, and whom; a project file is one (default: the "
        f"usual alerts, to the addresses in {ALERTS_VARIABLE}, if there are any)",
    )
