"""What the Makefile runs; modules are started as `python -m tools.NAME`."""
