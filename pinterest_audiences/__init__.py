"""`pinterest-audiences`: the command line for use without Airbyte. It runs the connector as a process."""
