"""Fills and serves the page: what the history has, what Pinterest says now, and how far running syncs are."""
