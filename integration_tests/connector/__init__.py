"""The whole connector process against the sandbox."""
