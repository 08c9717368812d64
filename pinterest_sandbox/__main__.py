"""The console script `pinterest-sandbox`; says what to install where its packages are missing."""

from __future__ import annotations

import sys

_EXIT_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Runs the sandbox.

    Returns:
        The exit status: 0 after SIGTERM or SIGINT, 1 if it could not start, 2 if a package that it needs is missing.
    """
    try:
        from pinterest_sandbox.command import run  # noqa: PLC0415 - needs the packages of the extra
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        print(  # noqa: T201
            f"pinterest-sandbox: The Python package {package!r} is not installed. "
            'Run: pip install "airbyte-destination-pinterest[sandbox]"',
            file=sys.stderr,
        )
        return _EXIT_USAGE
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
