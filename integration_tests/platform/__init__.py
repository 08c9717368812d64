"""The connector before Airbyte's own parts: its acceptance suite, its command line, its validators, its sign-in."""
