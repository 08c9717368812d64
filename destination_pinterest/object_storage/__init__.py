"""Room 6: objects in a bucket, for what has to outlive a sync."""
