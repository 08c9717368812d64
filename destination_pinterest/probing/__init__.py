"""Asks Pinterest, with a real account and a throw-away list, what its documentation leaves open."""
