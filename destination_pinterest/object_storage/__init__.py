"""Stores objects in a bucket: what has to outlive a sync."""
