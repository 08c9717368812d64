"""The property: whatever happens to tables, hosts, networks and processes, an audience ends as its mode promises."""
