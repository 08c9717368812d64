"""`pinterest-audiences`: the command line for people without Airbyte. It drives the connector as a process."""
