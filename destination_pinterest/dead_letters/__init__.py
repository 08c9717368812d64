"""Writes rejected rows to a bucket, with the reason and the row's key."""
