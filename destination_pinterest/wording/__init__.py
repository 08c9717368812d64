"""Sentences that the connector's log and the command line share. Reads nothing by itself."""
