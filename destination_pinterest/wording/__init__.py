"""Sentences that the connector's log and the command line share, so that both say the same. Reads nothing by itself."""
