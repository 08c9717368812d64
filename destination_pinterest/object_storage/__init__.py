"""Room 6: objects in a bucket, for whoever needs to keep something beyond a sync."""
