"""Whole stories of connections, drawn from seeds: tables, hosts, stores, faults, kills, lost tokens."""
