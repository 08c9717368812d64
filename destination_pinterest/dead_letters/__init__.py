"""Rejected rows, written to a bucket with the reason and the row's key."""
